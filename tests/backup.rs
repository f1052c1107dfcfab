//! A backup that was made under load is restored elsewhere, and all is as it was: events, documents, pictures.

#[path = "common/common.rs"]
mod common;
#[path = "backup/load.rs"]
mod load;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use common::client::Client;
#[cfg(feature = "production")]
use common::cluster::Installation;
use common::server::{Server, ServerOptions};
use common::wait::eventually;
use load::Load;
use serde_json::Value;

const CATCH_UP: Duration = Duration::from_secs(60);
const EVENTS_AT_ONCE: usize = 1_000;

/// Runs the program to its end.
fn run(mut options: ServerOptions, arguments: Vec<&'static str>, paths: &[&Path]) -> Output {
    options.arguments = arguments;
    let mut command = options.bare_command();
    command.args(paths);
    command.output().expect("the program can be started")
}

fn succeeded(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn backups(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder of backups can be read");
    let mut found: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

fn position(backup: &Path) -> u64 {
    let manifest = fs::read(backup.join("manifest.json")).expect("a backup has a list");
    let manifest: Value = serde_json::from_slice(&manifest).expect("it is JSON");
    manifest["position"].as_u64().expect("it has a position")
}

/// Every event up to `position`, as the API tells it.
async fn events(client: &Client, position: u64) -> Vec<Value> {
    let mut events = Vec::new();
    let mut after = 0;
    while after < position {
        let path = format!("/v1/events?after={after}&limit={EVENTS_AT_ONCE}");
        let page = client.json(&path).await;
        let found = page["events"].as_array().expect("a page of events");
        let is_in = |event: &&Value| {
            let sequence = event["sequence"].as_str().and_then(|text| text.parse::<u64>().ok());
            sequence.expect("an event has a position") <= position
        };
        events.extend(found.iter().filter(is_in).cloned());
        after = page["next"].as_u64().expect("a page leads on");
    }
    events
}

/// The hash of every picture that is shown, by its address; the server checks none of them.
async fn pictures(client: &Client, task_ids: &[String]) -> BTreeMap<String, String> {
    let mut hashes = BTreeMap::new();
    for task_id in task_ids {
        for name in ["original", "1024x1024.jpg", "800x800.jpg"] {
            let path = format!("/v1/images/{task_id}/{name}");
            let answer = client.get(&path).await;
            if answer.status == 200 {
                hashes.insert(path, load::sha256(&answer.body));
            }
        }
    }
    hashes
}

/// The tasks that were complete at this position: nothing happens to them any more.
fn completed(events: &[Value]) -> Vec<String> {
    let ended = events.iter().filter(|event| event["type"] == "atalaya.image.completed");
    ended.map(|event| event["subject"].as_str().expect("a subject").to_owned()).collect()
}

async fn assert_same(before: &Client, after: &Client, position: u64) {
    let expected = events(before, position).await;
    assert_eq!(expected.len() as u64, position, "positions have no gaps");
    let restored = events(after, position).await;
    assert!(restored == expected, "the events differ");
    let tasks = completed(&expected);
    assert!(!tasks.is_empty(), "the load has completed pictures before the backup");
    for model in ["motors", "images"] {
        let caught_up = async || {
            let list = after.get(&format!("/v1/{model}?min_position={position}")).await;
            (list.status == 200).then_some(())
        };
        eventually("the read model is built again", CATCH_UP, caught_up).await;
    }
    for task_id in &tasks {
        let path = format!("/v1/images/{task_id}?min_position={position}");
        assert_eq!(after.json(&path).await, before.json(&path).await, "{task_id}");
    }
    let hashes = pictures(before, &tasks).await;
    assert_eq!(hashes.len(), 3 * tasks.len(), "{hashes:?}");
    assert_eq!(pictures(after, &tasks).await, hashes);
}

async fn told_of_backup(client: &Client) {
    let told = async || {
        let metrics = client.get("/metrics").await.text();
        let gauge = "atalaya_backup_last_success_timestamp_seconds ";
        metrics.lines().any(|line| line.starts_with(gauge)).then_some(())
    };
    eventually("the metrics tell of the backup", CATCH_UP, told).await;
}

#[tokio::test]
async fn an_embedded_backup_under_load_is_restored_elsewhere() {
    let scratch = tempfile::tempdir().unwrap();
    let (live, kept) = (scratch.path().join("live"), scratch.path().join("backups"));
    let options = ServerOptions::new(&live);
    let server = Server::start(&options).await;
    let load = Load::on(&server.client(), &server.client()).await;
    for _ in 0..3 {
        let arguments = vec!["backup", "--keep", "2", "--data-dir"];
        let paths = [live.as_path(), Path::new("--to"), kept.as_path()];
        let said = succeeded(&run(options.clone(), arguments, &paths));
        assert!(said.contains("everything up to position"), "{said}");
    }
    load.stop().await;
    told_of_backup(&server.client()).await;
    let found = backups(&kept);
    assert_eq!(found.len(), 2, "the newest are kept: {found:?}");
    let elsewhere = scratch.path().join("elsewhere");
    let put_back = [found[1].as_path(), Path::new("--data-dir"), elsewhere.as_path()];
    succeeded(&run(options.clone(), vec!["restore"], &put_back));
    let again = run(options.clone(), vec!["restore"], &put_back);
    assert!(!again.status.success(), "a folder in use is not written over");
    let restored = Server::start(&ServerOptions::new(&elsewhere)).await;
    assert_same(&server.client(), &restored.client(), position(&found[1])).await;
    restored.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn a_damaged_backup_is_named_and_not_restored() {
    let scratch = tempfile::tempdir().unwrap();
    let (live, kept) = (scratch.path().join("live"), scratch.path().join("backups"));
    let options = ServerOptions::new(&live);
    let server = Server::start(&options).await;
    let load = Load::on(&server.client(), &server.client()).await;
    load.stop().await;
    server.stop().await;
    let paths = [live.as_path(), Path::new("--to"), kept.as_path()];
    succeeded(&run(options.clone(), vec!["backup", "--data-dir"], &paths));
    let backup = backups(&kept).remove(0);
    succeeded(&run(options.clone(), vec!["restore", "--check"], &[&backup]));
    let log = backup.join("store/log.db");
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&log, bytes).unwrap();
    let elsewhere = scratch.path().join("elsewhere");
    let put_back = [backup.as_path(), Path::new("--data-dir"), elsewhere.as_path()];
    for (arguments, paths) in
        [(vec!["restore", "--check"], &put_back[..1]), (vec!["restore"], &put_back[..])]
    {
        let refused = run(options.clone(), arguments, paths);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains("store/log.db"), "{said}");
    }
    assert!(!elsewhere.join("log.db").exists());
}

#[cfg(feature = "production")]
#[tokio::test]
async fn a_production_backup_under_load_is_restored_elsewhere() {
    let Some(live) = Installation::migrated() else { return };
    let Some(elsewhere) = Installation::empty() else { return };
    const ROLES: &str = "ams,api,relay,projections,images,vibration";
    let server = live.start(ROLES).await;
    let load = Load::on(&server.client(), &server.client()).await;
    let kept = live.pictures.path().join("backups");
    let paths = [live.pictures.path(), Path::new("--to"), kept.as_path()];
    succeeded(&run(live.options(&[]), vec!["backup", "--data-dir"], &paths));
    load.stop().await;
    told_of_backup(&server.client()).await;
    let backup = backups(&kept).remove(0);
    let put_back = [backup.as_path(), Path::new("--data-dir"), elsewhere.pictures.path()];
    succeeded(&run(elsewhere.options(&[]), vec!["restore"], &put_back));
    let again = run(elsewhere.options(&[]), vec!["restore"], &put_back);
    assert!(!again.status.success(), "a database in use is not written over");
    elsewhere.migrate();
    let restored = elsewhere.start(ROLES).await;
    assert_same(&server.client(), &restored.client(), position(&backup)).await;
    restored.stop().await;
    server.stop().await;
}
