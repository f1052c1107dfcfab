//! The stores keep the contracts of their ports.

#[path = "support/scratch.rs"]
mod scratch;

use infra_sqlite::SqliteStores;
use scratch::Scratch;

/// New stores, and the folder that they are in.
struct Fresh {
    stores: SqliteStores,
    _scratch: Scratch,
}

fn fresh() -> Fresh {
    fresh_in(Scratch::new())
}

fn fresh_in(scratch: Scratch) -> Fresh {
    Fresh { stores: scratch.open(), _scratch: scratch }
}

mod event_store {
    ports::contract::event_store!(super::fresh(), |fresh| &*fresh.stores.log);
}

mod checkpoints {
    ports::contract::checkpoints!(super::fresh(), |fresh| &*fresh.stores.log);
}

mod dead_letters {
    ports::contract::dead_letters!(super::fresh(), |fresh| &*fresh.stores.log);
}

mod work_queue {
    ports::contract::work_queue!(super::fresh(), |fresh| &*fresh.stores.log);
}

mod renditions {
    ports::contract::renditions!(super::fresh(), |fresh| &*fresh.stores.log);
}

mod read_models {
    ports::contract::read_models!(super::fresh(), |fresh| &*fresh.stores.documents);
}

mod samples {
    ports::contract::samples!(super::fresh_in(super::Scratch::ticking()), |fresh| &*fresh
        .stores
        .samples);
}

mod readings {
    ports::contract::readings!(super::fresh(), |fresh| &*fresh.stores.samples);
}
