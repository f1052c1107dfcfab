//! The API's own quota holds: for one process, and for several that share it.

#[path = "common/common.rs"]
mod common;

use std::time::Instant;

use common::client::{Answer, Client, Request};
#[cfg(feature = "production")]
use common::cluster::Installation;
use common::samples::an_hour_ago;
use common::server::{Server, ServerOptions};
use futures::StreamExt;
use futures::stream;
use serde_json::json;

const REQUESTS: usize = 1_000;
const AT_ONCE: usize = 16;
const PER_MINUTE: f64 = 100.0;
const BURST: usize = 200;
const READER: &str = "a secret of somebody who looks";
const WRITER: &str = "a secret of somebody who sends";

fn limited(options: ServerOptions) -> ServerOptions {
    options
        .with("QUOTA_PER_MINUTE", "100")
        .with("QUOTA_BURST", "200")
        .with("API_KEYS", format!("wall:read:{READER},gateway:write:{WRITER}"))
}

/// The log is there as soon as the process is, also where nobody builds documents.
fn look() -> Request {
    Request::get("/v1/events?limit=1").header("x-api-key", READER)
}

/// A thousand requests of one client, to each of `clients` in turn; how many were admitted, and how many may have been.
async fn storm(clients: &[Client]) -> (usize, usize) {
    let began = Instant::now();
    let ask = |n: usize| async move { clients[n % clients.len()].send(&look()).await };
    let answers: Vec<Answer> =
        stream::iter(0..REQUESTS).map(ask).buffer_unordered(AT_ONCE).collect().await;
    let given_back = began.elapsed().as_secs_f64() * PER_MINUTE / 60.0;
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.problem(429, "quota_exceeded");
        assert_eq!(answer.header("retry-after"), "1");
    }
    let admitted = answers.iter().filter(|answer| answer.status == 200).count();
    (admitted, BURST + given_back.ceil() as usize)
}

#[tokio::test]
async fn of_a_thousand_requests_of_one_client_no_more_than_the_budget_are_admitted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&limited(ServerOptions::new(folder.path()))).await;
    let (admitted, allowed) = storm(&[server.client()]).await;
    assert!((BURST..=allowed).contains(&admitted), "{admitted} of {allowed} were admitted");
    common::say(&format!("{admitted} of {REQUESTS} were admitted, {allowed} were allowed"));
    server.stop().await;
}

#[tokio::test]
async fn every_answer_tells_how_much_is_left_and_other_clients_have_a_budget_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let options = limited(ServerOptions::new(folder.path()));
    let server = Server::start(&options).await;
    let client = server.client();
    let first = client.send(&look()).await.success();
    let policy = r#""average";q=100;w=60, "burst";q=200;w=120"#;
    assert_eq!(first.header("ratelimit-policy"), policy);
    assert_eq!(first.header("ratelimit"), r#""burst";r=199;t=1"#);
    storm(std::slice::from_ref(&client)).await;
    let refused = client.send(&look()).await;
    if refused.status == 429 {
        assert!(refused.header("ratelimit").starts_with(r#""burst";r=0;t=1"#), "{refused:?}");
        assert_eq!(refused.header("ratelimit-policy"), policy);
    }
    let other = client.send(&Request::get("/v1/fleet").header("x-api-key", WRITER)).await;
    assert_eq!(other.success().header("ratelimit"), r#""burst";r=199;t=1"#);
    server.stop().await;
}

#[tokio::test]
async fn health_and_vibration_are_not_counted_and_guesses_at_keys_are() {
    let folder = tempfile::tempdir().unwrap();
    let options = limited(ServerOptions::new(folder.path())).with("QUOTA_BURST", "5");
    let server = Server::start(&options).await;
    let client = server.client();
    let motor = json!({ "name": "P-101", "rated_power_kw": 90, "rated_speed_rpm": 1480 });
    let register = Request::post("/v1/motors").json(&motor).header("x-api-key", WRITER);
    let motor = client.send(&register).await.success().header("location").to_owned();
    let value = json!({
        "sensor": "DE", "axis": "axial", "unit": "mm/s", "statistic": "rms", "samples": [1.2],
        "started_at": an_hour_ago().to_string(),
    });
    let block = Request::post(format!("{motor}/vibration")).json(&value);
    let block = block.header("x-api-key", WRITER);
    for _ in 0..20 {
        let answer = client.send(&block).await.success();
        assert_eq!(answer.header("ratelimit"), "");
        client.get("/livez").await.success();
        client.get("/metrics").await.success();
    }
    let guess = |n: usize| Request::get("/v1/fleet").header("x-api-key", format!("guess {n}"));
    let mut statuses = Vec::new();
    for n in 0..7 {
        statuses.push(client.send(&guess(n)).await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);
    server.stop().await;
}

#[cfg(feature = "production")]
#[tokio::test]
async fn two_processes_share_the_budget() {
    let Some(installation) = Installation::migrated() else { return };
    let options = limited(installation.options(&["--roles", "api"]));
    let (one, other) = (Server::start(&options).await, Server::start(&options).await);
    let (admitted, allowed) = storm(&[one.client(), other.client()]).await;
    assert!((BURST..=allowed).contains(&admitted), "{admitted} of {allowed} were admitted");
    common::say(&format!("{admitted} of {REQUESTS} were admitted, {allowed} were allowed"));
    one.stop().await;
    other.stop().await;
}
