//! A document store of a test's own, on the real server.

use std::thread;

use infra_mongo::{MongoDocuments, MongoSettings};
use tokio::runtime::Builder;

/// The database of all tests; each has a prefix of its own in it.
const DATABASE: &str = "atalaya_test";

/// A store, and where it is. Its collections go away with it, since the server keeps all that it has in memory.
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

impl Drop for Store {
    /// On a thread of its own, since the test's runtime may be in the middle of something. What cannot be removed stays.
    fn drop(&mut self) {
        let settings = self.settings.clone();
        let removing = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(remove(&settings)).ok();
        });
        removing.join().ok();
    }
}

async fn remove(settings: &MongoSettings) -> mongodb::error::Result<()> {
    let client = mongodb::Client::with_uri_str(&settings.uri).await?;
    let database = client.database(DATABASE);
    for name in database.list_collection_names().await? {
        if name.starts_with(&settings.collection_prefix) {
            database.collection::<mongodb::bson::Document>(&name).drop().await?;
        }
    }
    Ok(())
}
