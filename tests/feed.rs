//! The live feed while many write at once: each event once, in order, through every reconnect.

#[path = "common/common.rs"]
mod common;

use std::cell::Cell;
use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::time::timeout;

use common::client::{Client, Request};
use common::feed::{assert_dense, whole_log};
use common::server::{Server, ServerOptions};
use common::wait::eventually;

const WRITERS: u64 = 16;
/// They all write to these, so that they meet.
const MOTORS: u64 = 4;
const REVISIONS_PER_WRITER: u64 = 25;
/// After so many events the reader hangs up and comes back.
const EVENTS_PER_CONNECTION: usize = 37;
/// How long the feed may be silent while events are still to come.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// What became of a writer's commands.
#[derive(Default)]
struct Tally {
    accepted: Cell<u64>,
    conflicts: Cell<u64>,
}

#[tokio::test]
async fn a_reader_that_keeps_reconnecting_sees_every_event_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&ServerOptions::new(folder.path())).await;
    let client = server.client();
    // A query is refused before the first build of its read model has ended.
    let built = async || (client.get("/v1/motors").await.status == 200).then_some(());
    eventually("the motors can be asked for", SILENCE_MAX, built).await;
    let mut motors = Vec::new();
    for number in 0..MOTORS {
        motors.push(register(&client, number).await);
    }
    let tally = Tally::default();
    let writers = join_all((0..WRITERS).map(|writer| write(&client, &motors, writer, &tally)));
    let expected = MOTORS + WRITERS * REVISIONS_PER_WRITER;
    let (_, (seen, connections)) = tokio::join!(writers, tail(&client, expected));

    assert_eq!(seen, (1..=expected).collect::<Vec<_>>(), "1 to N, each once, in order");
    assert!(connections > 5, "only {connections} connections");
    assert!(tally.conflicts.get() > 0, "the writers never met");
    let events = whole_log(&client).await;
    assert_eq!(events.len() as u64, MOTORS + tally.accepted.get(), "what is accepted, and no more");
    let lengths = assert_dense(&events);
    assert_eq!(lengths.values().sum::<u64>(), expected);
    server.stop().await;
}

async fn register(client: &Client, number: u64) -> String {
    let register = Request::post("/v1/motors").json(&json!({
        "name": format!("P-{number}"),
        "rated_power_kw": 11,
        "rated_speed_rpm": 1480,
    }));
    let answer = client.send(&register).await.success();
    format!("/v1/motors/{}", answer.json()["motor_id"].as_str().expect("a motor has an id"))
}

/// Revises the motors in turn. Each second revision insists on a version, and is made again when another was quicker.
async fn write(client: &Client, motors: &[String], writer: u64, tally: &Tally) {
    let mut number = 0;
    while number < REVISIONS_PER_WRITER {
        let motor = &motors[((writer + number) % MOTORS) as usize];
        let location = json!({ "location": format!("{writer}/{number}") });
        let mut revise = Request::new(Method::PATCH, motor).json(&location);
        if number % 2 == 1 {
            let shown = client.get(motor).await.success();
            revise = revise.header("if-match", shown.header("etag"));
        }
        let answer = client.send(&revise).await;
        match answer.status {
            200 => {
                number += 1;
                tally.accepted.set(tally.accepted.get() + 1);
            }
            412 => {
                answer.problem(412, "version_mismatch");
                tally.conflicts.set(tally.conflicts.get() + 1);
            }
            // Too many meet at one motor: nothing was written, and trying again makes sense.
            409 => {
                answer.problem(409, "contended");
            }
            _ => panic!("{}: {}", answer.status, answer.text()),
        }
    }
}

/// The positions that come up to `last`, and over how many connections.
async fn tail(client: &Client, last: u64) -> (Vec<u64>, usize) {
    let mut seen: Vec<u64> = Vec::new();
    let mut connections = 0;
    while seen.last().is_none_or(|&position| position < last) {
        connections += 1;
        let resume = seen.last().copied();
        seen.extend(listen(client, resume, last).await);
    }
    (seen, connections)
}

/// One connection: what comes until it has been enough.
async fn listen(client: &Client, resume: Option<u64>, last: u64) -> Vec<u64> {
    let mut request =
        client.request(Method::GET, "/v1/events").header("accept", "text/event-stream");
    if let Some(position) = resume {
        request = request.header("last-event-id", position.to_string());
    }
    let response = request.send().await.expect("the feed answers");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut chunks = response.bytes_stream();
    let (mut text, mut seen) = (String::new(), Vec::new());
    while seen.len() < EVENTS_PER_CONNECTION && seen.last() != Some(&last) {
        let chunk = timeout(SILENCE_MAX, chunks.next()).await;
        let chunk = chunk
            .expect("more events are to come")
            .expect("the server keeps the stream open")
            .expect("it can be read");
        text.push_str(std::str::from_utf8(&chunk).expect("events are plain text"));
        // What came after it was cut off by hanging up is sent again.
        while let Some((event, rest)) = text.split_once("\n\n") {
            seen.extend(position_of(event));
            text = rest.to_owned();
            if seen.len() == EVENTS_PER_CONNECTION {
                break;
            }
        }
    }
    seen
}

/// The `id:` of an event, which is also in its data; none for a comment.
fn position_of(event: &str) -> Option<u64> {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let (id, data) = (field("id:")?, field("data:").expect("an event has data"));
    let data: serde_json::Value = serde_json::from_str(data).expect("data is JSON");
    assert_eq!(data["sequence"], id, "{event}");
    id.parse().ok()
}
