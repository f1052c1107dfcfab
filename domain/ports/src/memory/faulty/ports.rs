//! The ports that can be made to fail: every method goes through [`Faults::around`](super::Faults).

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use domain::time::Timestamp;
use domain::vibration::Axis;
use futures::future::BoxFuture;
use serde_json::Value;
use uuid::Uuid;

use super::Faulty;
use crate::PortError;
use crate::blobs::{BlobKey, Blobs};
use crate::checkpoint::{Checkpoint, Checkpoints, Progress};
use crate::dead_letter::{DeadLetter, DeadLetters, NewDeadLetter};
use crate::event::RecordedEvent;
use crate::event_log::{EventLog, LogPage, LogQuery};
use crate::event_store::{Append, AppendError, Appended, CommandKey, CommandRecord, EventStore};
use crate::read_models::{
    Collection, Document, Filter, Generations, Page, Query, ReadModels, Write,
};
use crate::readings::{
    OutgoingCommand, Reading, Readings, ReadingsCommit, SpectraQuery, TrendPoint, TrendQuery,
};
use crate::stream::{GlobalPosition, StreamName, StreamVersion};
use crate::work_queue::{Job, Lease, Overview, WorkQueue};

/// Implements a port for [`Faulty`]: each method, with its arguments and its result, passes through the faults.
macro_rules! faulty {
    ($port:ident { $($method:ident($($argument:ident: $type:ty),*) -> $result:ty;)+ $(@ $rest:item)? }) => {
        #[async_trait]
        impl<P: $port + ?Sized> $port for Faulty<P> {
            $(async fn $method(&self, $($argument: $type),*) -> $result {
                let attempted = concat!(stringify!($port), "::", stringify!($method));
                self.faults.around(attempted, self.inner.$method($($argument),*)).await
            })+
            $($rest)?
        }
    };
}

faulty!(EventStore {
    append(append: Append) -> Result<Appended, AppendError>;
    read_stream(stream: &StreamName, after: StreamVersion, events_max: usize)
        -> Result<Vec<RecordedEvent>, PortError>;
    find_command(key: &CommandKey) -> Result<Option<CommandRecord>, PortError>;
});

faulty!(EventLog {
    read(query: &LogQuery) -> Result<LogPage, PortError>;
    head() -> Result<GlobalPosition, PortError>;
    wait_beyond(position: GlobalPosition) -> Result<(), PortError>;
});

faulty!(Checkpoints {
    load(name: &str) -> Result<Option<Progress>, PortError>;
    save(name: &str, progress: &Progress) -> Result<(), PortError>;
    forget(name: &str) -> Result<(), PortError>;
});

faulty!(DeadLetters {
    park(letters: &[NewDeadLetter]) -> Result<(), PortError>;
    parked_streams(handler: &str) -> Result<Vec<StreamName>, PortError>;
    sequence(handler: &str, stream: &StreamName, letters_max: usize)
        -> Result<Vec<DeadLetter>, PortError>;
    list(after: u64, letters_max: usize) -> Result<Vec<DeadLetter>, PortError>;
    get(id: u64) -> Result<Option<DeadLetter>, PortError>;
    count() -> Result<u64, PortError>;
    request_replay(id: u64) -> Result<bool, PortError>;
    requested_replays(handler: &str) -> Result<Vec<StreamName>, PortError>;
    settle_replay(handler: &str, stream: &StreamName) -> Result<(), PortError>;
    remove(id: u64) -> Result<bool, PortError>;
});

faulty!(ReadModels {
    ensure(collection: &Collection) -> Result<(), PortError>;
    commit(collection: &Collection, writes: &[Write], progress: Option<&Progress>)
        -> Result<(), PortError>;
    get(collection: &Collection, keys: &[String]) -> Result<Vec<Document>, PortError>;
    query(collection: &Collection, query: &Query) -> Result<Page, PortError>;
    count_by(collection: &Collection, filters: &[Filter], field: &'static str)
        -> Result<Vec<(Option<Value>, u64)>, PortError>;
    progress(collection: &Collection) -> Result<Option<Progress>, PortError>;
    generations(name: &str) -> Result<Generations, PortError>;
    promote(name: &str, generations: Generations) -> Result<(), PortError>;
    drop_collection(collection: &Collection) -> Result<(), PortError>;
});

faulty!(Blobs {
    put(key: &BlobKey, bytes: Bytes) -> Result<(), PortError>;
    get(key: &BlobKey) -> Result<Option<Bytes>, PortError>;
    delete(key: &BlobKey) -> Result<(), PortError>;
    originals(after: Option<Uuid>, originals_max: usize) -> Result<Vec<Uuid>, PortError>;
});

faulty!(Readings {
    commit(commit: ReadingsCommit) -> Result<(), PortError>;
    checkpoint() -> Result<Option<Checkpoint>, PortError>;
    states(motor_ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>, PortError>;
    motors(after: Option<Uuid>, motors_max: usize) -> Result<Vec<Uuid>, PortError>;
    outgoing(commands_max: usize) -> Result<Vec<OutgoingCommand>, PortError>;
    settle(ids: &[u64]) -> Result<(), PortError>;
    trend(query: &TrendQuery) -> Result<Vec<TrendPoint>, PortError>;
    latest(motor_id: Uuid) -> Result<Vec<Reading>, PortError>;
    spectrum(motor_id: Uuid, sensor: Option<&str>, axis: Option<Axis>)
        -> Result<Option<Reading>, PortError>;
    spectra(query: &SpectraQuery) -> Result<Vec<Reading>, PortError>;
});

faulty!(WorkQueue {
    put(job: Job, available_at: Timestamp) -> Result<(), PortError>;
    receive(jobs_max: usize, now: Timestamp, lease_until: Timestamp)
        -> Result<Vec<Lease>, PortError>;
    acknowledge(lease: &Lease) -> Result<bool, PortError>;
    release(lease: &Lease, available_at: Timestamp) -> Result<bool, PortError>;
    reject(lease: &Lease) -> Result<bool, PortError>;
    extend(lease: &Lease, lease_until: Timestamp) -> Result<bool, PortError>;
    withdraw(id: Uuid) -> Result<(), PortError>;
    next_available_at() -> Result<Option<Timestamp>, PortError>;
    pause(now: Timestamp) -> Result<(), PortError>;
    resume() -> Result<(), PortError>;
    overview(now: Timestamp) -> Result<Overview, PortError>;
    @ fn wait_for_job(&self) -> BoxFuture<'_, Result<(), PortError>> {
        // Called here and not when polled: the waiting begins now.
        let arrival = self.inner.wait_for_job();
        Box::pin(self.faults.around("WorkQueue::wait_for_job", arrival))
    }
});
