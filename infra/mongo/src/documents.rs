//! The documents that projections build and queries read.

mod envelope;
mod names;
mod page;
mod query;
mod scalar;
mod text;
mod update;
mod write;

use std::time::Duration;

use async_trait::async_trait;
use mongodb::bson::{RawDocumentBuf, doc};
use mongodb::options::{IndexOptions, WriteConcern};
use mongodb::{Client, Database, IndexModel};
use ports::PortError;
use ports::checkpoint::Progress;
use ports::read_models::{
    Collection, Document, Filter, Generations, Page, Query, ReadModels, Write,
};
use serde_json::Value;
use tokio::time::timeout;

use crate::error::{Fault, TooLate};
use crate::{MongoSettings, OpenError};

/// `ReadModels` over collections of MongoDB.
pub struct MongoDocuments {
    database: Database,
    collection_prefix: String,
    concern: Option<WriteConcern>,
    operation_ms_max: u64,
}

impl MongoDocuments {
    /// Connects when it is first asked for something, so that a program can start before its document store.
    ///
    /// # Errors
    /// The address cannot be read, or the prefix is no part of a name.
    pub async fn open(settings: &MongoSettings) -> Result<Self, OpenError> {
        let collection_prefix = settings.collection_prefix.clone();
        if !collection_prefix.is_empty() && !names::is_plain(&collection_prefix) {
            return Err(OpenError::Prefix(collection_prefix));
        }
        let options = settings.client_options().await?;
        let concern = options.write_concern.clone();
        let client = Client::with_options(options).map_err(OpenError::Client)?;
        let database = client.database(&settings.database);
        // A command first waits to be told who is the primary.
        let operation_ms_max = settings.selection_ms_max + settings.operation_ms_max;
        Ok(Self { database, collection_prefix, concern, operation_ms_max })
    }

    /// Whether the store answers, for those who watch over it.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), PortError> {
        let ping = self.in_time(self.database.run_command(doc! { "ping": 1 }));
        ping.await
            .map(drop)
            .map_err(|fault| PortError::new("asking whether MongoDB answers", fault))
    }

    /// Ends the connections.
    pub async fn close(&self) {
        self.database.client().clone().shutdown().await;
    }

    fn full_name(&self, collection: &str) -> String {
        format!("{}{collection}", self.collection_prefix)
    }

    fn raw(&self, collection: &str) -> mongodb::Collection<RawDocumentBuf> {
        self.database.collection(&self.full_name(collection))
    }

    /// The driver bounds how long it looks for a server and opens a connection, but not how long it waits for an answer.
    async fn in_time<T>(
        &self,
        operation: impl IntoFuture<Output = mongodb::error::Result<T>, IntoFuture: Send>,
    ) -> Result<T, Fault> {
        let bound = self.operation_ms_max;
        match timeout(Duration::from_millis(bound), operation.into_future()).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(TooLate(bound).into()),
        }
    }

    /// An index per declared field, which also gives the order of pages; what is there already stays.
    async fn make_indexes(&self, collection: &Collection) -> Result<(), Fault> {
        let name = names::documents(collection)?;
        let index = |field: &ports::read_models::Field| -> Result<IndexModel, Fault> {
            let path = names::path(collection, field.name)?;
            let options = IndexOptions::builder().name(format!("by_{}", field.name)).build();
            Ok(IndexModel::builder().keys(doc! { path: 1, "_id": 1 }).options(options).build())
        };
        let indexes = collection.fields.iter().map(index).collect::<Result<Vec<_>, _>>()?;
        if !indexes.is_empty() {
            self.in_time(self.raw(&name).create_indexes(indexes)).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl ReadModels for MongoDocuments {
    async fn ensure(&self, collection: &Collection) -> Result<(), PortError> {
        let made = self.make_indexes(collection).await;
        made.map_err(|fault| failed("making", collection, fault))
    }

    async fn commit(
        &self,
        collection: &Collection,
        writes: &[Write],
        progress: Option<&Progress>,
    ) -> Result<(), PortError> {
        let written = self.write(collection, writes, progress).await;
        written.map_err(|fault| failed("writing to", collection, fault))
    }

    async fn get(
        &self,
        collection: &Collection,
        keys: &[String],
    ) -> Result<Vec<Document>, PortError> {
        let documents = self.documents(collection, keys).await;
        documents.map_err(|fault| failed("getting documents of", collection, fault))
    }

    async fn query(&self, collection: &Collection, query: &Query) -> Result<Page, PortError> {
        let page = self.page(collection, query).await;
        page.map_err(|fault| failed("querying", collection, fault))
    }

    async fn count_by(
        &self,
        collection: &Collection,
        filters: &[Filter],
        field: &'static str,
    ) -> Result<Vec<(Option<Value>, u64)>, PortError> {
        let counts = self.counts(collection, filters, field).await;
        counts.map_err(|fault| failed("counting documents of", collection, fault))
    }

    async fn progress(&self, collection: &Collection) -> Result<Option<Progress>, PortError> {
        let progress = self.read_progress(collection).await;
        progress.map_err(|fault| failed("reading the progress of", collection, fault))
    }

    async fn generations(&self, name: &str) -> Result<Generations, PortError> {
        let generations = self.read_generations(name).await;
        generations
            .map_err(|fault| PortError::new(format!("looking up the generations of {name}"), fault))
    }

    async fn promote(&self, name: &str, generations: Generations) -> Result<(), PortError> {
        let promoted = self.write_generations(name, generations).await;
        promoted
            .map_err(|fault| PortError::new(format!("setting the generations of {name}"), fault))
    }

    async fn drop_collection(&self, collection: &Collection) -> Result<(), PortError> {
        let dropped = self.drop_all(collection).await;
        dropped.map_err(|fault| failed("dropping", collection, fault))
    }
}

fn failed(attempted: &str, collection: &Collection, fault: Fault) -> PortError {
    let Collection { name, generation, .. } = collection;
    PortError::new(format!("{attempted} {name}, generation {generation},"), fault)
}
