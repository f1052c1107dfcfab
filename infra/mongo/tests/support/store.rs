//! A document store of a test's own, on the real server.

use infra_mongo::{MongoDocuments, MongoSettings};

/// The database of all tests; each has a prefix of its own in it.
const DATABASE: &str = "atalaya_test";

/// A store, and where it is.
#[allow(dead_code, reason = "each test uses some of it")]
pub(crate) struct Store {
    pub(crate) models: MongoDocuments,
    pub(crate) settings: MongoSettings,
}

/// An empty store; `None` when there is no server, which has been told by then.
pub(crate) async fn fresh() -> Option<Store> {
    let uri = services::mongodb()?;
    let settings = MongoSettings {
        database: DATABASE.to_owned(),
        collection_prefix: format!("{}_", services::fresh_name("t")),
        ..MongoSettings::at(uri)
    };
    let models = MongoDocuments::open(&settings).await.expect("the address is in order");
    Some(Store { models, settings })
}
