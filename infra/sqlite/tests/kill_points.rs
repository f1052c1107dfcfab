//! What the log holds after its writing thread died at a kill point. Exists with the feature `failpoints` only.

#[path = "support/scratch.rs"]
mod scratch;

use infra_sqlite::SqliteStores;
use ports::event_log::EventLog;
use ports::event_store::{AppendError, EventStore};
use ports::stream::{GlobalPosition, StreamVersion};
use scratch::{Scratch, append, motor};
use tokio::task::yield_now;

#[tokio::test]
async fn a_death_before_the_commit_leaves_nothing_and_one_after_it_everything() {
    for (kill_point, head) in
        [("log-mid-batch", 0), ("log-before-commit", 0), ("log-after-commit", 1)]
    {
        let scratch = Scratch::new();
        let stores = scratch.open();
        fail::cfg(kill_point, "panic").expect("the action is known");
        let unanswered = stores.log.append(append(motor(1), StreamVersion(0))).await;
        fail::remove(kill_point);
        assert!(matches!(unanswered, Err(AppendError::Unavailable(_))), "{kill_point}");
        drop(stores);
        let stores = reopened(&scratch).await;
        let found = stores.log.head().await.expect("the log has a head");
        assert_eq!(found, GlobalPosition(head), "{kill_point}");
    }
}

/// The folder is free once the writing threads have ended.
async fn reopened(scratch: &Scratch) -> SqliteStores {
    loop {
        match scratch.try_open() {
            Ok(stores) => return stores,
            Err(_) => yield_now().await,
        }
    }
}
