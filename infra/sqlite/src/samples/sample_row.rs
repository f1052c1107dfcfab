//! A row of `samples` and the sample that it holds: a JSON header, and the waveform as a blob beside it.

use std::mem;

use ports::clock::Timestamp;
use ports::readings::packed;
use ports::samples::{ReceivedSample, Sample};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::error::{Corrupt, Fault};

const PUBLISH: &str = include_str!("../../sql/samples/publish.sql");

/// A sample in the form in which it is stored.
pub(super) struct Stored {
    motor_id: Uuid,
    header: String,
    waveform: Option<Vec<u8>>,
}

impl Stored {
    pub(super) fn of(motor_id: Uuid, sample: &Sample) -> Result<Self, Fault> {
        let mut header = sample.clone();
        let waveform = match &mut header {
            Sample::Block(block) => Some(packed::to_bytes(&mem::take(&mut block.samples))),
            Sample::Measurement(_) => None,
        };
        Ok(Self { motor_id, header: serde_json::to_string(&header)?, waveform })
    }

    pub(super) fn insert(&self, connection: &Connection, now: Timestamp) -> Result<(), Fault> {
        let bytes = self.header.len() + self.waveform.as_ref().map_or(0, Vec::len);
        let mut statement = connection.prepare_cached(PUBLISH)?;
        statement.execute(params![
            self.motor_id.as_bytes(),
            now.as_micros(),
            bytes,
            self.header,
            self.waveform,
        ])?;
        Ok(())
    }
}

/// The sample of a row of `read_samples.sql`, with its position.
pub(super) fn received_sample(row: &Row<'_>) -> Result<(u64, ReceivedSample), Fault> {
    let position = row.get(0)?;
    let sample = columns(row)
        .map_err(|reason| Corrupt { what: format!("the sample at position {position}"), reason })?;
    Ok((position, sample))
}

fn columns(row: &Row<'_>) -> Result<ReceivedSample, Fault> {
    let mut sample: Sample = serde_json::from_str(row.get_ref(3)?.as_str()?)?;
    if let Sample::Block(block) = &mut sample {
        block.samples = packed::from_bytes(row.get_ref(4)?.as_blob()?)?;
    }
    Ok(ReceivedSample {
        motor_id: Uuid::from_bytes(row.get(1)?),
        sample,
        received_at: Timestamp::from_micros(row.get(2)?),
    })
}
