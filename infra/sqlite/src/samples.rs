//! Vibration samples as they came in, and what the processor made of them.

mod commit;
mod purge;
mod readings;
mod sample_log;
mod sample_row;
mod series;

use std::sync::Arc;

use ports::clock::Clock;
use rusqlite::Connection;
use tokio::sync::watch;

use crate::database::{Database, Schema};
use crate::folder::DataFolder;
use crate::kill_points;
use crate::settings::Settings;
use crate::{OpenError, WriteCounts};

pub(crate) const FILE_NAME: &str = "samples.db";

const SCHEMA: Schema = Schema {
    file_name: FILE_NAME,
    application_id: 0x4174_4c03,
    migrations: &[include_str!("../sql/samples/schema_1.sql")],
    kill_points: kill_points::SAMPLES,
};

const HEAD: &str = include_str!("../sql/samples/head.sql");

/// `Samples`, `SampleSource` and `Readings` over `samples.db`: the processor's progress moves with its results.
pub struct SqliteSamples {
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
    /// The position of the last sample.
    head: watch::Receiver<u64>,
    settings: Settings,
}

impl SqliteSamples {
    pub(crate) fn open(
        folder: &Arc<DataFolder>,
        clock: Arc<dyn Clock>,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let (told, head) = watch::channel(0);
        let committed = move |connection: &Connection| {
            let position = self::head(connection)?;
            told.send_if_modified(|known| std::mem::replace(known, position) != position);
            Ok(())
        };
        let database = Database::open(folder, &SCHEMA, settings, Box::new(committed))?;
        Ok(Self { database: Arc::new(database), clock, head, settings: settings.clone() })
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
