//! The suites can fail: each adapter here breaks one promise, and a clause notices.
//!
//! The last test shows that they break nothing else.

use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::{Checkpoints, Progress};
use ports::contract::{checkpoints, event_store, read_models};
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogPage, LogQuery};
use ports::event_store::{Append, AppendError, Appended, CommandKey, CommandRecord, EventStore};
use ports::memory::{ManualClock, MemoryCheckpoints, MemoryLog, MemoryReadModels};
use ports::read_models::{
    Collection, Document, Filter, Generations, Page, Query, ReadModels, Write,
};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use serde_json::Value;

/// Takes on every progress, however old.
#[derive(Default)]
struct GoesBack(MemoryCheckpoints);

#[async_trait]
impl Checkpoints for GoesBack {
    async fn load(&self, name: &str) -> Result<Option<Progress>, PortError> {
        self.0.load(name).await
    }

    async fn save(&self, name: &str, progress: &Progress) -> Result<(), PortError> {
        self.0.forget(name).await?;
        self.0.save(name, progress).await
    }

    async fn forget(&self, name: &str) -> Result<(), PortError> {
        self.0.forget(name).await
    }
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "assertion")]
async fn checkpoints_that_go_back_are_noticed() {
    checkpoints::an_older_progress_changes_nothing(&GoesBack::default()).await;
}

/// A log whose reader passes over an event now and then, as one does that goes by positions given out before their
/// commit.
struct Skips(MemoryLog);

fn skips() -> Skips {
    Skips(MemoryLog::new(Arc::new(ManualClock::default())))
}

#[async_trait]
impl EventStore for Skips {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.0.append(append).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, PortError> {
        self.0.read_stream(stream, after, events_max).await
    }

    async fn find_command(&self, key: &CommandKey) -> Result<Option<CommandRecord>, PortError> {
        self.0.find_command(key).await
    }
}

#[async_trait]
impl EventLog for Skips {
    async fn read(&self, query: &LogQuery) -> Result<LogPage, PortError> {
        let mut page = self.0.read(query).await?;
        page.events.retain(|event| event.position.0 % 100 != 0);
        Ok(page)
    }

    async fn head(&self) -> Result<GlobalPosition, PortError> {
        self.0.head().await
    }

    async fn wait_beyond(&self, position: GlobalPosition) -> Result<(), PortError> {
        self.0.wait_beyond(position).await
    }
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "a hole below the head")]
async fn a_log_that_skips_an_event_is_noticed() {
    event_store::a_reader_never_skips_a_slow_writer(&skips()).await;
}

/// Read models that take every write, however old.
#[derive(Default)]
struct Unguarded(MemoryReadModels);

#[async_trait]
impl ReadModels for Unguarded {
    async fn commit(
        &self,
        collection: &Collection,
        writes: &[Write],
        progress: Option<&Progress>,
    ) -> Result<(), PortError> {
        let mut forced = Vec::new();
        for write in writes {
            let stored = self.0.get(collection, std::slice::from_ref(&write.key)).await?;
            let after = stored.first().map_or(0, |document| document.position.0);
            let position = GlobalPosition(write.position.0.max(after + 1));
            forced.push(Write { position, ..write.clone() });
        }
        self.0.commit(collection, &forced, progress).await
    }

    async fn ensure(&self, collection: &Collection) -> Result<(), PortError> {
        self.0.ensure(collection).await
    }

    async fn get(
        &self,
        collection: &Collection,
        keys: &[String],
    ) -> Result<Vec<Document>, PortError> {
        self.0.get(collection, keys).await
    }

    async fn query(&self, collection: &Collection, query: &Query) -> Result<Page, PortError> {
        self.0.query(collection, query).await
    }

    async fn count_by(
        &self,
        collection: &Collection,
        filters: &[Filter],
        field: &'static str,
    ) -> Result<Vec<(Option<Value>, u64)>, PortError> {
        self.0.count_by(collection, filters, field).await
    }

    async fn progress(&self, collection: &Collection) -> Result<Option<Progress>, PortError> {
        self.0.progress(collection).await
    }

    async fn generations(&self, name: &str) -> Result<Generations, PortError> {
        self.0.generations(name).await
    }

    async fn promote(&self, name: &str, generations: Generations) -> Result<(), PortError> {
        self.0.promote(name, generations).await
    }

    async fn drop_collection(&self, collection: &Collection) -> Result<(), PortError> {
        self.0.drop_collection(collection).await
    }
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "assertion")]
async fn read_models_without_a_guard_are_noticed() {
    read_models::an_older_or_equal_position_changes_nothing(&Unguarded::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "assertion")]
async fn a_document_that_is_revived_is_noticed() {
    let broken = Unguarded::default();
    read_models::a_removed_document_stays_removed_when_an_event_returns(&broken).await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "seed 0")]
async fn random_operations_notice_it_too() {
    read_models::random_operations_equal_those_on_a_map(&Unguarded::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_they_do_not_break_is_not_held_against_them() {
    checkpoints::a_newer_progress_replaces_an_older_one(&GoesBack::default()).await;
    event_store::pages_of_the_log_follow_one_another(&skips()).await;
    let unguarded = Unguarded::default();
    read_models::a_newer_position_replaces_the_document(&unguarded).await;
    read_models::a_removed_document_returns_with_a_newer_event(&unguarded).await;
    read_models::pages_follow_one_another(&unguarded).await;
}
