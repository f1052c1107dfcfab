//! With a cache in front, read models keep the contract of their port: for readers, for projectors, and uncached.

#[path = "support/held.rs"]
mod held;
#[path = "support/setting.rs"]
mod setting;

use infra_redis::{CacheSettings, CachedReadModels};

/// Behind a real Redis; `None` where there is none.
fn behind_redis() -> Option<CachedReadModels> {
    let settings = setting::patient(&services::redis()?);
    Some(setting::cached(&held::Held::new(), &settings))
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
