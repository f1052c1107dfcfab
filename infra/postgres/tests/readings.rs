//! Readings over PostgreSQL.

#[path = "common.rs"]
mod common;

use common::Database;
use infra_postgres::PgStores;

struct Fresh {
    stores: PgStores,
    _database: Database,
}

macro_rules! or_skip {
    () => {{
        let Some(database) = crate::common::Database::fresh().await else { return };
        crate::Fresh { stores: database.open().await, _database: database }
    }};
}

mod contract {
    ports::contract::readings!(or_skip!(), |fresh| &*fresh.stores.readings);
}

#[path = "readings/measured.rs"]
mod measured;
#[path = "readings/recovery.rs"]
mod recovery;
#[path = "readings/terms.rs"]
mod terms;
#[path = "readings/weeks.rs"]
mod weeks;
