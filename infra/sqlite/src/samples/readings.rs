//! What the processor leaves behind, and the questions that are asked of it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::readings::{
    Axis, OutgoingCommand, Reading, Readings, ReadingsCommit, SpectraQuery, TrendPoint, TrendQuery,
};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{SqliteSamples, commit, series};
use crate::error::{Corrupt, Fault};
use crate::numbers::{integer, limit};

const GET_CHECKPOINT: &str = include_str!("../../sql/samples/get_checkpoint.sql");
const GET_STATE: &str = include_str!("../../sql/samples/get_state.sql");
const MOTORS: &str = include_str!("../../sql/samples/motors.sql");
const READ_OUTGOING: &str = include_str!("../../sql/samples/read_outgoing.sql");
const SETTLE: &str = include_str!("../../sql/samples/settle.sql");

#[async_trait]
impl Readings for SqliteSamples {
    async fn commit(&self, commit: ReadingsCommit) -> Result<(), PortError> {
        let failed = |fault| PortError::new("storing readings", fault);
        commit::must_be_finite(&commit).map_err(|refusal| failed(refusal.into()))?;
        let spectra_max = self.settings.spectra_per_key_max;
        let write = move |connection: &Connection| commit::write(connection, &commit, spectra_max);
        self.database.write(write).await.map_err(failed)
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, PortError> {
        let checkpoint = self.database.read(checkpoint).await;
        checkpoint.map_err(|fault| PortError::new("loading the processor's checkpoint", fault))
    }

    async fn states(&self, motor_ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>, PortError> {
        let ids = motor_ids.to_vec();
        let states = self.database.read(move |connection| states(connection, &ids)).await;
        states.map_err(|fault| PortError::new("loading the processor's state", fault))
    }

    async fn motors(&self, after: Option<Uuid>, motors_max: usize) -> Result<Vec<Uuid>, PortError> {
        let read = self.database.read(move |connection| {
            let mut statement = connection.prepare_cached(MOTORS)?;
            let wanted = params![after.map(Uuid::into_bytes), limit(motors_max)];
            let ids = statement.query_map(wanted, |row| Ok(Uuid::from_bytes(row.get(0)?)))?;
            Ok(ids.collect::<Result<_, _>>()?)
        });
        read.await.map_err(|fault| PortError::new("listing the motors with a state", fault))
    }

    async fn outgoing(&self, commands_max: usize) -> Result<Vec<OutgoingCommand>, PortError> {
        let read = move |connection: &Connection| outgoing(connection, commands_max);
        let commands = self.database.read(read).await;
        commands.map_err(|fault| PortError::new("reading the outgoing commands", fault))
    }

    async fn settle(&self, ids: &[u64]) -> Result<(), PortError> {
        let ids = ids.to_vec();
        let settle = self.database.write(move |connection| {
            let mut statement = connection.prepare_cached(SETTLE)?;
            for id in ids {
                statement.execute([integer(id)])?;
            }
            Ok(())
        });
        settle.await.map_err(|fault| PortError::new("settling outgoing commands", fault))
    }

    async fn trend(&self, query: &TrendQuery) -> Result<Vec<TrendPoint>, PortError> {
        let (motor_id, query) = (query.motor_id, query.clone());
        let points = self.database.read(move |connection| series::trend(connection, &query)).await;
        points.map_err(|fault| PortError::new(format!("reading the trend of {motor_id}"), fault))
    }

    async fn latest(&self, motor_id: Uuid) -> Result<Vec<Reading>, PortError> {
        let read = move |connection: &Connection| series::latest(connection, motor_id);
        let latest = self.database.read(read).await;
        latest.map_err(|fault| {
            PortError::new(format!("reading the latest readings of {motor_id}"), fault)
        })
    }

    async fn spectrum(
        &self,
        motor_id: Uuid,
        sensor: Option<&str>,
        axis: Option<Axis>,
    ) -> Result<Option<Reading>, PortError> {
        let sensor = sensor.map(str::to_owned);
        let read = self.database.read(move |connection| {
            series::newest_spectrum(connection, motor_id, sensor.as_deref(), axis)
        });
        read.await.map_err(|fault| {
            PortError::new(format!("reading the newest spectrum of {motor_id}"), fault)
        })
    }

    async fn spectra(&self, query: &SpectraQuery) -> Result<Vec<Reading>, PortError> {
        let (motor_id, query) = (query.motor_id, query.clone());
        let read = self.database.read(move |connection| series::spectra(connection, &query)).await;
        read.map_err(|fault| PortError::new(format!("reading the spectra of {motor_id}"), fault))
    }
}

/// Where the processor resumes. Samples up to there may go.
pub(super) fn checkpoint(connection: &Connection) -> Result<Option<Checkpoint>, Fault> {
    let mut statement = connection.prepare_cached(GET_CHECKPOINT)?;
    Ok(statement.query_row([], |row| Ok(Checkpoint(row.get(0)?))).optional()?)
}

fn states(connection: &Connection, ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>, Fault> {
    let mut statement = connection.prepare_cached(GET_STATE)?;
    let mut states = BTreeMap::new();
    for id in ids {
        let state = statement.query_row([id.as_bytes()], |row| row.get(0)).optional()?;
        states.extend(state.map(|state| (*id, state)));
    }
    Ok(states)
}

fn outgoing(connection: &Connection, commands_max: usize) -> Result<Vec<OutgoingCommand>, Fault> {
    let mut statement = connection.prepare_cached(READ_OUTGOING)?;
    let mut rows = statement.query([limit(commands_max)])?;
    let mut commands = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let command = serde_json::from_str(row.get_ref(1)?.as_str()?).map_err(|error| Corrupt {
            what: format!("the outgoing command {id}"),
            reason: error.into(),
        })?;
        commands.push(OutgoingCommand { id, command });
    }
    Ok(commands)
}
