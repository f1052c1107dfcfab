//! All sessions are ended while many write. What was acknowledged is there, once, and everybody goes on by themselves.
#![allow(clippy::unwrap_used, reason = "all of it is a test")]

#[path = "common.rs"]
mod common;
#[path = "support/motors.rs"]
mod motors;

use std::collections::HashMap;
use std::sync::Arc;

use common::Database;
use infra_postgres::PgLog;
use motors::{append, key, motor};
use ports::checkpoint::Checkpoints;
use ports::event::{Metadata, RecordedEvent};
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{Append, AppendError, EventStore};
use ports::stream::{GlobalPosition, StreamVersion};
use ports::subscription::progress_at;
use serde_json::value::RawValue;
use tokio::sync::watch;

const WRITERS: u64 = 8;
const COMMANDS_PER_WRITER: u64 = 250;
const TERMINATIONS: u64 = 6;

/// What a writer was told about one command.
struct Told {
    command: String,
    appended: Option<GlobalPosition>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_appends_outlive_the_end_of_every_session() {
    let Some(database) = Database::fresh().await else { return };
    let stores = [database.open().await, database.open().await];
    let done = watch::Sender::new(0);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let log = Arc::clone(&stores[(writer % 2) as usize].log);
            tokio::spawn(write(log, writer, done.clone()))
        })
        .collect();
    let mut progress = done.subscribe();
    for termination in 1..=TERMINATIONS {
        let soon = termination * WRITERS * COMMANDS_PER_WRITER / (TERMINATIONS + 1);
        progress.wait_for(|done| *done >= soon).await.unwrap();
        database.terminate_ours().await;
    }
    let mut told = Vec::new();
    for writer in writers {
        told.extend(writer.await.unwrap());
    }

    let mut found: HashMap<String, Vec<GlobalPosition>> = HashMap::new();
    for event in whole(&stores[0].log).await {
        found.entry(event.metadata.command_id.unwrap()).or_default().push(event.position);
    }
    let mut unanswered = 0;
    for Told { command, appended } in &told {
        let places = found.remove(command).unwrap_or_default();
        match appended {
            Some(position) => assert_eq!(places, [*position], "{command}"),
            None => {
                unanswered += 1;
                assert!(places.len() <= 1, "{command} happened twice");
            }
        }
    }
    assert!(found.is_empty(), "nobody asked for {found:?}");
    assert_eq!(told.len() as u64, WRITERS * COMMANDS_PER_WRITER);
    assert!(unanswered > 0, "nobody noticed that the sessions had ended");
    assert!(told.iter().any(|told| told.appended.is_some()));
}

/// Every other command carries a key, and is repeated under it until it is answered. The others are given up.
async fn write(log: Arc<PgLog>, writer: u64, done: watch::Sender<u64>) -> Vec<Told> {
    let stream = motor(writer);
    let mut told = Vec::new();
    let mut version = StreamVersion(0);
    for number in 0..COMMANDS_PER_WRITER {
        let command = format!("{writer}/{number}");
        let keyed = number % 2 == 0;
        let appended = loop {
            let append = Append {
                metadata: Metadata { command_id: Some(command.clone()), ..Metadata::default() },
                key: keyed.then(|| key(&command)),
                ..append(stream.clone(), version.0)
            };
            match log.append(append).await {
                Ok(end) => break Some(end),
                Err(AppendError::Repeated(record)) => break Some(record.appended),
                Err(AppendError::Conflict { actual, .. }) => version = actual,
                Err(AppendError::Unavailable(_)) if keyed => {}
                Err(AppendError::Unavailable(_)) => break None,
            }
        };
        version = appended.map_or(version, |end| end.version.max(version));
        told.push(Told { command, appended: appended.map(|end| end.position) });
        done.send_modify(|done| *done += 1);
    }
    told
}

async fn whole(log: &PgLog) -> Vec<RecordedEvent> {
    let (mut events, mut after) = (Vec::new(), GlobalPosition(0));
    let head = log.head().await.unwrap();
    while after < head {
        let query = LogQuery { after, events_max: 1_000, ..LogQuery::default() };
        let page = log.read(&query).await.unwrap();
        after = page.through;
        events.extend(page.events);
    }
    assert!(events.iter().map(|event| event.position.0).eq(1..=head.0));
    events
}

#[tokio::test]
async fn reads_and_checkpoints_do_not_notice_the_end_of_every_session() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let position = stores.log.append(append(motor(1), 0)).await.unwrap().position;
    // As many connections as there may be.
    let stream = motor(1);
    let reads = (0..50).map(|_| stores.log.read_stream(&stream, StreamVersion(0), 10));
    assert!(futures::future::join_all(reads).await.iter().all(Result::is_ok));
    database.terminate_ours().await;
    let events = stores.log.read_stream(&stream, StreamVersion(0), 10).await.unwrap();
    assert_eq!(events.len(), 1);
    database.terminate_ours().await;
    assert_eq!(stores.log.head().await.unwrap(), position);
    database.terminate_ours().await;
    stores.checkpoints.save("a reader", &progress_at(position)).await.unwrap();
    database.terminate_ours().await;
    assert_eq!(stores.checkpoints.load("a reader").await.unwrap(), Some(progress_at(position)));
}

#[tokio::test]
async fn another_process_hears_of_an_append_also_when_its_sessions_have_ended() {
    let Some(database) = Database::fresh().await else { return };
    let (one, other) = (database.open().await, database.open().await);
    for version in 0..5 {
        let position = one.log.append(append(motor(1), version)).await.unwrap().position;
        other.log.wait_beyond(GlobalPosition(position.0 - 1)).await.unwrap();
        database.terminate_ours().await;
        // The append after this one finds its connection broken, and has a key under which to ask.
        let ask = Append { key: Some(key(version)), ..append(motor(2), version) };
        one.log.append(ask).await.unwrap();
    }
}

#[tokio::test]
async fn commands_are_forgotten_when_they_are_old_and_not_before() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    for number in 0..3 {
        let command = Append { key: Some(key(number)), ..append(motor(number), 0) };
        stores.log.append(command).await.unwrap();
    }
    let age = "UPDATE commands SET recorded_at = now() - make_interval(days => 8) WHERE key = '1'";
    sqlx::query(age).execute(&mut database.stranger().await).await.unwrap();
    assert_eq!(stores.log.purge_commands().await.unwrap(), 1);
    let mut kept = Vec::new();
    for number in 0..3 {
        kept.push(stores.log.find_command(&key(number)).await.unwrap().is_some());
    }
    assert_eq!(kept, [true, false, true]);
}

#[tokio::test]
async fn closing_answers_what_waits_and_takes_nothing_more() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let log = Arc::clone(&stores.log);
    let waiting: Vec<_> = (0..20)
        .map(|number| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.append(append(motor(number), 0)).await })
        })
        .collect();
    tokio::task::yield_now().await;
    stores.close().await;
    for append in waiting {
        append.await.unwrap().unwrap();
    }
    let refused = log.append(append(motor(100), 0)).await.unwrap_err();
    assert!(matches!(refused, AppendError::Unavailable(_)), "{refused:?}");
}

#[tokio::test]
async fn an_append_that_cannot_be_stored_spoils_no_other() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let mut appends: Vec<_> = (0..20).map(|number| append(motor(number), 0)).collect();
    // Deeper than the server's stack.
    let nested = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    appends[7].events[0].data = RawValue::from_string(nested).unwrap();
    let appends = appends.into_iter().map(|append| stores.log.append(append));
    let results = futures::future::join_all(appends).await;
    let refused = results.iter().filter(|result| result.is_err()).count();
    assert!(matches!(&results[7], Err(AppendError::Unavailable(_))), "{:?}", results[7]);
    assert_eq!(refused, 1);
    assert_eq!(stores.log.head().await.unwrap(), GlobalPosition(19));
}
