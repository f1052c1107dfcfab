//! Where the document store is, and how long anything there may take.

use std::fmt;
use std::time::Duration;

use mongodb::options::{
    Acknowledgment, ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern,
};

use crate::error::OpenError;

/// How the document store is reached. Whoever asks gets an answer or an error within
/// `selection_ms_max + operation_ms_max`, also when no server is there; as soon as one is, all goes on by itself.
#[derive(Clone)]
pub struct MongoSettings {
    /// `mongodb://user:password@host:27017/?replicaSet=rs0`. What it says about the bounds below is overruled.
    pub uri: String,
    /// In which database.
    pub database: String,
    /// In front of the name of every collection: a-z, 0-9 and `_`.
    pub collection_prefix: String,
    /// How many connections there are at a time.
    pub connections_max: u32,
    /// How long it may take until a server is known to be the primary.
    pub selection_ms_max: u64,
    /// How long a connection may take to open.
    pub connect_ms_max: u64,
    /// How long one command may take, the wait for a free connection and for a majority included.
    pub operation_ms_max: u64,
}

impl MongoSettings {
    /// The server at `uri`, with bounds for one data centre.
    pub fn at(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            database: "atalaya".to_owned(),
            collection_prefix: String::new(),
            connections_max: 16,
            selection_ms_max: 2_000,
            connect_ms_max: 2_000,
            operation_ms_max: 10_000,
        }
    }

    /// What is acknowledged outlives the primary, and only that is read.
    pub(crate) async fn client_options(&self) -> Result<ClientOptions, OpenError> {
        let mut options = ClientOptions::parse(&self.uri).await.map_err(OpenError::Address)?;
        let milliseconds = |bound| Some(Duration::from_millis(bound));
        options.app_name.get_or_insert_with(|| "atalaya".to_owned());
        options.max_pool_size = Some(self.connections_max);
        options.server_selection_timeout = milliseconds(self.selection_ms_max);
        options.connect_timeout = milliseconds(self.connect_ms_max);
        options.selection_criteria =
            Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
        options.read_concern = Some(ReadConcern::majority());
        options.write_concern = Some(
            WriteConcern::builder()
                .w(Acknowledgment::Majority)
                .w_timeout(milliseconds(self.operation_ms_max))
                .build(),
        );
        Ok(options)
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for MongoSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoSettings")
            .field("database", &self.database)
            .field("collection_prefix", &self.collection_prefix)
            .field("connections_max", &self.connections_max)
            .field("selection_ms_max", &self.selection_ms_max)
            .field("connect_ms_max", &self.connect_ms_max)
            .field("operation_ms_max", &self.operation_ms_max)
            .finish_non_exhaustive()
    }
}
