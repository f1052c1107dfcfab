//! Events that cannot be read: of a form that nobody knows, or broken on the disk.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::world::register;
use crate::common::client::{Client, Request};
use crate::common::quiet::{QUIET_S_MAX, quiet};
use crate::common::server::{Server, ServerOptions};
use crate::common::tamper;
use crate::common::wait::eventually;

fn id_of(motor: &str) -> &str {
    motor.rsplit('/').next().unwrap_or_default()
}

fn relocate(motor: &str) -> Request {
    Request::new(Method::PATCH, motor).json(&json!({ "location": "Hall 7" }))
}

async fn letters(client: &Client) -> Vec<Value> {
    let page = client.json("/v1/admin/dead-letters").await;
    page["items"].as_array().cloned().unwrap_or_default()
}

/// Two motors, of which the first is then tampered with while the server is down.
async fn tampered(folder: &std::path::Path, tamper: impl FnOnce(&str)) -> (Server, String, String) {
    let server = Server::start(&ServerOptions::new(folder)).await;
    let client = server.client();
    let (bad, good) = (register(&client, "P-bad").await, register(&client, "P-good").await);
    quiet(&client).await;
    server.stop().await;
    tamper(id_of(&bad));
    (Server::start(&ServerOptions::new(folder)).await, bad, good)
}

#[tokio::test]
async fn an_event_of_an_unknown_form_parks_its_stream_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let poison = |motor: &str| tamper::poison(folder.path(), &[motor.to_owned()]);
    let (server, bad, good) = tampered(folder.path(), poison).await;
    let client = server.client();
    quiet(&client).await;
    let parked = letters(&client).await;
    assert!(parked.iter().any(|letter| letter["subscription"] == "motors.1"), "{parked:?}");
    for letter in &parked {
        assert_eq!(letter["subject"], id_of(&bad), "only of that motor: {letter}");
        assert!(!letter["reason"].as_str().unwrap_or_default().is_empty(), "{letter}");
    }
    // The feed hands the event on as it is; what it says is for whoever reads it.
    let feed = client.json("/v1/events?category=motor").await;
    assert_eq!(feed["events"][2]["data"], json!({ "name": 7 }), "{feed}");
    // Its motor is not decided about any more, and shown as it was; others go on.
    let problem = client.send(&relocate(&bad)).await.problem(500, "corrupt_history");
    assert!(problem["detail"].as_str().unwrap_or_default().contains(id_of(&bad)), "{problem}");
    assert_eq!(client.json(&bad).await["version"], 1);
    let written = client.send(&relocate(&good)).await.success();
    let path = format!("{good}?min_position={}", written.number("position"));
    assert_eq!(client.json(&path).await["location"], "Hall 7");
    server.stop().await;

    // Once the event can be read, a replay brings everything up to date.
    tamper::heal(folder.path(), &[id_of(&bad).to_owned()]);
    let server = Server::start(&ServerOptions::new(folder.path())).await;
    let client = server.client();
    for letter in letters(&client).await {
        let path = format!("/v1/admin/dead-letters/{}/replay", letter["id"]);
        let asked = client.send(&Request::post(path)).await;
        assert!(matches!(asked.status, 202 | 404), "{}", asked.text());
    }
    let bound = Duration::from_secs(QUIET_S_MAX);
    let healed = eventually("nothing is parked any more", bound, async || {
        letters(&client).await.is_empty().then_some(())
    });
    healed.await;
    assert_eq!(client.json(&bad).await["location"], "behind");
    client.send(&relocate(&bad)).await.success();
    server.stop().await;
}

#[tokio::test]
async fn an_event_that_is_broken_on_the_disk_is_told_and_never_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let tear = |motor: &str| tamper::break_newest(folder.path(), motor);
    let (mut server, bad, good) = tampered(folder.path(), tear).await;
    let client = server.client();
    // Whoever asks for it is told that it is not there, and never gets a log without it.
    client.get("/v1/events").await.problem(503, "unavailable");
    let refused = client.send(&relocate(&bad)).await;
    assert!(matches!(refused.status, 500 | 503), "{}", refused.text());
    assert_eq!(refused.header("content-type"), "application/problem+json");
    // What does not need it goes on.
    let beyond = client.json("/v1/events?after=1").await;
    assert_eq!(beyond["events"][0]["sequence"], "2", "{beyond}");
    client.send(&relocate(&good)).await.success();
    assert_eq!(client.json(&bad).await["name"], "P-bad", "its document is as it was");
    assert!(server.is_running());
    // An operator finds out where it is.
    let bound = Duration::from_secs(QUIET_S_MAX);
    let named = eventually("the log names the event", bound, async || {
        server.log().contains("the event at position 1").then_some(())
    });
    named.await;
    server.stop().await;
}
