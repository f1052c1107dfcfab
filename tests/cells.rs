//! Decoders that crash, hang, are killed or take all memory end their own picture, and hold up no other.
//!
//! What they do is planted into the real program, which meets it in a comment of the picture; the limits on memory are
//! those of the system.
#![cfg(all(feature = "failpoints", target_os = "linux"))]

#[path = "common/common.rs"]
mod common;
#[path = "../processors/tests/support/great.rs"]
mod great;
#[path = "../processors/tests/support/packed.rs"]
mod packed;
#[path = "cells/process.rs"]
mod process;

use std::io::{Read, Write};
use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{StreamExt, stream};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use common::client::{Client, Request};
use common::samples::{jpeg, with_comment};
use common::say;
use common::server::{Server, ServerOptions};
use common::wait::eventually;
use process::{alive, children, resident_bytes, worked_ticks};

const GOOD: u32 = 100;
const IN_FLIGHT: usize = 8;
/// How long anything may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(600);
/// Beside poison, others may take twice as long as alone, and this: it shares the processor, and nothing else.
const SLACK: Duration = Duration::from_secs(3);
/// More than the start of a decoder and a small picture take.
const BUSY_TICKS_MIN: u64 = 100;
const RESIDENT_BYTES_MAX: u64 = 512 << 20;

async fn server(settings: &[(&'static str, &str)]) -> (TempDir, Server) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = ServerOptions::new(folder.path());
    let options =
        settings.iter().fold(options, |options, (name, value)| options.with(name, *value));
    let server = Server::start(&options).await;
    (folder, server)
}

fn poisoned(poison: &str) -> Bytes {
    with_comment(&jpeg(64, 48, 1), &format!("poison: {poison}"))
}

/// Gives the path of the task.
async fn submitted(client: &Client, picture: Bytes) -> String {
    let submit = Request::post("/v1/images").bytes("image/jpeg", picture);
    client.send(&submit).await.success().header("location").to_owned()
}

async fn until(client: &Client, path: &str, state: &str) -> Value {
    let what = format!("{path} is {state}");
    let reached = eventually(&what, PATIENCE, async || {
        // A moment after it was sent there may be no document yet.
        let answer = client.get(path).await;
        (answer.status == 200).then(|| answer.json()).filter(|task| task["state"] == state)
    });
    reached.await
}

/// Sends pictures while nobody works on them; how long it then takes until those of `numbers` are made.
async fn made(client: &Client, bad: &[&str], numbers: Range<u32>) -> (Vec<String>, Duration) {
    client.send(&Request::post("/v1/admin/queue/pause")).await.success();
    let mut sick = Vec::new();
    for poison in bad {
        sick.push(submitted(client, poisoned(poison)).await);
    }
    let good = stream::iter(numbers)
        .map(async |number| submitted(client, jpeg(160 + number % 7, 120, number)).await);
    let good: Vec<_> = good.buffer_unordered(IN_FLIGHT).collect().await;
    let began = Instant::now();
    client.send(&Request::post("/v1/admin/queue/resume")).await.success();
    for path in &good {
        let task = until(client, path, "completed").await;
        assert_eq!(task["attempts"], 1, "{task}");
    }
    (sick, began.elapsed())
}

#[tokio::test]
async fn pictures_that_crash_hang_or_take_all_memory_hold_up_none_of_a_hundred_others() {
    let (_folder, mut server) = server(&[("IMAGE_S_MAX", "8"), ("MAX_RETRIES", "1")]).await;
    let client = server.client();
    let (_, alone) = made(&client, &[], 0..GOOD).await;
    let poisons = ["crash", "memory", "hang"];
    let (sick, beside) = made(&client, &poisons, GOOD..2 * GOOD).await;
    let hanging = client.json(&sick[2]).await;
    say(&format!("{GOOD} pictures alone: {alone:.2?}; beside {poisons:?}: {beside:.2?}"));
    assert_eq!(hanging["state"], "processing", "nobody waited for it: {hanging}");
    assert!(beside < 2 * alone + SLACK, "{beside:?} instead of {alone:?}");
    for (path, code) in sick.iter().zip(["internal", "out_of_memory", "timeout"]) {
        let task = until(&client, path, "failed").await;
        assert_eq!(task["failure"]["code"], code, "{task}");
        assert_eq!(task["attempts"], 2, "{task}");
    }
    assert!(server.is_running());
    server.stop().await;
}

#[tokio::test]
async fn a_decoder_that_is_killed_costs_its_picture_an_attempt() {
    let (_folder, server) = server(&[("IMAGE_S_MAX", "600"), ("MAX_RETRIES", "1")]).await;
    let client = server.client();
    let path = submitted(&client, poisoned("hang")).await;
    for _ in 0..2 {
        let cell = cell_of(&server).await;
        kill_process(pid(cell), Signal::KILL).expect("it runs");
        eventually("it ends", PATIENCE, async || alive(cell).is_none().then_some(())).await;
    }
    let task = until(&client, &path, "failed").await;
    assert_eq!((&task["failure"]["code"], &task["attempts"]), (&json!("internal"), &json!(2)));
    let next = submitted(&client, jpeg(64, 48, 2)).await;
    until(&client, &next, "completed").await;
    server.stop().await;
}

#[tokio::test]
async fn no_decoder_outlives_a_server_that_is_killed() {
    let (_folder, server) = server(&[("IMAGE_S_MAX", "600")]).await;
    submitted(&server.client(), poisoned("hang")).await;
    let cell = cell_of(&server).await;
    server.signal(Signal::KILL);
    eventually("it ends with its server", PATIENCE, async || alive(cell).is_none().then_some(()))
        .await;
}

/// The one that works on a picture which never ends; others may wait for the next picture.
async fn cell_of(server: &Server) -> u32 {
    let cell = eventually("a picture is rendered in a process of its own", PATIENCE, async || {
        children(server.pid()).into_iter().find(|cell| worked_ticks(*cell) >= BUSY_TICKS_MIN)
    });
    cell.await
}

fn pid(raw: u32) -> Pid {
    i32::try_from(raw).ok().and_then(Pid::from_raw).expect("it is the id of a process")
}

#[tokio::test]
async fn five_pictures_of_fifty_megapixels_stay_inside_half_a_gigabyte_with_all_processes() {
    let (_folder, server) = server(&[("IMAGE_S_MAX", "600")]).await;
    let client = server.client();
    let forms = great::forms();
    let alike = [0, 1, 2, 3, 4].map(|number: u8| with_comment(&forms[0], &number.to_string()));
    let [_, baseline, _in_rows, interlaced, gif] = forms;
    let rest = vec![baseline, interlaced, gif];
    for (name, pictures) in [("five progressive JPEGs", alike.to_vec()), ("other forms", rest)] {
        client.send(&Request::post("/v1/admin/queue/pause")).await.success();
        let mut paths = Vec::new();
        for picture in pictures {
            paths.push(submitted(&client, picture).await);
        }
        client.send(&Request::post("/v1/admin/queue/resume")).await.success();
        let peak = peak_until_made(&server, paths).await;
        say(&format!("{name}: {} MB resident at the most, all processes", peak >> 20));
        assert!(peak <= RESIDENT_BYTES_MAX, "{name}: {} MB", peak >> 20);
    }
    server.stop().await;
}

async fn peak_until_made(server: &Server, mut paths: Vec<String>) -> u64 {
    let client = server.client();
    let mut peak = 0;
    let made = eventually("great pictures are made", PATIENCE, async || {
        let cells = children(server.pid());
        peak = peak.max(cells.iter().chain([&server.pid()]).map(|pid| resident_bytes(*pid)).sum());
        let task = client.get(paths.last()?).await;
        if task.status == 200 {
            let task = task.json();
            assert_ne!(task["state"], "failed", "{task}");
            paths.pop_if(|_| task["state"] == "completed");
        }
        paths.is_empty().then_some(())
    });
    made.await;
    peak
}

/// A decoder that was given too little memory, and `picture`.
fn asked(picture: &[u8]) -> Child {
    let orders = json!({
        "limits": {}, "presets": "1024x1024.jpg=1024", "memory_bytes_max": 150 << 20,
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya"));
    command.args(["render", &orders.to_string()]).env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut cell = command.spawn().expect("the program can be started");
    let asks = cell.stdin.as_mut().expect("it is piped");
    let length = u32::try_from(picture.len()).expect("it is short").to_le_bytes();
    asks.write_all(&length).and_then(|()| asks.write_all(picture)).expect("it reads");
    cell
}

#[test]
fn a_library_that_is_given_no_memory_is_no_corrupt_picture() {
    let [progressive, ..] = great::forms();
    let mut cell = asked(&progressive);
    let answers = cell.stdout.as_mut().expect("it is piped");
    let mut length = [0; 4];
    answers.read_exact(&mut length).expect("it answers");
    let mut head = vec![0; u32::from_le_bytes(length) as usize];
    answers.read_exact(&mut head).expect("it answers");
    let head: Value = serde_json::from_slice(&head).expect("a head is JSON");
    assert_eq!(head["Err"]["code"], "out_of_memory", "{head}");
    drop(cell.stdin.take());
    assert!(cell.wait().expect("it was started").success(), "it ends when nobody asks any more");
}

#[test]
fn a_decoder_of_ours_that_is_given_no_memory_ends_and_says_why() {
    let [.., interlaced, _] = great::forms();
    let mut cell = asked(&interlaced);
    let mut words = String::new();
    let read = cell.stderr.as_mut().expect("it is piped").read_to_string(&mut words);
    read.expect("it says what it says in words");
    assert!(words.contains("memory allocation of"), "{words}");
    assert!(!cell.wait().expect("it was started").success(), "{words}");
}
