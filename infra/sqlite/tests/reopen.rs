//! What a folder holds after a stop, orderly or not, and who may open it.

#[path = "support/scratch.rs"]
mod scratch;

use std::fs;
use std::path::Path;

use infra_sqlite::{OpenError, SqliteStores};
use ports::checkpoint::{Checkpoint, Progress};
use ports::clock::Clock;
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::EventStore;
use ports::read_models::{Collection, Field, ReadModels, Write};
use ports::readings::{Readings, ReadingsCommit};
use ports::stream::{GlobalPosition, StreamVersion};
use ports::work_queue::{Job, WorkQueue};
use scratch::{Scratch, append, motor};
use serde_json::json;
use uuid::Uuid;

const MOTORS: Collection =
    Collection { name: "motors", generation: 1, fields: &[Field { name: "zone" }] };

/// Writes something into every file.
async fn fill(stores: &SqliteStores) {
    for version in 0..10 {
        let appended = stores.log.append(append(motor(1), StreamVersion(version))).await;
        assert!(appended.is_ok());
    }
    let write = Write {
        key: "1".to_owned(),
        position: GlobalPosition(10),
        body: Some(json!({ "zone": "A" })),
    };
    assert!(stores.documents.ensure(&MOTORS).await.is_ok());
    let progress = Progress { position: GlobalPosition(10), checkpoint: Checkpoint("10".into()) };
    assert!(stores.documents.commit(&MOTORS, &[write], Some(&progress)).await.is_ok());
    let checkpoint = Some(Checkpoint("3".to_owned()));
    let commit = ReadingsCommit { checkpoint, ..ReadingsCommit::default() };
    assert!(stores.samples.commit(commit).await.is_ok());
}

async fn assert_filled(stores: &SqliteStores) {
    let query = LogQuery { events_max: 100, ..LogQuery::default() };
    let page = stores.log.read(&query).await.expect("the log can be read");
    assert_eq!(page.events.len(), 10);
    assert_eq!(stores.log.head().await.expect("the log has a head"), GlobalPosition(10));
    let progress = stores.documents.progress(&MOTORS).await.expect("it can be read");
    assert_eq!(progress.map(|progress| progress.position), Some(GlobalPosition(10)));
    let documents = stores.documents.get(&MOTORS, &["1".to_owned()]).await;
    assert_eq!(documents.expect("it can be read").len(), 1);
    let checkpoint = stores.samples.checkpoint().await.expect("it can be read");
    assert_eq!(checkpoint, Some(Checkpoint("3".to_owned())));
    let next = stores.log.append(append(motor(1), StreamVersion(10))).await;
    assert_eq!(next.expect("the stream goes on").position, GlobalPosition(11));
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("it can be read");
        let name = entry.file_name();
        // The shared memory belongs to the processes that have the file open, and dies with them.
        if !name.to_string_lossy().ends_with("-shm") {
            fs::copy(entry.path(), to.join(name)).expect("it can be copied");
        }
    }
}

#[tokio::test]
async fn an_orderly_stop_keeps_everything_in_one_file_each() {
    let scratch = Scratch::new();
    let stores = scratch.open();
    fill(&stores).await;
    stores.close().await;
    let mut names: Vec<_> = fs::read_dir(scratch.path())
        .expect("it is there")
        .map(|entry| entry.expect("it can be read").file_name().into_string().expect("it is plain"))
        .collect();
    names.sort();
    assert_eq!(names, ["atalaya.lock", "documents.db", "log.db", "samples.db"]);
    assert_filled(&scratch.open()).await;
}

#[tokio::test]
async fn files_as_a_crash_leaves_them_hold_all_that_was_acknowledged() {
    let (before, after) = (Scratch::new(), Scratch::new());
    let stores = before.open();
    fill(&stores).await;
    copy_files(before.path(), after.path());
    assert_filled(&after.open()).await;
}

#[tokio::test]
async fn deleted_documents_leave_the_rest_as_it_was() {
    let scratch = Scratch::new();
    let stores = scratch.open();
    fill(&stores).await;
    stores.close().await;
    fs::remove_file(scratch.path().join("documents.db")).expect("it is there");
    let stores = scratch.open();
    assert_eq!(stores.documents.progress(&MOTORS).await.expect("it can be asked"), None);
    assert_eq!(stores.log.head().await.expect("the log is there"), GlobalPosition(10));
}

#[tokio::test]
async fn a_second_opening_is_refused_with_the_folder_and_its_holder() {
    let scratch = Scratch::new();
    let first = scratch.open();
    let Err(refusal) = scratch.try_open() else { panic!("two have it open") };
    assert!(matches!(refusal, OpenError::InUse { .. }));
    let refusal = refusal.to_string();
    assert!(refusal.contains(&scratch.path().display().to_string()), "{refusal}");
    assert!(refusal.contains("in use by process"), "{refusal}");
    first.close().await;
    scratch.open();
}

#[tokio::test]
async fn a_job_whose_worker_died_need_not_wait_until_its_lease_runs_out() {
    let scratch = Scratch::new();
    let stores = scratch.open();
    let now = scratch.clock.now();
    let job = Job { id: Uuid::from_u128(1), priority: 0, payload: "{}".to_owned() };
    stores.log.put(job, now).await.expect("it is put in");
    let mut leases =
        stores.log.receive(1, now, now.plus_seconds(30.0)).await.expect("it is received");
    stores.close().await;
    let stores = scratch.open();
    stores.log.free_leases().await.expect("the folder is ours");
    let again = stores.log.receive(1, now, now.plus_seconds(30.0)).await.expect("it is received");
    assert_eq!(again.len(), 1);
    let lost = leases.remove(0);
    assert!(!stores.log.acknowledge(&lost).await.expect("the store answers"), "its lease is gone");
}
