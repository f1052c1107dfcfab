//! Durable appends of one event each, by many writers at once: grouped, and with a transaction for every command.
//!
//! Both write the same rows with the same settings (WAL, `synchronous=FULL`) and check the stream's version first.
#![allow(clippy::unwrap_used, reason = "a benchmark that fails has no result")]

#[path = "../tests/support/scratch.rs"]
mod scratch;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::thread;

use divan::Bencher;
use divan::counter::ItemsCount;
use infra_sqlite::SqliteStores;
use ports::event_store::EventStore;
use ports::stream::StreamVersion;
use rusqlite::{Connection, params};
use scratch::{Scratch, append, event, motor};
use tokio::runtime::Runtime;

const APPENDS: u64 = 640;
const APPEND_EVENT: &str = include_str!("../sql/log/append_event.sql");
const STREAM_END: &str = include_str!("../sql/log/stream_end.sql");
/// Each way beside the other, since the speed of a disk changes within minutes.
const CASES: [Case; 6] = [
    Case { way: Way::Grouped, writers: 1 },
    Case { way: Way::OneTransactionEach, writers: 1 },
    Case { way: Way::Grouped, writers: 16 },
    Case { way: Way::OneTransactionEach, writers: 16 },
    Case { way: Way::Grouped, writers: 64 },
    Case { way: Way::OneTransactionEach, writers: 64 },
];

#[derive(Clone, Copy, Debug)]
struct Case {
    way: Way,
    writers: u64,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Grouped,
    OneTransactionEach,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:2} writers, {:?}", self.writers, self.way)
    }
}

fn main() {
    divan::main();
}

#[divan::bench(args = CASES, sample_count = 15, sample_size = 1)]
fn append_640_events(bencher: Bencher<'_, '_>, Case { way, writers }: Case) {
    let bencher = bencher.counter(ItemsCount::new(APPENDS));
    match way {
        Way::Grouped => grouped(bencher, writers),
        Way::OneTransactionEach => one_transaction_each(bencher, writers),
    }
}

fn grouped(bencher: Bencher<'_, '_>, writers: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    bencher
        .with_inputs(|| {
            let scratch = Scratch::new();
            (Arc::new(scratch.open()), scratch)
        })
        .bench_refs(|(stores, _)| append_grouped(&runtime, stores, writers));
}

fn append_grouped(runtime: &Runtime, stores: &Arc<SqliteStores>, writers: u64) {
    let write = |writer| {
        let log = Arc::clone(&stores.log);
        runtime.spawn(async move {
            for version in 0..APPENDS / writers {
                log.append(append(motor(writer), StreamVersion(version))).await.unwrap();
            }
        })
    };
    let tasks: Vec<_> = (0..writers).map(write).collect();
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
}

fn one_transaction_each(bencher: Bencher<'_, '_>, writers: u64) {
    bencher
        .with_inputs(|| {
            let scratch = Scratch::new();
            drop(scratch.open());
            let connection = Connection::open(scratch.path().join("log.db")).unwrap();
            connection.pragma_update(None, "journal_mode", "WAL").unwrap();
            connection.pragma_update(None, "synchronous", "FULL").unwrap();
            (Mutex::new(connection), scratch)
        })
        .bench_refs(|(connection, _)| {
            thread::scope(|scope| {
                for writer in 0..writers {
                    let connection = &*connection;
                    scope.spawn(move || {
                        for version in 0..APPENDS / writers {
                            append_alone(&connection.lock().unwrap(), writer, version);
                        }
                    });
                }
            });
        });
}

fn append_alone(connection: &Connection, writer: u64, version: u64) {
    let (stream, event) = (motor(writer), event("measured"));
    connection.prepare_cached("BEGIN IMMEDIATE").unwrap().execute([]).unwrap();
    let mut end = connection.prepare_cached(STREAM_END).unwrap();
    let found = end.query_row(params![stream.category, stream.id.as_bytes()], |row| row.get(0));
    assert_eq!(found.unwrap_or(0_u64), version);
    let mut insert = connection.prepare_cached(APPEND_EVENT).unwrap();
    let (category, id) = (stream.category, stream.id.as_bytes());
    let row = params![category, id, version + 1, event.event_type, 1, 0, "{}", event.data.get()];
    insert.execute(row).unwrap();
    connection.prepare_cached("COMMIT").unwrap().execute([]).unwrap();
}
