//! Whoever asked is told by the real program, and the program of the how-to page can tell a genuine message.

#[path = "common/common.rs"]
mod common;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver as Lines, channel};
use std::time::Duration;

use serde_json::Value;

use common::client::{Client, Request};
use common::samples::jpeg;
use common::server::{Server, ServerOptions};
use common::wait::eventually;

const PAGE: &str = include_str!("../docs/howto/webhooks.md");
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// A newer key, which the receiver does not know yet.
const NEW_KEY: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const TOLD_S_MAX: u64 = 30;

/// The receiver of the page, as a program of its own.
struct Receiver {
    child: Child,
    lines: Lines<String>,
    port: u16,
}

impl Receiver {
    fn start(port: u16) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let program = folder.path().join("webhook_receiver.py");
        std::fs::write(&program, python()).expect("a file can be written");
        let mut child = Command::new("python3")
            .arg(&program)
            .env("WEBHOOK_SECRET", KEY)
            .env("PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a Python");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let first = lines.recv_timeout(Duration::from_secs(TOLD_S_MAX)).expect("it starts");
        let port = first.strip_prefix("listening on ").and_then(|port| port.parse().ok());
        Self { child, lines, port: port.unwrap_or_else(|| panic!("it said {first}")) }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// The next genuine message.
    fn told(&self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(TOLD_S_MAX));
        serde_json::from_str(&line.expect("somebody is told")).expect("a message is JSON")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn python() -> &'static str {
    let after = PAGE.split("```python\n").nth(1).expect("the page has a program");
    after.split("```").next().expect("a block is closed")
}

fn options(data: &Path) -> ServerOptions {
    ServerOptions::new(data)
        .with("WEBHOOK_SECRETS", format!("{NEW_KEY},{KEY}"))
        .with("WEBHOOK_ALLOW", "127.0.0.1")
        .with("WEBHOOK_RETRY_S", "1")
        .with("WEBHOOK_ATTEMPTS_MAX", "2")
}

async fn submitted(client: &Client, callback_url: &str) -> String {
    let upload = Request::post(format!("/v1/images?callback_url={callback_url}"));
    let answer = client.send(&upload.bytes("image/jpeg", jpeg(64, 48, 1))).await.success();
    answer.json()["task_id"].as_str().expect("a task has an id").to_owned()
}

/// The notifications of a task, once they stand as wanted.
async fn standing(client: &Client, task_id: &str, state: &str) -> Value {
    let path = format!("/v1/images/{task_id}/notifications");
    let bound = Duration::from_secs(TOLD_S_MAX);
    eventually(state, bound, async || {
        let answer = client.get(&path).await;
        let found = (answer.status == 200).then(|| answer.json())?;
        (found["state"] == state).then_some(found)
    })
    .await
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

#[tokio::test]
async fn whoever_asked_is_told_in_a_way_that_another_program_can_verify() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(&options(data.path())).await;
    let (client, receiver) = (server.client(), Receiver::start(0));
    let task_id = submitted(&client, &receiver.url()).await;
    let told = receiver.told();
    assert_eq!(told["type"], "image.completed");
    assert_eq!(told["data"]["task_id"], task_id.as_str());
    let href = told["data"]["variants"][0]["href"].as_str().expect("a variant has an address");
    assert_eq!(client.get(href).await.status, 200);
    let shown = standing(&client, &task_id, "delivered").await;
    assert_eq!(shown["messages"][0]["attempts"][0]["status"], 204);
    for secret in ["MfKQ", "AAEC"] {
        assert!(!server.log().contains(secret), "a secret is in the log");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_forged_message_is_told_from_a_genuine_one() {
    let receiver = Receiver::start(0);
    let client = Client::new(&format!("http://127.0.0.1:{}", receiver.port));
    let now = jiff::Timestamp::now().as_second().to_string();
    for signature in ["", "v1,", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="] {
        let forged = Request::post("/hook")
            .bytes("application/json", "{}")
            .header("webhook-id", "image-7/4")
            .header("webhook-timestamp", &now)
            .header("webhook-signature", signature);
        assert_eq!(client.send(&forged).await.status, 401, "{signature}");
    }
}

#[tokio::test]
async fn what_was_parked_outlives_a_restart_and_is_told_after_a_replay() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(&options(data.path())).await;
    let port = free_port();
    let task_id = submitted(&server.client(), &format!("http://127.0.0.1:{port}/hook")).await;
    let shown = standing(&server.client(), &task_id, "parked").await;
    let attempts = shown["messages"][0]["attempts"].as_array().expect("attempts are listed");
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0]["reason"], "there was no answer: no connection could be made");
    server.stop().await;

    let receiver = Receiver::start(port);
    let server = Server::start(&options(data.path())).await;
    let client = server.client();
    let parked = client.json("/v1/notifications?state=parked").await;
    assert_eq!(parked["items"][0]["task_id"], task_id.as_str());
    let replay = Request::post(format!("/v1/images/{task_id}/notifications/replay"));
    client.send(&replay).await.success();
    assert_eq!(receiver.told()["data"]["task_id"], task_id.as_str());
    standing(&client, &task_id, "delivered").await;
    server.stop().await;
}

#[tokio::test]
async fn what_waits_for_its_next_attempt_is_told_after_a_restart() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let patient = options(data.path()).with("WEBHOOK_ATTEMPTS_MAX", "1000");
    let server = Server::start(&patient).await;
    let port = free_port();
    let task_id = submitted(&server.client(), &format!("http://127.0.0.1:{port}/hook")).await;
    let path = format!("/v1/images/{task_id}/notifications");
    let client = server.client();
    eventually("an attempt", Duration::from_secs(TOLD_S_MAX), async || {
        let answer = client.get(&path).await;
        let tried = |body: &Value| body["messages"][0]["attempts"].as_array().map(Vec::len);
        (answer.status == 200 && tried(&answer.json()) >= Some(1)).then_some(())
    })
    .await;
    // No orderly end: what is known is in the log.
    drop(server);
    let receiver = Receiver::start(port);
    let server = Server::start(&patient).await;
    assert_eq!(receiver.told()["data"]["task_id"], task_id.as_str());
    standing(&server.client(), &task_id, "delivered").await;
    server.stop().await;
}

#[tokio::test]
async fn an_internal_address_that_is_not_allowed_is_refused_at_the_door() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(&options(data.path())).await;
    let client = server.client();
    for url in ["http://127.0.0.2/", "https://169.254.169.254/", "https://[::ffff:10.0.0.1]/"] {
        let upload = Request::post(format!("/v1/images?callback_url={url}"));
        let answer = client.send(&upload.bytes("image/jpeg", jpeg(64, 48, 1))).await;
        assert_eq!(answer.status, 422, "{url}: {}", answer.text());
        assert_eq!(answer.json()["errors"][0]["pointer"], "/callback_url");
    }
    server.stop().await;
}
