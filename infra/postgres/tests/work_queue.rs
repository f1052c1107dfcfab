//! The work queue over PostgreSQL, as several processes share it.
#![allow(clippy::unwrap_used, reason = "whatever fails here fails the test")]

#[path = "common.rs"]
mod common;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::Database;
use domain::time::Timestamp;
use futures::future::join_all;
use infra_postgres::{PgStores, PgWorkQueue};
use ports::work_queue::{Job, WorkQueue};
use sqlx::Executor;
use sqlx::postgres::PgListener;
use tokio::time::timeout;
use uuid::Uuid;

struct Fresh {
    stores: PgStores,
    _database: Database,
}

macro_rules! or_skip {
    () => {{
        let Some(database) = crate::common::Database::fresh().await else { return };
        crate::Fresh { stores: database.open().await, _database: database }
    }};
}

mod contract {
    ports::contract::work_queue!(or_skip!(), |fresh| &*fresh.stores.work_queue);
}

mod renditions {
    ports::contract::renditions!(or_skip!(), |fresh| &*fresh.stores.renditions);
}

const WAIT_S_MAX: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_of_two_processes_do_every_job_once() {
    const JOBS: usize = 300;
    let Some(database) = Database::fresh().await else { return };
    let (one, other) = (database.open().await, database.open().await);
    let done = Mutex::default();
    let client = async {
        for n in 0..JOBS {
            let stores = if n % 2 == 0 { &one } else { &other };
            stores.work_queue.put(job(n as u128), at(0)).await.unwrap();
        }
    };
    let workers = [&one, &other, &one, &other].map(|stores| work(&stores.work_queue, &done, JOBS));
    in_time(async { tokio::join!(client, join_all(workers)) }).await;
    let tokens: BTreeSet<_> = done.lock().unwrap().drain(..).collect();
    assert_eq!(tokens.len(), JOBS, "no two leases share a token");
    assert_eq!(one.work_queue.next_available_at().await.unwrap(), None);
}

/// Does jobs until `jobs` are done by anybody, and notes the tokens of their leases.
async fn work(queue: &PgWorkQueue, done: &Mutex<Vec<u64>>, jobs: usize) {
    while done.lock().unwrap().len() < jobs {
        let waiting = queue.wait_for_job();
        let leases = queue.receive(3, at(0), at(10)).await.unwrap();
        if leases.is_empty() {
            waiting.await.unwrap();
        }
        for lease in leases {
            assert_eq!(lease.deliveries, 1);
            assert!(queue.acknowledge(&lease).await.unwrap());
            done.lock().unwrap().push(lease.token);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_told_to_other_processes() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let mut listener = PgListener::connect(&database.settings.url).await.expect("a connection");
    listener.listen("atalaya_jobs").await.expect("a channel");
    stores.work_queue.put(job(1), at(0)).await.unwrap();
    in_time(listener.recv()).await.expect("a notification");
    let lease = stores.work_queue.receive(1, at(0), at(10)).await.unwrap().remove(0);
    assert!(stores.work_queue.release(&lease, at(0)).await.unwrap());
    in_time(listener.recv()).await.expect("a notification");
}

/// Every wait ends by itself after two seconds, so that all of them together would take far too long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_other_processes_tell_ends_the_waiting() {
    const WAITS: usize = 60;
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let mut stranger = database.stranger().await;
    let telling = async {
        for n in 0..WAITS {
            if n == WAITS / 2 {
                database.terminate_ours().await;
            }
            let waiting = stores.work_queue.wait_for_job();
            stranger.execute("NOTIFY atalaya_jobs").await.expect("a notification");
            waiting.await.unwrap();
        }
    };
    in_time(telling).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_often_a_job_was_received_outlives_the_process_that_received_it() {
    let Some(database) = Database::fresh().await else { return };
    database.open().await.work_queue.put(job(1), at(0)).await.unwrap();
    for crash in 1..=5_u32 {
        let queue = database.open().await.work_queue;
        let seconds = i64::from(crash);
        let leases = queue.receive(10, at(seconds), at(seconds + 1)).await.unwrap();
        assert_eq!(leases.iter().map(|lease| lease.deliveries).collect::<Vec<_>>(), [crash]);
        database.terminate_ours().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verbs_that_meet_on_the_same_jobs_never_fail() {
    let Some(database) = Database::fresh().await else { return };
    let processes = [database.open().await, database.open().await];
    let queue = |n: usize| &*processes[n % 2].work_queue;
    let clients = join_all((0..4).map(|n| put_and_withdraw(queue(n), n)));
    let workers = join_all((0..4).map(|n| receive_and_end(queue(n), n)));
    in_time(async { tokio::join!(clients, workers) }).await;
}

const ROUNDS: usize = 60;

async fn put_and_withdraw(queue: &PgWorkQueue, n: usize) {
    for round in 0..ROUNDS {
        let job = job((round * 5 + n) as u128 % 8);
        queue.put(job.clone(), at(0)).await.unwrap();
        if round % 4 == 0 {
            queue.withdraw(job.id).await.unwrap();
        }
    }
}

async fn receive_and_end(queue: &PgWorkQueue, n: usize) {
    for round in 0..ROUNDS {
        let now = round as i64;
        for lease in queue.receive(3, at(now), at(now + 1)).await.unwrap() {
            match (round + n) % 4 {
                0 => queue.acknowledge(&lease).await.unwrap(),
                1 => queue.release(&lease, at(0)).await.unwrap(),
                2 => queue.extend(&lease, at(now + 2)).await.unwrap(),
                _ => queue.reject(&lease).await.unwrap(),
            };
        }
    }
}

/// A verb whose connection breaks says so, and does at most what was asked: the job is done at the latest when the
/// lease runs out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_job_is_lost_when_connections_break() {
    const JOBS: usize = 150;
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let queue = &stores.work_queue;
    let (now, acknowledged) = (AtomicUsize::new(0), Mutex::new(BTreeSet::new()));
    let client = async {
        for n in 0..JOBS {
            while queue.put(job(n as u128), at(0)).await.is_err() {}
        }
    };
    let worker = async {
        while acknowledged.lock().unwrap().len() < JOBS {
            let now = now.fetch_add(20, Ordering::Relaxed) as i64;
            for lease in queue.receive(5, at(now), at(now + 10)).await.unwrap_or_default() {
                // Of an end that is not known the job may be gone.
                if queue.acknowledge(&lease).await.unwrap_or(true) {
                    acknowledged.lock().unwrap().insert(lease.job.id);
                }
            }
        }
    };
    let breaker = async {
        for _ in 0..10 {
            database.terminate_ours().await;
        }
    };
    in_time(async { tokio::join!(client, worker, breaker) }).await;
    let left = queue.receive(JOBS, at(1_000_000), at(1_000_001)).await.unwrap();
    assert!(left.iter().all(|lease| lease.deliveries > 1), "{left:?}");
}

/// A moment: so many seconds after the beginning.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000 + seconds * 1_000_000)
}

fn job(id: u128) -> Job {
    Job { id: Uuid::from_u128(id), priority: 0, payload: "{}".to_owned() }
}

async fn in_time<T>(happening: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(WAIT_S_MAX), happening).await.expect("it should have happened")
}
