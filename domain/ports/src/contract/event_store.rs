//! The event store: appends and command keys. The clauses of the log over it are in `event_log.rs`.
//!
//! Positions are compared with one another only, so that others may append meanwhile.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::{fresh_id, fresh_name, in_parallel};
use crate::event::{Metadata, NewEvent, RecordedEvent};
use crate::event_log::EventLog;
use crate::event_store::{
    APPEND_EVENTS_MAX, Append, AppendError, Appended, CommandKey, CommandRecord, EventStore,
};
use crate::stream::{GlobalPosition, StreamName, StreamVersion};

pub use super::event_log::*;

/// Makes one test per clause; the subject is a [`BothEnds`].
#[macro_export]
macro_rules! event_store_contract {
    ($($subject:tt)+) => {
        $crate::contract_clauses! { event_store ($($subject)+)
            appends_all_or_none,
            versions_have_no_gaps,
            refuses_a_stale_version,
            refuses_a_version_that_is_still_to_come,
            a_refused_append_remembers_no_key,
            of_two_racing_writers_one_wins,
            of_racing_appends_all_events_of_one_are_kept,
            an_append_carries_at_most_its_maximum,
            a_command_key_wins_once,
            of_racing_commands_with_one_key_one_wins,
            a_repeated_command_is_told_so_before_any_conflict,
            a_key_of_another_scope_is_another_key,
            an_append_without_events_remembers_its_key,
            an_append_without_events_is_refused_when_stale,
            a_key_that_nobody_used_is_not_found,
            reads_a_stream_in_order_after_a_version,
            a_stream_is_read_apart_from_its_neighbours,
            data_survives_byte_for_byte,
            an_append_is_seen_by_every_later_read,
            positions_are_dense_and_in_commit_order,
            a_reader_never_skips_a_slow_writer,
            filters_by_category_and_type_still_report_how_far_was_looked,
            pages_of_the_log_follow_one_another,
            a_read_beyond_the_head_stays_where_it_is,
            wait_beyond_wakes_when_something_is_appended,
            wait_beyond_does_not_wait_for_what_is_there,
            a_wait_that_is_dropped_disturbs_nothing,
        }
    };
}

/// One log with both its ends.
pub trait BothEnds: Send + Sync {
    fn store(&self) -> &dyn EventStore;
    fn log(&self) -> &dyn EventLog;
}

impl<T: EventStore + EventLog> BothEnds for T {
    fn store(&self) -> &dyn EventStore {
        self
    }

    fn log(&self) -> &dyn EventLog {
        self
    }
}

impl<S: EventStore, L: EventLog> BothEnds for (Arc<S>, Arc<L>) {
    fn store(&self) -> &dyn EventStore {
        &*self.0
    }

    fn log(&self) -> &dyn EventLog {
        &*self.1
    }
}

pub async fn appends_all_or_none(ends: &dyn BothEnds) {
    let (store, stream) = (ends.store(), fresh_stream());
    let appended = store.append(append(&stream, 0, 3)).await.unwrap();
    assert_eq!(appended.version, StreamVersion(3));
    store.append(append(&stream, 2, 4)).await.unwrap_err();
    let events = whole(store, &stream).await;
    assert_eq!(versions(&events), [1, 2, 3]);
    let last = appended.position.0;
    assert_eq!(positions(&events), [last - 2, last - 1, last], "they follow one another");
}

pub async fn versions_have_no_gaps(ends: &dyn BothEnds) {
    let (store, stream) = (ends.store(), fresh_stream());
    let mut version = 0;
    for events in [1, 3, 1, 7, 2] {
        store.append(append(&stream, version + 1, events)).await.unwrap_err();
        store.append(append(&stream, version, events)).await.unwrap();
        version += events as u64;
    }
    assert_eq!(versions(&whole(store, &stream).await), (1..=14).collect::<Vec<_>>());
}

pub async fn refuses_a_stale_version(ends: &dyn BothEnds) {
    let (store, stream) = (ends.store(), fresh_stream());
    store.append(append(&stream, 0, 2)).await.unwrap();
    for stale in [0, 1] {
        assert_eq!(conflict(store.append(append(&stream, stale, 1)).await), (stale, 2));
    }
    assert_eq!(whole(store, &stream).await.len(), 2);
}

pub async fn refuses_a_version_that_is_still_to_come(ends: &dyn BothEnds) {
    let (store, stream) = (ends.store(), fresh_stream());
    assert_eq!(conflict(store.append(append(&stream, 1, 1)).await), (1, 0));
    assert_eq!(whole(store, &stream).await.len(), 0);
}

pub async fn a_refused_append_remembers_no_key(ends: &dyn BothEnds) {
    let (store, stream, key) = (ends.store(), fresh_stream(), fresh_key());
    let stale = Append { key: Some(key.clone()), ..append(&stream, 5, 1) };
    store.append(stale).await.unwrap_err();
    assert_eq!(store.find_command(&key).await.unwrap(), None);
    let again = Append { key: Some(key), ..append(&stream, 0, 1) };
    store.append(again).await.unwrap();
}

pub async fn of_two_racing_writers_one_wins(ends: &dyn BothEnds) {
    let (store, stream) = (ends.store(), fresh_stream());
    for version in 0..20 {
        let race = (0..2).map(|_| store.append(append(&stream, version, 1))).collect();
        let (won, lost): (Vec<_>, Vec<_>) =
            in_parallel(race).await.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 1));
        for result in lost {
            assert_eq!(conflict(result), (version, version + 1));
        }
    }
    assert_eq!(versions(&whole(store, &stream).await), (1..=20).collect::<Vec<_>>());
}

pub async fn of_racing_appends_all_events_of_one_are_kept(ends: &dyn BothEnds) {
    let (store, stream) = (ends.store(), fresh_stream());
    let racer = |racer: u64| {
        let events = (0..5).map(|_| event("raced", &format!(r#"{{"racer":{racer}}}"#))).collect();
        store.append(Append { events, ..append(&stream, 0, 0) })
    };
    let results = in_parallel((0..8).map(racer).collect()).await;
    let winner = results.iter().position(Result::is_ok).expect("one of them wins");
    let kept = whole(store, &stream).await;
    let expected = vec![format!(r#"{{"racer":{winner}}}"#); 5];
    assert_eq!(kept.iter().map(|event| event.data.get()).collect::<Vec<_>>(), expected);
}

pub async fn an_append_carries_at_most_its_maximum(ends: &dyn BothEnds) {
    let (store, stream) = (ends.store(), fresh_stream());
    let refused = store.append(append(&stream, 0, APPEND_EVENTS_MAX + 1)).await;
    assert!(matches!(refused, Err(AppendError::Unavailable(_))), "{refused:?}");
    assert_eq!(whole(store, &stream).await.len(), 0);
    let appended = store.append(append(&stream, 0, APPEND_EVENTS_MAX)).await.unwrap();
    assert_eq!(appended.version, StreamVersion(APPEND_EVENTS_MAX as u64));
    assert_eq!(whole(store, &stream).await.len(), APPEND_EVENTS_MAX);
}

pub async fn a_command_key_wins_once(ends: &dyn BothEnds) {
    let (store, stream, other, key) = (ends.store(), fresh_stream(), fresh_stream(), fresh_key());
    let first = Append { key: Some(key.clone()), ..append(&stream, 0, 2) };
    let appended = store.append(first).await.unwrap();
    let record = CommandRecord {
        fingerprint: key.fingerprint.clone(),
        stream: stream.clone(),
        appended,
        events: 2,
    };
    assert_eq!(store.find_command(&key).await.unwrap(), Some(record.clone()));

    let another_wish = CommandKey { fingerprint: "f".repeat(64), ..key.clone() };
    for (stream, version, key) in
        [(&stream, 2, &key), (&other, 0, &key), (&other, 0, &another_wish)]
    {
        let again = Append { key: Some(key.clone()), ..append(stream, version, 1) };
        assert_eq!(repeated(store.append(again).await), record);
    }
    assert_eq!(whole(store, &stream).await.len(), 2);
    assert_eq!(whole(store, &other).await.len(), 0);
    assert_eq!(store.find_command(&another_wish).await.unwrap(), Some(record));
}

pub async fn of_racing_commands_with_one_key_one_wins(ends: &dyn BothEnds) {
    let store = ends.store();
    for _ in 0..5 {
        let key = fresh_key();
        let streams: Vec<_> = (0..8).map(|_| fresh_stream()).collect();
        let send = |stream| store.append(Append { key: Some(key.clone()), ..append(stream, 0, 2) });
        let results = in_parallel(streams.iter().map(send).collect()).await;
        let winner = results.iter().position(Result::is_ok).expect("one of them wins");
        for (i, result) in results.into_iter().enumerate().filter(|(i, _)| *i != winner) {
            assert_eq!(repeated(result).stream, streams[winner]);
            assert_eq!(whole(store, &streams[i]).await.len(), 0);
        }
        assert_eq!(whole(store, &streams[winner]).await.len(), 2);
    }
}

pub async fn a_repeated_command_is_told_so_before_any_conflict(ends: &dyn BothEnds) {
    let (store, stream, key) = (ends.store(), fresh_stream(), fresh_key());
    let command = Append { key: Some(key), ..append(&stream, 0, 1) };
    let appended = store.append(command.clone()).await.unwrap();
    store.append(append(&stream, 1, 1)).await.unwrap();
    assert_eq!(repeated(store.append(command).await).appended, appended);
}

pub async fn a_key_of_another_scope_is_another_key(ends: &dyn BothEnds) {
    let (store, stream, key) = (ends.store(), fresh_stream(), fresh_key());
    let elsewhere = CommandKey { scope: fresh_name(), ..key.clone() };
    for (version, key) in [(0, key), (1, elsewhere)] {
        let command = Append { key: Some(key), ..append(&stream, version, 1) };
        store.append(command).await.unwrap();
    }
}

pub async fn an_append_without_events_remembers_its_key(ends: &dyn BothEnds) {
    let (store, stream) = (ends.store(), fresh_stream());
    let nowhere = Appended { version: StreamVersion(0), position: GlobalPosition(0) };
    remembers_a_key_without_events(store, &stream, nowhere).await;
    let somewhere = store.append(append(&stream, 0, 2)).await.unwrap();
    remembers_a_key_without_events(store, &stream, somewhere).await;
}

async fn remembers_a_key_without_events(
    store: &dyn EventStore,
    stream: &StreamName,
    end: Appended,
) {
    let key = fresh_key();
    let command = Append { key: Some(key.clone()), ..append(stream, end.version.0, 0) };
    assert_eq!(store.append(command.clone()).await.unwrap(), end);
    let record = store.find_command(&key).await.unwrap().expect("the key is remembered");
    assert_eq!((record.appended, record.events), (end, 0));
    assert_eq!(repeated(store.append(command).await), record);
    assert_eq!(whole(store, stream).await.len() as u64, end.version.0);
}

pub async fn an_append_without_events_is_refused_when_stale(ends: &dyn BothEnds) {
    let (store, stream, key) = (ends.store(), fresh_stream(), fresh_key());
    store.append(append(&stream, 0, 1)).await.unwrap();
    let stale = Append { key: Some(key.clone()), ..append(&stream, 0, 0) };
    assert_eq!(conflict(store.append(stale).await), (0, 1));
    assert_eq!(store.find_command(&key).await.unwrap(), None);
}

pub async fn a_key_that_nobody_used_is_not_found(ends: &dyn BothEnds) {
    assert_eq!(ends.store().find_command(&fresh_key()).await.unwrap(), None);
}

pub async fn reads_a_stream_in_order_after_a_version(ends: &dyn BothEnds) {
    let (store, stream) = (ends.store(), fresh_stream());
    for version in 0..5 {
        store.append(append(&stream, version, 1)).await.unwrap();
    }
    let read = async |after, events_max| {
        versions(&store.read_stream(&stream, StreamVersion(after), events_max).await.unwrap())
    };
    assert_eq!(read(0, 100).await, [1, 2, 3, 4, 5]);
    assert_eq!(read(2, 100).await, [3, 4, 5]);
    assert_eq!(read(1, 2).await, [2, 3]);
    assert_eq!(read(5, 100).await, [0_u64; 0]);
    assert_eq!(read(99, 100).await, [0_u64; 0]);
    let unknown = store.read_stream(&fresh_stream(), StreamVersion(0), 100).await.unwrap();
    assert!(unknown.is_empty());
}

pub async fn a_stream_is_read_apart_from_its_neighbours(ends: &dyn BothEnds) {
    let (store, stream) = (ends.store(), fresh_stream());
    let namesake = StreamName::new(fresh_name(), stream.id);
    for version in 0..3 {
        store.append(append(&stream, version, 1)).await.unwrap();
        store.append(append(&namesake, version, 1)).await.unwrap();
    }
    for stream in [stream, namesake] {
        let events = whole(store, &stream).await;
        assert_eq!(versions(&events), [1, 2, 3]);
        assert!(events.iter().all(|event| event.stream == stream));
    }
}

pub async fn data_survives_byte_for_byte(ends: &dyn BothEnds) {
    const DATA: &str = r#"{"z": 1, "a": 1.0, "whole": 123456789012345678901234567890,
        "least": -9223372036854775808, "float": 0.1000, "small": 5e-324, "power": 1E+2, "a": null,
        "text": "Üñï 漢字 🦀 \u00e9 \/ \" \\ ' ; -- $1 ?", "nested": [[], {}, [{"": true}]] }"#;
    let (store, stream) = (ends.store(), fresh_stream());
    let metadata = Metadata {
        command_id: Some("Befehl ß 🦀".to_owned()),
        correlation_id: Some("018f3c5e".to_owned()),
        causation_id: Some(String::new()),
        traceparent: None,
        actor: Some("anlage/1".to_owned()),
    };
    let written = NewEvent { schema_version: 17, ..event("measured_once", DATA) };
    let events = vec![written, event("measured_twice", "{}")];
    let appended = store
        .append(Append { events, metadata: metadata.clone(), ..append(&stream, 0, 0) })
        .await
        .unwrap();
    let from_stream = whole(store, &stream).await.remove(0);
    let query = from(GlobalPosition(appended.position.0 - 2), 1);
    let from_log = ends.log().read(&query).await.unwrap().events.remove(0);
    for read in [from_stream, from_log] {
        assert_eq!(read.data.get(), DATA);
        assert_eq!((read.event_type.as_str(), read.schema_version), ("measured_once", 17));
        assert_eq!(read.metadata, metadata);
        assert_eq!(read.stream, stream);
        assert_eq!(read.position.0, appended.position.0 - 1);
    }
}

/// A stream that nobody else has, in a category that nobody else has.
pub(super) fn fresh_stream() -> StreamName {
    StreamName::new(fresh_name(), fresh_id())
}

pub(super) fn event(event_type: &str, data: &str) -> NewEvent {
    let data = RawValue::from_string(data.to_owned()).expect("the data is JSON");
    NewEvent { event_type: event_type.to_owned(), schema_version: 1, data }
}

/// `events` events for `stream` at the version `expected`.
pub(super) fn append(stream: &StreamName, expected: u64, events: usize) -> Append {
    let nth = |n| event("counted", &format!(r#"{{"n":{n}}}"#));
    Append {
        stream: stream.clone(),
        expected: StreamVersion(expected),
        events: (0..events).map(nth).collect(),
        metadata: Metadata::default(),
        key: None,
    }
}

async fn whole(store: &dyn EventStore, stream: &StreamName) -> Vec<RecordedEvent> {
    store.read_stream(stream, StreamVersion(0), 10_000).await.unwrap()
}

fn fresh_key() -> CommandKey {
    CommandKey { scope: "contract".to_owned(), key: fresh_name(), fingerprint: "0".repeat(64) }
}

fn versions(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(|event| event.version.0).collect()
}

fn positions(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(|event| event.position.0).collect()
}

/// Of a conflict: which version was expected, and which there is.
fn conflict(result: Result<Appended, AppendError>) -> (u64, u64) {
    match result {
        Err(AppendError::Conflict { expected, actual }) => (expected.0, actual.0),
        other => panic!("expected a conflict, not {other:?}"),
    }
}

fn repeated(result: Result<Appended, AppendError>) -> CommandRecord {
    match result {
        Err(AppendError::Repeated(record)) => record,
        other => panic!("expected a repetition, not {other:?}"),
    }
}
