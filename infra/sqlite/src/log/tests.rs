//! A full disk, rows that cannot be read, and commands that are forgotten.

use ports::event::{Metadata, NewEvent};
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{Append, AppendError, CommandKey, EventStore};
use ports::memory::ManualClock;
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use serde_json::value::RawValue;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;

struct Fresh {
    log: SqliteLog,
    clock: Arc<ManualClock>,
    _folder: TempDir,
}

fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let held = Arc::new(DataFolder::open(folder.path()).unwrap());
    let clock = Arc::<ManualClock>::default();
    let log = SqliteLog::open(&held, Arc::clone(&clock) as _, &Settings::default()).unwrap();
    Fresh { log, clock, _folder: folder }
}

fn motor() -> StreamName {
    StreamName::new("motor", Uuid::from_u128(7))
}

fn append(expected: u64, events: usize, bytes: usize) -> Append {
    let data = RawValue::from_string(format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes))).unwrap();
    let event = NewEvent { event_type: "noted".to_owned(), schema_version: 1, data };
    Append {
        stream: motor(),
        expected: StreamVersion(expected),
        events: vec![event; events],
        metadata: Metadata::default(),
        key: None,
    }
}

async fn execute(log: &SqliteLog, sql: &'static str) {
    log.database.write(move |connection| Ok(connection.execute_batch(sql)?)).await.unwrap();
}

async fn all(log: &SqliteLog) -> Result<Vec<u64>, String> {
    let query = LogQuery { events_max: 100_000, ..LogQuery::default() };
    let page = log.read(&query).await.map_err(|error| error.chain())?;
    Ok(page.events.iter().map(|event| event.position.0).collect())
}

#[tokio::test]
async fn a_full_disk_refuses_whole_appends_until_there_is_room() {
    let fresh = fresh();
    let pages = |more: i64| {
        fresh.log.database.write(move |connection| {
            let count: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            Ok(connection.pragma_update(None, "max_page_count", count + more)?)
        })
    };
    pages(20).await.unwrap();
    let mut version = 0;
    let refusal = loop {
        match fresh.log.append(append(version, 3, 5_000)).await {
            Ok(appended) => version = appended.version.0,
            Err(AppendError::Unavailable(refusal)) => break refusal.chain(),
            Err(other) => panic!("{other}"),
        }
    };
    assert!(version > 0, "there was room for something");
    assert!(refusal.contains("appending to motor-"), "{refusal}");
    assert!(refusal.contains("disk is full"), "{refusal}");
    assert_eq!(all(&fresh.log).await.unwrap(), (1..=version).collect::<Vec<_>>());
    assert_eq!(fresh.log.head().await.unwrap(), GlobalPosition(version));

    pages(1_000).await.unwrap();
    let appended = fresh.log.append(append(version, 3, 5_000)).await.unwrap();
    assert_eq!(appended.position, GlobalPosition(version + 3));
    assert_eq!(all(&fresh.log).await.unwrap(), (1..=version + 3).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_event_that_is_no_json_is_an_error_that_names_its_position() {
    let fresh = fresh();
    fresh.log.append(append(0, 3, 1)).await.unwrap();
    execute(&fresh.log, "DROP TRIGGER events_are_never_changed").await;
    execute(&fresh.log, "UPDATE events SET data = '{\"text\":' WHERE position = 2").await;
    let refusal = all(&fresh.log).await.unwrap_err();
    assert!(refusal.contains("the event at position 2 cannot be read: EOF"), "{refusal}");
    let stream = fresh.log.read_stream(&motor(), StreamVersion(0), 10).await;
    let refusal = stream.unwrap_err().chain();
    assert!(refusal.contains("the event at position 2 cannot be read"), "{refusal}");
    let rest = fresh.log.read_stream(&motor(), StreamVersion(2), 10).await.unwrap();
    assert_eq!(rest.len(), 1, "what lies beyond it can still be read");
}

#[tokio::test]
async fn an_event_that_is_missing_is_not_passed_over() {
    let fresh = fresh();
    fresh.log.append(append(0, 3, 1)).await.unwrap();
    execute(&fresh.log, "DROP TRIGGER events_are_never_deleted").await;
    execute(&fresh.log, "DELETE FROM events WHERE position = 2").await;
    let refusal = all(&fresh.log).await.unwrap_err();
    assert!(refusal.contains("the event at position 2 is missing"), "{refusal}");
}

#[tokio::test]
async fn the_file_itself_refuses_to_change_history() {
    let fresh = fresh();
    fresh.log.append(append(0, 1, 1)).await.unwrap();
    for sql in ["DELETE FROM events", "UPDATE events SET data = '{}'"] {
        let tampered =
            fresh.log.database.write(move |connection| Ok(connection.execute_batch(sql)?)).await;
        assert!(tampered.unwrap_err().to_string().contains("events are never"));
    }
}

#[tokio::test]
async fn large_events_make_short_pages_that_follow_one_another() {
    let fresh = fresh();
    for version in 0..10 {
        fresh.log.append(append(version, 1, 4_000_000)).await.unwrap();
    }
    let mut query = LogQuery { events_max: 100, ..LogQuery::default() };
    let (mut positions, mut pages) = (Vec::new(), 0);
    while query.after < GlobalPosition(10) {
        let page = fresh.log.read(&query).await.unwrap();
        positions.extend(page.events.iter().map(|event| event.position.0));
        query.after = page.through;
        pages += 1;
    }
    assert_eq!(positions, (1..=10).collect::<Vec<_>>());
    assert_eq!(pages, 2);
}

#[tokio::test]
async fn a_command_is_forgotten_when_it_is_too_old_to_be_repeated() {
    let fresh = fresh();
    let key = |number: u64| CommandKey {
        scope: "test".to_owned(),
        key: number.to_string(),
        fingerprint: "f".repeat(64),
    };
    let remember = |number, expected| Append { key: Some(key(number)), ..append(expected, 1, 1) };
    for number in 0..3 {
        fresh.log.append(remember(number, number)).await.unwrap();
        fresh.clock.advance(4.0 * 86_400.0);
    }
    // They are 12, 8 and 4 days old; 7 days are kept.
    assert_eq!(fresh.log.purge_commands().await.unwrap(), 2);
    assert_eq!(fresh.log.find_command(&key(1)).await.unwrap(), None);
    let repeated = fresh.log.append(remember(2, 3)).await;
    assert!(matches!(repeated, Err(AppendError::Repeated(_))));
    fresh.log.append(remember(0, 3)).await.unwrap();
    assert_eq!(fresh.log.purge_commands().await.unwrap(), 0);
}
