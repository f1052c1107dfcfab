//! A database file: opened, brought to its newest schema, with its writer and its readers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use crate::error::{Fault, OpenError};
use crate::folder::DataFolder;
use crate::kill_points::KillPoints;
use crate::readers::Readers;
use crate::settings::Settings;
use crate::writer::{Committed, Outlasts, Start, WriteCounts, Writer};

const BUSY_TIMEOUT_MS: u32 = 10_000;
const CACHE_KIB: i64 = 8 * 1024;
const STATEMENTS_MAX: usize = 128;
/// The WAL is cut back to this after a checkpoint; it may grow beyond while readers hold it.
const WAL_BYTES_KEPT: u64 = 64 * 1024 * 1024;

/// What a file is, and how it came to be what it is.
#[derive(Clone, Copy)]
pub(crate) struct Schema {
    pub(crate) file_name: &'static str,
    /// Kept in the file's header, so that another program's file is not taken for ours.
    pub(crate) application_id: i32,
    /// From nothing to today, one script per version; a published one is never changed.
    pub(crate) migrations: &'static [&'static str],
    pub(crate) kill_points: KillPoints,
}

/// An open database file.
pub(crate) struct Database {
    writer: Writer,
    readers: Readers,
}

impl Database {
    /// `committed` is called after every commit, and once at the start.
    pub(crate) fn open(
        folder: &Arc<DataFolder>,
        schema: &Schema,
        settings: &Settings,
        mut committed: Committed,
    ) -> Result<Self, OpenError> {
        let file = folder.path().join(schema.file_name);
        let failed = |source| OpenError::Database { file: file.clone(), source };
        let connection = open_to_write(&file, schema)?;
        committed(&connection).map_err(failed)?;
        let readers = (0..settings.readers_max.max(1)).map(|_| open_to_read(&file));
        let readers = readers.collect::<Result<_, _>>().map_err(failed)?;
        // The folder stays locked until the last writer has ended.
        let held = Arc::clone(folder);
        let committed = Box::new(move |connection: &Connection| {
            let _ = &held;
            committed(connection)
        });
        let writer = Writer::start(Start {
            file: &file,
            connection,
            queue_jobs_max: settings.writer_queue_jobs_max.max(1),
            kill_points: schema.kill_points,
            committed,
        })?;
        Ok(Self { writer, readers: Readers::over(readers) })
    }

    /// Writes so that it outlasts a power cut; see [`Writer::run`].
    pub(crate) async fn write<T, W>(&self, work: W) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.writer.run(Outlasts::PowerCut, work).await
    }

    /// Writes what can be made again from what was written before it, so that it outlasts a crash; see [`Outlasts`].
    pub(crate) async fn write_lazily<T, W>(&self, work: W) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.writer.run(Outlasts::Crash, work).await
    }

    /// See [`Readers::run`].
    pub(crate) async fn read<T, R>(&self, read: R) -> Result<T, Fault>
    where
        T: Send + 'static,
        R: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.readers.run(read).await
    }

    pub(crate) async fn close(&self) {
        self.readers.close();
        self.writer.close().await;
    }

    pub(crate) fn counts(&self) -> WriteCounts {
        self.writer.counts()
    }
}

fn open_to_write(file: &Path, schema: &Schema) -> Result<Connection, OpenError> {
    let failed = |source| OpenError::Database { file: file.to_owned(), source };
    let connection = Connection::open(file).map_err(failed)?;
    refuse_foreign(&connection, file, schema)?;
    configure_writer(&connection).map_err(failed)?;
    migrate(&connection, file, schema)?;
    Ok(connection)
}

fn open_to_read(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "busy_timeout", BUSY_TIMEOUT_MS)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "trusted_schema", false)
}

fn configure_writer(connection: &Connection) -> rusqlite::Result<()> {
    configure(connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Until the writer sets it for what it writes: FULL is what makes a commit survive a power cut in WAL mode.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)
}

fn refuse_foreign(connection: &Connection, file: &Path, schema: &Schema) -> Result<(), OpenError> {
    let failed = |source| OpenError::Database { file: file.to_owned(), source };
    let id = number(connection, "PRAGMA application_id").map_err(failed)?;
    let tables = number(connection, "SELECT count(*) FROM sqlite_schema").map_err(failed)?;
    let ours = id == i64::from(schema.application_id);
    let new = id == 0 && tables == 0;
    if ours || new { Ok(()) } else { Err(OpenError::Foreign { file: file.to_owned() }) }
}

fn migrate(connection: &Connection, file: &Path, schema: &Schema) -> Result<(), OpenError> {
    let failed = |source| OpenError::Database { file: file.to_owned(), source };
    let found = number(connection, "PRAGMA user_version").map_err(failed)?;
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    let known = schema.migrations.len();
    let missing = schema.migrations.get(found..).ok_or_else(|| OpenError::TooNew {
        file: PathBuf::from(file),
        found,
        known,
    })?;
    for (script, version) in missing.iter().zip(found + 1..) {
        step(connection, schema.application_id, script, version).map_err(failed)?;
    }
    Ok(())
}

fn step(connection: &Connection, id: i32, script: &str, version: usize) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(script)?;
    transaction.pragma_update(None, "application_id", id)?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}

fn number(connection: &Connection, sql: &str) -> rusqlite::Result<i64> {
    connection.query_row(sql, [], |row| row.get(0))
}

#[cfg(test)]
mod tests;
