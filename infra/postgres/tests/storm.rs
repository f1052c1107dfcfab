//! Many writers of several programs at once, with conflicts, roll-backs and stalls, while readers follow by position.
//!
//! The same readers follow a naive table too, to show that they notice what such a cursor misses.
#![allow(clippy::unwrap_used, reason = "all of it is a test")]
#![allow(clippy::print_stderr, reason = "how hard it stormed is worth knowing")]

#[path = "common.rs"]
mod common;
#[path = "support/motors.rs"]
mod motors;
#[path = "storm/naive.rs"]
mod naive;
#[path = "storm/readers.rs"]
mod readers;
#[path = "storm/writers.rs"]
mod writers;

use std::env;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use common::Database;
use naive::Naive;
use ports::event_log::EventLog;
use ports::stream::GlobalPosition;
use readers::{Faults, Seen, faults, follow_until};
use sqlx::postgres::PgPoolOptions;
use tokio::sync::watch;
use tokio::task::JoinSet;
use writers::{Acknowledged, Storm};

/// How many events there are at least, unless `STORM_EVENTS` says otherwise.
const EVENTS: u64 = 15_000;
const WRITERS_PER_PROCESS: u64 = 8;
const FOREIGN_WRITERS: u64 = 4;
const NAIVE_WRITERS: u64 = 16;
const NAIVE_EVENTS_PER_WRITER: u64 = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_every_event_of_every_program_once_and_in_order() {
    let Some(database) = Database::fresh().await else { return };
    let events = env::var("STORM_EVENTS").map_or(EVENTS, |events| events.parse().unwrap());
    let storm = Arc::new(Storm::of(events));
    let processes = [database.open().await, database.open().await];
    let (ended, end) = watch::channel(false);
    let mut reading = JoinSet::new();
    for process in [0, 0, 1] {
        reading.spawn(follow_until(Arc::clone(&processes[process].log), end.clone()));
    }

    let mut writing = JoinSet::new();
    for seed in 0..2 * WRITERS_PER_PROCESS {
        let log = Arc::clone(&processes[(seed % 2) as usize].log);
        writing.spawn(writers::ours(log, Arc::clone(&storm), seed));
    }
    writing.spawn(writers::unmodified_crate(database.settings.url.clone(), Arc::clone(&storm)));
    for seed in 0..FOREIGN_WRITERS {
        writing.spawn(writers::foreign(database.stranger().await, Arc::clone(&storm), seed));
    }
    writing.spawn(writers::stalling(database.stranger().await, Arc::clone(&storm)));
    let acknowledged: Vec<_> = writing.join_all().await.into_iter().flatten().collect();

    let total = count(&database, "events").await;
    processes[0].log.wait_beyond(GlobalPosition(total - 1)).await.unwrap();
    ended.send_replace(true);
    for seen in reading.join_all().await {
        assert_eq!(faults(&seen, total), Faults::default());
        require(&acknowledged, &seen);
    }
    assert_eq!(processes[0].log.head().await.unwrap(), GlobalPosition(total));
    let counts = processes.each_ref().map(|process| process.log.counts());
    eprintln!("{total} events, {storm:?}, {counts:?}");
    assert!(total >= events, "a storm of {total} events");
    assert!(storm.all().iter().all(|count| count.load(Relaxed) > 0), "too calm: {storm:?}");
}

/// Whatever was acknowledged is where it was said to be.
fn require(acknowledged: &[Acknowledged], seen: &[Seen]) {
    for Acknowledged { position, stream, version } in acknowledged {
        let there = &seen[(position - 1) as usize];
        assert_eq!((&there.stream, there.version), (stream, *version), "at position {position}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_readers_notice_what_a_naive_cursor_misses() {
    let Some(database) = Database::fresh().await else { return };
    let pool = PgPoolOptions::new().connect(&database.settings.url).await.unwrap();
    let naive = Arc::new(Naive::new(pool).await);
    let (ended, end) = watch::channel(false);
    let reading = tokio::spawn(follow_until(Arc::clone(&naive), end));
    let mut writing = JoinSet::new();
    for stream in 0..NAIVE_WRITERS {
        writing.spawn(naive::write(database.stranger().await, stream, NAIVE_EVENTS_PER_WRITER));
    }
    writing.join_all().await;
    ended.send_replace(true);
    let total = count(&database, "naive").await;
    let found = faults(&reading.await.unwrap(), total);
    eprintln!("naive: {total} events, {found:?}");
    assert!(found.missed > 0, "{found:?}");
    naive.pool.close().await;
}

async fn count(database: &Database, table: &str) -> u64 {
    let mut stranger = database.stranger().await;
    let count = format!("SELECT count(*) FROM {table}");
    let rows: i64 = sqlx::query_scalar(&count).fetch_one(&mut stranger).await.unwrap();
    rows.cast_unsigned()
}
