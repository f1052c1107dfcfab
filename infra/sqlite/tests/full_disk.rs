//! A disk that is full at the moment of the commit.

#[path = "support/scratch.rs"]
mod scratch;

use std::process::Command;

use infra_sqlite::SqliteStores;
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{AppendError, EventStore};
use ports::stream::StreamVersion;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use scratch::{Scratch, append, motor};

const ITSELF: &str = "what_cannot_be_committed_is_refused_until_there_is_room";
/// Set for the process whose files may stop growing.
const FULL_DISK: &str = "ATALAYA_TEST_FULL_DISK";

/// A limit on the size of files stands for a full disk. The kernel's signal about it must be ignored, which a shell
/// can hand down to a process of its own.
#[test]
fn what_cannot_be_committed_is_refused_until_there_is_room() {
    if std::env::var_os(FULL_DISK).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        return runtime.expect("it can be built").block_on(fill_the_disk());
    }
    let limited = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; exec "$@""#, "sh"])
        .arg(std::env::current_exe().expect("a test is a program"))
        .args(["--exact", ITSELF, "--nocapture"])
        .env(FULL_DISK, "1")
        .output()
        .expect("there is a shell");
    let report = String::from_utf8_lossy(&limited.stdout);
    let errors = String::from_utf8_lossy(&limited.stderr);
    assert!(limited.status.success(), "{report}{errors}");
    assert!(report.contains("1 passed"), "{report}");
}

async fn fill_the_disk() {
    let scratch = Scratch::new();
    let stores = scratch.open();
    let version = append_one(&stores, 0).await.expect("there is room");
    limit_files(Some(200_000));
    let (version, refusal) = append_until_refused(&stores, version).await;
    assert!(version > 1, "there was room for something");
    assert!(refusal.contains("could not be committed"), "{refusal}");
    assert!(append_one(&stores, version).await.is_err(), "it stays full");
    assert_eq!(positions(&stores).await, (1..=version).collect::<Vec<_>>());

    limit_files(None);
    let next = append_one(&stores, version).await.expect("there is room again");
    assert_eq!(positions(&stores).await, (1..=next).collect::<Vec<_>>());
    stores.close().await;
    assert_eq!(positions(&scratch.open()).await, (1..=next).collect::<Vec<_>>());
}

async fn append_one(stores: &SqliteStores, version: u64) -> Result<u64, AppendError> {
    let appended = stores.log.append(append(motor(1), StreamVersion(version))).await?;
    Ok(appended.version.0)
}

async fn append_until_refused(stores: &SqliteStores, mut version: u64) -> (u64, String) {
    loop {
        match append_one(stores, version).await {
            Ok(next) => version = next,
            Err(AppendError::Unavailable(refusal)) => return (version, refusal.chain()),
            Err(other) => panic!("{other}"),
        }
    }
}

async fn positions(stores: &SqliteStores) -> Vec<u64> {
    let query = LogQuery { events_max: 10_000, ..LogQuery::default() };
    let page = stores.log.read(&query).await.expect("reading needs no room");
    page.events.iter().map(|event| event.position.0).collect()
}

fn limit_files(bytes_max: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    let current = bytes_max.or(maximum);
    setrlimit(Resource::Fsize, Rlimit { current, maximum }).expect("a limit may go down");
}
