//! Other programs write to the same table, in their own ways. Nothing of it is lost, and nobody is held up.
#![allow(clippy::unwrap_used, reason = "all of it is a test")]

#[path = "common.rs"]
mod common;
#[path = "support/motors.rs"]
mod motors;

use common::Database;
use infra_postgres::PgLog;
use motors::{append, motor};
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{AppendError, EventStore};
use ports::stream::{GlobalPosition, StreamVersion};
use sqlx::{Connection, Executor, PgConnection};

/// What an unmodified postgres-es executes.
const INSERT: &str = "INSERT INTO events
    (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
    VALUES ($1, $2, $3, $4, $5, $6::text::json, $7::text::json)";

struct Row<'a> {
    kind: &'a str,
    id: &'a str,
    sequence: i64,
    payload: &'a str,
}

async fn insert(connection: &mut PgConnection, row: Row<'_>) {
    let Row { kind, id, sequence, payload } = row;
    let values =
        sqlx::query(INSERT).bind(kind).bind(id).bind(sequence).bind("happened").bind("1.0");
    values.bind(payload).bind("{}").execute(connection).await.expect("the row is new");
}

async fn all(log: &PgLog) -> Vec<RecordedEvent> {
    log.read(&LogQuery { events_max: 1_000, ..LogQuery::default() }).await.unwrap().events
}

#[tokio::test]
async fn events_of_any_type_and_id_are_part_of_the_log() {
    let Some(database) = Database::fresh().await else { return };
    let (stores, mut stranger) = (database.open().await, database.stranger().await);
    let rows = [("Customer/v2", "anything"), ("motor", "pump house"), ("", ""), ("a-b", "0")];
    for (kind, id) in rows {
        insert(&mut stranger, Row { kind, id, sequence: 1, payload: r#""Happened""# }).await;
        insert(&mut stranger, Row { kind, id, sequence: 2, payload: r#"{"Happened":{}}"# }).await;
    }
    stores.log.wait_beyond(GlobalPosition(7)).await.unwrap();
    let events = all(&stores.log).await;
    assert_eq!(events.len(), 8);
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position, GlobalPosition(position));
        let written = serde_json::to_string(event).unwrap();
        let read: RecordedEvent = serde_json::from_str(&written).unwrap();
        assert_eq!(read.id(), event.id(), "it can be handed on");
        assert!(event.data.get().starts_with('{'), "{}", event.data);
        assert_eq!(event.schema_version, 0);
    }
    let categories = events.iter().map(|event| event.stream.category.as_str());
    let mut categories: Vec<_> = categories.collect();
    categories.sort_unstable();
    assert_eq!(categories[..6], ["foreign"; 6]);
    assert_eq!(categories[6..], ["motor"; 2]);

    let foreign =
        LogQuery { categories: vec!["foreign".to_owned()], events_max: 100, ..LogQuery::default() };
    assert_eq!(stores.log.read(&foreign).await.unwrap().events.len(), 6);
}

#[tokio::test]
async fn a_stream_keeps_its_order_though_its_events_were_written_in_another() {
    let Some(database) = Database::fresh().await else { return };
    let (stores, mut stranger) = (database.open().await, database.stranger().await);
    let mut open = stranger.begin().await.unwrap();
    for sequence in [3, 1, 2] {
        insert(&mut open, Row { kind: "motor", id: "a", sequence, payload: "{}" }).await;
        insert(&mut open, Row { kind: "motor", id: "b", sequence, payload: "{}" }).await;
    }
    open.commit().await.unwrap();
    stores.log.wait_beyond(GlobalPosition(5)).await.unwrap();
    let events = all(&stores.log).await;
    for stream in [&events[0].stream, &events.last().unwrap().stream] {
        let own = events.iter().filter(|event| event.stream == *stream);
        assert!(own.map(|event| event.version.0).eq(1..=3));
    }
}

#[tokio::test]
async fn many_foreign_events_at_once_are_numbered_step_by_step() {
    let Some(database) = Database::fresh().await else { return };
    let (stores, mut stranger) = (database.open().await, database.stranger().await);
    let import = "INSERT INTO events
        (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
        SELECT 'pump', n % 500, n / 500, 'happened', '1', '{}', '{}' FROM generate_series(0, 9999) AS n";
    stranger.execute(import).await.unwrap();
    stores.log.append(append(motor(1), 0)).await.unwrap();
    stores.log.wait_beyond(GlobalPosition(10_000)).await.unwrap();
    let query = LogQuery { events_max: 20_000, ..LogQuery::default() };
    let events = stores.log.read(&query).await.unwrap().events;
    assert!(events.iter().map(|event| event.position.0).eq(1..=10_001));
    let mut next = std::collections::HashMap::new();
    for event in events.iter().filter(|event| event.stream.category == "pump") {
        let version = next.entry(&event.stream).or_insert(0);
        assert_eq!(event.version.0, *version);
        *version += 1;
    }
    assert_eq!(next.len(), 500);
}

#[tokio::test]
async fn a_foreign_transaction_that_stays_open_holds_up_its_own_streams_alone() {
    let Some(database) = Database::fresh().await else { return };
    let (stores, mut stranger) = (database.open().await, database.stranger().await);
    let held = motor(1);
    let id = held.id.to_string();
    let mut open = stranger.begin().await.unwrap();
    insert(&mut open, Row { kind: "motor", id: &id, sequence: 1, payload: "{}" }).await;

    let appends = (1..=20).map(|number| stores.log.append(append(motor(number), 0)));
    let results = futures::future::join_all(appends).await;
    let told = |result: &Result<_, AppendError>| match result {
        Ok(_) => "appended",
        Err(AppendError::Unavailable(_)) => "not now",
        Err(_) => "something else",
    };
    assert_eq!(told(&results[0]), "not now");
    assert!(results[1..].iter().all(|result| told(result) == "appended"), "{results:?}");
    let again = stores.log.append(append(held.clone(), 0)).await;
    assert_eq!(told(&again), "not now", "it is left alone for a while");
    assert_eq!(stores.log.head().await.unwrap(), GlobalPosition(19));

    open.commit().await.unwrap();
    stores.log.wait_beyond(GlobalPosition(19)).await.unwrap();
    let last = all(&stores.log).await.pop().unwrap();
    assert_eq!((last.stream, last.version), (held.clone(), StreamVersion(1)));
    let end = loop {
        match stores.log.append(append(held.clone(), 1)).await {
            Ok(end) => break end,
            Err(AppendError::Unavailable(_)) => tokio::task::yield_now().await,
            Err(other) => panic!("{other:?}"),
        }
    };
    assert_eq!((end.version.0, end.position.0), (2, 21));
}

#[tokio::test]
async fn a_foreign_transaction_that_is_rolled_back_leaves_no_gap() {
    let Some(database) = Database::fresh().await else { return };
    let (stores, mut stranger) = (database.open().await, database.stranger().await);
    let mut open = stranger.begin().await.unwrap();
    insert(&mut open, Row { kind: "pump", id: "1", sequence: 1, payload: "{}" }).await;
    stores.log.append(append(motor(1), 0)).await.unwrap();
    open.rollback().await.unwrap();
    stores.log.append(append(motor(1), 1)).await.unwrap();
    assert!(all(&stores.log).await.iter().map(|event| event.position.0).eq(1..=2));
}

#[tokio::test]
async fn nobody_changes_or_deletes_an_event() {
    let Some(database) = Database::fresh().await else { return };
    let (stores, mut stranger) = (database.open().await, database.stranger().await);
    stores.log.append(append(motor(1), 0)).await.unwrap();
    insert(&mut stranger, Row { kind: "pump", id: "1", sequence: 1, payload: "{}" }).await;
    for forbidden in [
        "DELETE FROM events",
        "TRUNCATE events",
        "UPDATE events SET position = position + 1",
        "UPDATE events SET payload = '[]', position = 7 WHERE aggregate_type = 'pump'",
        "UPDATE events SET event_type = 'other' WHERE aggregate_type = 'motor'",
    ] {
        let refused = stranger.execute(forbidden).await.unwrap_err().to_string();
        assert!(refused.contains("never changed or deleted"), "{forbidden}: {refused}");
    }
}
