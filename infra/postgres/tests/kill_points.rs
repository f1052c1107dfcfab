//! What the log holds after the task that appends died at a kill point. Exists with the feature `failpoints` only.

#[path = "common.rs"]
mod common;
#[path = "support/motors.rs"]
mod motors;

use common::Database;
use motors::{append, motor};
use ports::event_log::EventLog;
use ports::event_store::{AppendError, EventStore};
use ports::stream::GlobalPosition;

#[tokio::test]
async fn a_death_before_the_batch_leaves_nothing_and_one_after_it_everything() {
    for (kill_point, head) in [("postgres-before-append", 0), ("postgres-after-append", 1)] {
        let Some(database) = Database::fresh().await else { return };
        let stores = database.open().await;
        fail::cfg(kill_point, "panic").expect("the action is known");
        let unanswered = stores.log.append(append(motor(1), 0)).await;
        fail::remove(kill_point);
        assert!(matches!(unanswered, Err(AppendError::Unavailable(_))), "{kill_point}");
        let another = database.open().await;
        assert_eq!(another.log.head().await.unwrap(), GlobalPosition(head), "{kill_point}");
        another.log.append(append(motor(1), head)).await.unwrap();
    }
}
