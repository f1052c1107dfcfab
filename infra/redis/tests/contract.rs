//! With a cache in front, read models keep the contract of their port: for readers, for projectors, and uncached.

#[path = "support/held.rs"]
mod held;
#[path = "support/setting.rs"]
mod setting;
#[path = "../../mongo/tests/support/store.rs"]
mod store;

use std::sync::Arc;

use infra_mongo::MongoDocuments;
use infra_redis::{CacheSettings, CachedReadModels};
use store::Store;

/// Behind a real Redis; `None` where there is none.
fn behind_redis() -> Option<CachedReadModels> {
    let settings = setting::patient(&services::redis()?);
    Some(setting::cached(&held::Held::new(), &settings))
}

/// As in production: the documents in MongoDB, and all that a process may remember.
struct Production {
    models: CachedReadModels,
    _store: Store,
}

async fn over_mongodb() -> Option<Production> {
    let url = services::redis()?;
    let store = store::fresh().await?;
    let CacheSettings { progress_ms_max, kept_bytes_max, .. } = CacheSettings::off();
    let settings = CacheSettings { progress_ms_max, kept_bytes_max, ..setting::patient(&url) };
    let inner = MongoDocuments::open(&store.settings).await.expect("the address is in order");
    Some(Production { models: setting::cached(&Arc::new(inner), &settings), _store: store })
}

mod production {
    ports::contract::read_models!(
        match super::over_mongodb().await {
            Some(production) => production,
            None => return,
        },
        |production| &production.models
    );
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
