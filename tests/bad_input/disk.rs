//! A disk without room.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::world::{register, registration};
use crate::common::client::{Client, Request};
use crate::common::feed::{assert_dense, whole_log};
use crate::common::quiet::quiet;
use crate::common::samples::jpeg;
use crate::common::say;
use crate::common::server::{Server, ServerOptions};

const DISK_MIB: u32 = 24;
/// So many motors are registered at most before a full disk must have been noticed.
const ATTEMPTS_MAX: u32 = 5_000;

/// A file system in memory, and so small that it can be filled.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// None where this test may not mount anything.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let size = format!("size={DISK_MIB}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes into a file of its own until nothing more fits.
    fn fill(&self) -> PathBuf {
        let ballast = self.path().join("ballast");
        let mut file = File::create(&ballast).expect("there is room for an empty file");
        for bytes in [1 << 20, 1 << 12, 1] {
            while file.write_all(&vec![7; bytes]).is_ok() {}
        }
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that was just killed may still hold it for a moment.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_loses_nothing_and_is_got_over() {
    let Some(disk) = SmallDisk::mount() else {
        let reason = "no file system can be mounted here, so that no disk can be filled";
        assert_ne!(std::env::var("REQUIRE_SERVICES").as_deref(), Ok("1"), "{reason}");
        return say(&format!("skipped: {reason}"));
    };
    let options = ServerOptions::new(disk.path());
    let server = Server::start(&options).await;
    let client = server.client();
    let mut acknowledged = vec![register(&client, "P-0").await];
    quiet(&client).await;

    let ballast = disk.fill();
    acknowledged.extend(register_until_full(&client).await);
    let picture = Request::post("/v1/images").bytes("image/jpeg", jpeg(640, 480, 1));
    client.send(&picture).await.problem(503, "unavailable");
    assert_kept(&client, &acknowledged).await;
    assert_eq!(client.get("/livez").await.status, 200);

    fs::remove_file(ballast).expect("the ballast can go");
    acknowledged.push(register(&client, "P-after").await);
    let task = client.send(&picture).await.success().header("location").to_owned();
    quiet(&client).await;
    assert_eq!(client.json(&task).await["state"], "completed");
    assert_shown(&client, &acknowledged).await;
    server.stop().await;

    let server = Server::start(&options).await;
    quiet(&server.client()).await;
    assert_shown(&server.client(), &acknowledged).await;
    server.stop().await;
}

/// Motors that were still accepted before the first refusal, which must be a clear one.
async fn register_until_full(client: &Client) -> Vec<String> {
    let mut accepted = Vec::new();
    for number in 1..ATTEMPTS_MAX {
        let answer = client.send(&registration(&format!("P-{number}"))).await;
        if answer.status != 201 {
            let problem = answer.problem(503, "unavailable");
            assert!(!answer.header("retry-after").is_empty(), "{problem}");
            return accepted;
        }
        accepted.push(answer.header("location").to_owned());
    }
    panic!("the disk was never full")
}

/// Every acknowledged motor has its one event.
async fn assert_kept(client: &Client, motors: &[String]) {
    let events = whole_log(client).await;
    assert_dense(&events);
    for motor in motors {
        let id = motor.rsplit('/').next().unwrap_or_default();
        let of_motor = events.iter().filter(|event| event.subject == id);
        assert_eq!(of_motor.count(), 1, "{motor}");
    }
}

async fn assert_shown(client: &Client, motors: &[String]) {
    assert_kept(client, motors).await;
    for motor in motors {
        client.get(motor).await.success();
    }
}
