//! The event log and what moves with it: commands, checkpoints, dead letters, jobs.

mod checkpoints;
mod command_records;
mod dead_letters;
mod event_log;
mod event_row;
mod event_store;
mod renditions;
mod signals;
mod work_queue;

use std::sync::Arc;

use ports::clock::Clock;
use rusqlite::Connection;

use crate::database::{Database, Schema};
use crate::folder::DataFolder;
use crate::kill_points;
use crate::settings::Settings;
use crate::{OpenError, WriteCounts};
use signals::Signals;

pub(crate) const FILE_NAME: &str = "log.db";

const SCHEMA: Schema = Schema {
    file_name: FILE_NAME,
    application_id: 0x4174_4c01,
    migrations: &[
        include_str!("../sql/log/schema_1.sql"),
        include_str!("../sql/log/schema_2.sql"),
        include_str!("../sql/log/schema_3.sql"),
    ],
    kill_points: kill_points::LOG,
};

const HEAD: &str = include_str!("../sql/log/head.sql");

/// `EventStore`, `EventLog`, `Checkpoints`, `DeadLetters` and `WorkQueue` over `log.db`: what must never be lost.
pub struct SqliteLog {
    database: Database,
    clock: Arc<dyn Clock>,
    signals: Arc<Signals>,
    command_records_days_max: u32,
}

impl SqliteLog {
    pub(crate) fn open(
        folder: &Arc<DataFolder>,
        clock: Arc<dyn Clock>,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let signals = Arc::new(Signals::default());
        let announced = Arc::clone(&signals);
        let committed = move |connection: &Connection| announced.announce(head(connection)?);
        let database = Database::open(folder, &SCHEMA, settings, Box::new(committed))?;
        let command_records_days_max = settings.command_records_days_max;
        Ok(Self { database, clock, signals, command_records_days_max })
    }

    pub(crate) async fn close(&self) {
        self.database.close().await;
    }

    /// How much was written, and in how many transactions.
    pub fn counts(&self) -> WriteCounts {
        self.database.counts()
    }
}

fn head(connection: &Connection) -> rusqlite::Result<u64> {
    connection.prepare_cached(HEAD)?.query_row([], |row| row.get(0))
}

#[cfg(test)]
mod tests;
