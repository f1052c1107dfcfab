//! The documents that projections build and queries read.

mod collection;
mod page;
mod scalar;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::{Checkpoint, Progress};
use ports::read_models::{
    Collection, Document, Filter, Generations, Page, Query, ReadModels, Write,
};
use ports::stream::GlobalPosition;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use crate::database::{Database, Schema};
use crate::error::Fault;
use crate::folder::DataFolder;
use crate::kill_points;
use crate::settings::Settings;
use crate::{OpenError, WriteCounts};

const SCHEMA: Schema = Schema {
    file_name: "documents.db",
    application_id: 0x4174_4c02,
    migrations: &[include_str!("../sql/documents/schema_1.sql")],
    kill_points: kill_points::DOCUMENTS,
};

const GENERATIONS: &str = include_str!("../sql/documents/generations.sql");
const PROGRESS: &str = include_str!("../sql/documents/progress.sql");
const PROMOTE: &str = include_str!("../sql/documents/promote.sql");

/// `ReadModels` over `documents.db`, whose documents can always be built again from the log.
pub struct SqliteDocuments {
    database: Database,
}

impl SqliteDocuments {
    pub(crate) fn open(folder: &Arc<DataFolder>, settings: &Settings) -> Result<Self, OpenError> {
        let database = Database::open(folder, &SCHEMA, settings, Box::new(|_| Ok(())))?;
        Ok(Self { database })
    }

    pub(crate) async fn close(&self) {
        self.database.close().await;
    }

    /// How much was written, and in how many transactions.
    pub fn counts(&self) -> WriteCounts {
        self.database.counts()
    }

    async fn read<T, R>(
        &self,
        attempted: &str,
        collection: &Collection,
        read: R,
    ) -> Result<T, PortError>
    where
        T: Send + 'static,
        R: FnOnce(&Connection, &Collection) -> Result<T, Fault> + Send + 'static,
    {
        let of = collection.clone();
        let answer = self.database.read(move |connection| read(connection, &of)).await;
        answer.map_err(|fault| failed(attempted, collection, fault))
    }

    async fn write<T, W>(
        &self,
        attempted: &str,
        collection: &Collection,
        work: W,
    ) -> Result<T, PortError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection, &Collection) -> Result<T, Fault> + Send + 'static,
    {
        let of = collection.clone();
        let answer = self.database.write_lazily(move |connection| work(connection, &of)).await;
        answer.map_err(|fault| failed(attempted, collection, fault))
    }
}

#[async_trait]
impl ReadModels for SqliteDocuments {
    async fn ensure(&self, collection: &Collection) -> Result<(), PortError> {
        self.write("making", collection, collection::ensure).await
    }

    async fn commit(
        &self,
        collection: &Collection,
        writes: &[Write],
        progress: Option<&Progress>,
    ) -> Result<(), PortError> {
        let rows = write::rows(collection, writes);
        let rows = rows.map_err(|fault| failed("writing to", collection, fault))?;
        let progress = progress.cloned();
        let commit = move |connection: &Connection, collection: &Collection| {
            write::commit(connection, collection, &rows, progress.as_ref())
        };
        self.write("writing to", collection, commit).await
    }

    async fn get(
        &self,
        collection: &Collection,
        keys: &[String],
    ) -> Result<Vec<Document>, PortError> {
        let keys = keys.to_vec();
        let get = move |connection: &Connection, collection: &Collection| {
            page::get(connection, collection, &keys)
        };
        self.read("getting documents of", collection, get).await
    }

    async fn query(&self, collection: &Collection, query: &Query) -> Result<Page, PortError> {
        let query = query.clone();
        let page = move |connection: &Connection, collection: &Collection| {
            page::page(connection, collection, &query)
        };
        self.read("querying", collection, page).await
    }

    async fn count_by(
        &self,
        collection: &Collection,
        filters: &[Filter],
        field: &'static str,
    ) -> Result<Vec<(Option<Value>, u64)>, PortError> {
        let filters = filters.to_vec();
        let count = move |connection: &Connection, collection: &Collection| {
            page::count_by(connection, collection, &filters, field)
        };
        self.read("counting documents of", collection, count).await
    }

    async fn progress(&self, collection: &Collection) -> Result<Option<Progress>, PortError> {
        self.read("reading the progress of", collection, progress).await
    }

    async fn generations(&self, name: &str) -> Result<Generations, PortError> {
        let of = name.to_owned();
        let read = self.database.read(move |connection| {
            let mut statement = connection.prepare_cached(GENERATIONS)?;
            let generations = statement.query_row([of], |row| {
                let (live, previous) = (row.get(0)?, row.get(1)?);
                Ok(Generations { live, previous, newest: row.get(2)? })
            });
            Ok(generations.optional()?.unwrap_or_default())
        });
        read.await
            .map_err(|fault| PortError::new(format!("looking up the generations of {name}"), fault))
    }

    async fn promote(&self, name: &str, generations: Generations) -> Result<(), PortError> {
        let of = name.to_owned();
        let promote = self.database.write_lazily(move |connection| {
            let Generations { live, previous, newest } = generations;
            connection.prepare_cached(PROMOTE)?.execute(params![of, live, previous, newest])?;
            Ok(())
        });
        promote
            .await
            .map_err(|fault| PortError::new(format!("setting the generations of {name}"), fault))
    }

    async fn drop_collection(&self, collection: &Collection) -> Result<(), PortError> {
        self.write("dropping", collection, collection::drop_collection).await
    }
}

fn failed(attempted: &str, collection: &Collection, fault: Fault) -> PortError {
    let Collection { name, generation, .. } = collection;
    PortError::new(format!("{attempted} {name}, generation {generation},"), fault)
}

fn progress(connection: &Connection, of: &Collection) -> Result<Option<Progress>, Fault> {
    let mut statement = connection.prepare_cached(PROGRESS)?;
    let progress = statement.query_row(params![of.name, of.generation], |row| {
        let position = GlobalPosition(row.get(0)?);
        Ok(Progress { position, checkpoint: Checkpoint(row.get(1)?) })
    });
    Ok(progress.optional()?)
}

#[cfg(test)]
mod tests;
