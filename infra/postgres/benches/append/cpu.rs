//! CPU time by what the kernel counted: of this process and its ended children, and of a database's sessions.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::interval;

/// The kernel counts in hundredths of a second.
const TICK_US: u64 = 10_000;
/// How often sessions are looked at: what one used after the last look and before its end is lost.
const LOOK_MS: u64 = 100;

/// Fields of `/proc/<pid>/stat` after the name: user, system, and the same of children that have ended.
const UTIME: usize = 11;
const CHILDREN_STIME: usize = 14;

pub(crate) struct Meter {
    before_us: u64,
    /// What the sessions had used by then.
    sessions_before: HashMap<String, u64>,
    sessions: Arc<Mutex<HashMap<String, u64>>>,
    database: String,
    looking: JoinHandle<()>,
}

impl Meter {
    pub(crate) fn start(database: &str) -> Self {
        let sessions = Arc::new(Mutex::new(HashMap::new()));
        look(database, &sessions);
        let sessions_before = sessions.lock().unwrap().clone();
        let (seen, name) = (Arc::clone(&sessions), database.to_owned());
        let looking = tokio::spawn(async move {
            let mut looks = interval(Duration::from_millis(LOOK_MS));
            loop {
                looks.tick().await;
                look(&name, &seen);
            }
        });
        let (before_us, database) = (own_us(), database.to_owned());
        Self { before_us, sessions_before, sessions, database, looking }
    }

    /// What the client and the sessions have used, in microseconds.
    pub(crate) async fn stop(self) -> (u64, u64) {
        self.looking.abort();
        look(&self.database, &self.sessions);
        let sessions = self.sessions.lock().unwrap();
        let before = |pid| self.sessions_before.get(pid).copied().unwrap_or_default();
        let used_us = sessions.iter().map(|(pid, used_us)| used_us - before(pid)).sum();
        (own_us() - self.before_us, used_us)
    }
}

fn look(database: &str, sessions: &Mutex<HashMap<String, u64>>) {
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let pid = process.file_name().to_string_lossy().into_owned();
        let Ok(command) = fs::read_to_string(process.path().join("cmdline")) else { continue };
        if command.starts_with("postgres: ") && command.contains(database) {
            let used = used_us(&pid, UTIME, UTIME + 1);
            sessions.lock().unwrap().insert(pid, used);
        }
    }
}

fn own_us() -> u64 {
    used_us("self", UTIME, CHILDREN_STIME)
}

/// The sum of the fields `first..=last`.
fn used_us(pid: &str, first: usize, last: usize) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let fields = fields.split_whitespace().skip(first).take(last - first + 1);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * TICK_US
}
