//! The log and the checkpoints keep the contracts of their ports.

#[path = "common.rs"]
mod common;

use common::Database;
use infra_postgres::PgStores;

/// New stores, and the database that they are in.
struct Fresh {
    stores: PgStores,
    _database: Database,
}

/// The clauses of a suite cannot be skipped one by one: without PostgreSQL they are not even made.
async fn fresh() -> Option<Fresh> {
    let database = Database::fresh().await?;
    Some(Fresh { stores: database.open().await, _database: database })
}

macro_rules! or_skip {
    () => {
        match super::fresh().await {
            Some(fresh) => fresh,
            None => return,
        }
    };
}

mod event_store {
    ports::contract::event_store!(or_skip!(), |fresh| &*fresh.stores.log);
}

mod checkpoints {
    ports::contract::checkpoints!(or_skip!(), |fresh| &*fresh.stores.checkpoints);
}
