//! Readers and writers that do not stop, and what they find wrong.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::common::client::{Answer, Client, Request};
use crate::common::wait::eventually;
use crate::history::History;
use crate::plant::Plant;

const READERS: u64 = 3;
const WRITERS: u64 = 2;
const BEGIN_S_MAX: u64 = 60;
/// How long a position may take to be reached; each answer waits for two seconds.
const BEHIND_S_MAX: u64 = 30;
/// What an answer says that may be asked for again.
const BEHIND: &str = "urn:atalaya:problem:behind";
/// How many faults are kept to be told.
const FAULTS_MAX: usize = 20;

pub(crate) struct Load {
    seen: Arc<Seen>,
    tasks: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    stop: AtomicBool,
    reads: AtomicU64,
    behind: AtomicU64,
    writes: AtomicU64,
    /// Of the last command that was acknowledged.
    position: AtomicU64,
    faults: Mutex<Vec<String>>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) reads: u64,
    /// How many answers said that the position is not reached yet, and to ask again.
    pub(crate) behind: u64,
    pub(crate) writes: u64,
    pub(crate) position: u64,
    pub(crate) faults: Vec<String>,
}

impl Load {
    pub(crate) fn on(plant: &Plant, history: History) -> Self {
        let seen = Arc::new(Seen::default());
        let readers = (0..READERS)
            .map(|turn| tokio::spawn(read(Arc::clone(&seen), plant.queries(), history, turn)));
        let writers = (0..WRITERS)
            .map(|turn| tokio::spawn(write(Arc::clone(&seen), plant.doors(), history, turn)));
        let tasks = readers.chain(writers).collect();
        Self { seen, tasks }
    }

    /// Returns once there is load.
    pub(crate) async fn has_begun(&self) {
        let bound = Duration::from_secs(BEGIN_S_MAX);
        let counts = [&self.seen.reads, &self.seen.writes];
        eventually("the load begins", bound, async || {
            counts.iter().all(|count| count.load(Ordering::Relaxed) > READERS).then_some(())
        })
        .await;
    }

    pub(crate) async fn stop(self) -> Counts {
        self.seen.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.expect("the load does not panic");
        }
        let faults = self.seen.faults.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Counts {
            reads: self.seen.reads.load(Ordering::Relaxed),
            behind: self.seen.behind.load(Ordering::Relaxed),
            writes: self.seen.writes.load(Ordering::Relaxed),
            position: self.seen.position.load(Ordering::Relaxed),
            faults,
        }
    }
}

impl Seen {
    fn fault(&self, fault: String) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.len() < FAULTS_MAX {
            faults.push(fault);
        }
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

async fn read(seen: Arc<Seen>, queries: Client, history: History, reader: u64) {
    let mut turn = reader;
    while !seen.is_over() {
        if let Err(fault) = read_once(&seen, &queries, history, turn).await {
            seen.fault(fault);
        }
        seen.reads.fetch_add(1, Ordering::Relaxed);
        turn += READERS;
    }
}

/// A motor, a motor with all that was acknowledged, a page of them, or the numbers of all.
async fn read_once(
    seen: &Seen,
    queries: &Client,
    history: History,
    turn: u64,
) -> Result<(), String> {
    let id = history.motor(turn);
    let position = seen.position.load(Ordering::Relaxed);
    let (path, is_fleet) = match turn % 16 {
        0 => ("/v1/fleet".to_owned(), true),
        1 => ("/v1/motors?limit=20".to_owned(), false),
        2..6 => (format!("/v1/motors/{id}?min_position={position}"), false),
        _ => (format!("/v1/motors/{id}"), false),
    };
    let answer = answer_to(seen, queries, &path).await?;
    if answer.status != 200 {
        return Err(format!("{path}: {} {}", answer.status, answer.text()));
    }
    let found = answer.json();
    let is_whole = match turn % 16 {
        _ if is_fleet => found["motors"].as_u64() == Some(history.motors),
        1 => found["items"].as_array().is_some_and(|items| items.len() == 20),
        // Every motor has been through the whole history.
        _ => {
            found["version"].as_u64() >= Some(history.events_of_a_motor())
                && found["name"].is_string()
        }
    };
    if is_whole { Ok(()) } else { Err(format!("{path}: {found}")) }
}

/// The answer to a read. One that says that its position is not reached yet is asked for again, as it says.
async fn answer_to(seen: &Seen, queries: &Client, path: &str) -> Result<Answer, String> {
    let deadline = Instant::now() + Duration::from_secs(BEHIND_S_MAX);
    loop {
        let answer = queries.try_send(&Request::get(path)).await;
        let answer = answer.map_err(|error| format!("{path}: {error:?}"))?;
        let is_behind = answer.status == 503 && answer.text().contains(BEHIND);
        if !is_behind || Instant::now() > deadline {
            return Ok(answer);
        }
        seen.behind.fetch_add(1, Ordering::Relaxed);
    }
}

/// As people do: one thing is changed, and looked at, before the next is. So there is never more to follow than the
/// stores can.
async fn write(
    seen: Arc<Seen>,
    (commands, queries): (Client, Client),
    history: History,
    writer: u64,
) {
    let mut turn = writer;
    while !seen.is_over() {
        let path = format!("/v1/motors/{}", history.motor(turn));
        let name = format!("P-{turn}, renamed");
        if let Err(fault) = write_once(&seen, (&commands, &queries), &path, &name).await {
            seen.fault(fault);
        }
        turn += WRITERS;
    }
}

/// Renames a motor, and reads the name.
async fn write_once(
    seen: &Seen,
    (commands, queries): (&Client, &Client),
    path: &str,
    name: &str,
) -> Result<(), String> {
    let request = Request::new(Method::PATCH, path).json(&json!({ "name": name }));
    let answer = commands.try_send(&request).await;
    let answer = answer.map_err(|error| format!("{request:?}: {error:?}"))?;
    if answer.status != 200 {
        return Err(format!("{request:?}: {} {}", answer.status, answer.text()));
    }
    let position = answer.number("position");
    seen.position.fetch_max(position, Ordering::Relaxed);
    seen.writes.fetch_add(1, Ordering::Relaxed);
    let read = answer_to(seen, queries, &format!("{path}?min_position={position}")).await?;
    seen.reads.fetch_add(1, Ordering::Relaxed);
    if read.status == 200 && read.json()["name"] == name {
        return Ok(());
    }
    Err(format!("{path} after it was called {name}: {} {}", read.status, read.text()))
}
