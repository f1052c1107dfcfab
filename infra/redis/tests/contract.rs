//! With a cache in front, read models keep the contract of their port: for readers, for projectors, and uncached.

#[path = "support/held.rs"]
mod held;
#[path = "support/setting.rs"]
mod setting;

use std::sync::Arc;

use infra_mongo::{MongoDocuments, MongoSettings};
use infra_redis::{CacheSettings, CachedReadModels};

/// Behind a real Redis; `None` where there is none.
fn behind_redis() -> Option<CachedReadModels> {
    let settings = setting::patient(&services::redis()?);
    Some(setting::cached(&held::Held::new(), &settings))
}

/// As in production: the documents in MongoDB, and all that a process may remember.
async fn over_mongodb() -> Option<CachedReadModels> {
    let (uri, url) = (services::mongodb()?, services::redis()?);
    let documents = MongoSettings {
        database: "atalaya_test".to_owned(),
        collection_prefix: format!("{}_", services::fresh_name("t")),
        ..MongoSettings::at(uri)
    };
    let documents = MongoDocuments::open(&documents).await.expect("the address is in order");
    let CacheSettings { progress_ms_max, kept_bytes_max, .. } = CacheSettings::off();
    let settings = CacheSettings { progress_ms_max, kept_bytes_max, ..setting::patient(&url) };
    Some(setting::cached(&Arc::new(documents), &settings))
}

mod production {
    ports::contract::read_models!(match super::over_mongodb().await {
        Some(models) => models,
        None => return,
    });
}

mod for_readers {
    ports::contract::read_models!(match super::behind_redis() {
        Some(models) => models,
        None => return,
    });
}

mod for_projectors {
    ports::contract::read_models!(match super::behind_redis() {
        Some(models) => models.for_projectors(),
        None => return,
    });
}

mod without_redis {
    use super::{CacheSettings, held::Held, setting::cached};

    ports::contract::read_models!(cached(&Held::new(), &CacheSettings::off()));
}
