//! Motors with an event that nobody can read, and what is parked because of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::load::{id, registration};
use crate::common::client::{Client, Request};
use crate::common::quiet::{QUIET_S_MAX, quiet};
use crate::common::server::{Server, ServerOptions};
use crate::common::tamper;
use crate::common::wait::eventually;

/// So many motors; every handler that folds motors parks two events of each.
const VICTIMS: usize = 3;
/// Registered before; the event that nobody can read, and the sound one behind it, come next.
const PARKED_VERSIONS: [u64; 2] = [2, 3];

/// Registers motors, and spoils their streams while the server is down.
pub(crate) async fn spoil(data_dir: &Path, seed: u64) -> Vec<String> {
    let server = Server::start(&ServerOptions::new(data_dir)).await;
    let client = server.client();
    let mut victims = Vec::new();
    for number in 0..VICTIMS {
        let motor = id(seed, &format!("victim-{number}"));
        client.send(&registration(motor)).await.success();
        victims.push(motor.to_string());
    }
    quiet(&client).await;
    server.stop().await;
    tamper::poison(data_dir, &victims);
    victims
}

pub(crate) async fn letters(client: &Client) -> Vec<Value> {
    let page = client.json("/v1/admin/dead-letters").await;
    assert!(page["next"].is_null(), "they fit on one page");
    page["items"].as_array().cloned().unwrap_or_default()
}

/// Every handler that folds motors has parked both events of every victim, each once, and nothing else.
pub(crate) async fn assert_parked(client: &Client, victims: &[String]) {
    quiet(client).await;
    let mut parked: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
    for letter in letters(client).await {
        let text = |name: &str| letter[name].as_str().unwrap_or_default().to_owned();
        let version = letter["version"].as_u64().unwrap_or_default();
        parked.entry((text("subscription"), text("subject"))).or_default().push(version);
    }
    for victim in victims {
        for name in ["motors.", "vibration-fleet"] {
            let is_it = |(handler, subject): &(String, String)| {
                handler.starts_with(name) && subject == victim
            };
            assert!(parked.keys().any(is_it), "{name} has parked nothing of {victim}: {parked:?}");
        }
    }
    for (whose, mut versions) in parked {
        versions.sort_unstable();
        assert_eq!(versions, PARKED_VERSIONS, "{whose:?}");
        assert!(victims.contains(&whose.1), "{whose:?} was never spoiled");
    }
}

/// Asks for every replay that was not asked for yet; an error when the server goes away meanwhile.
pub(crate) async fn request_replays(client: &Client) -> reqwest::Result<()> {
    let page = client.try_send(&Request::get("/v1/admin/dead-letters")).await?.json();
    for letter in page["items"].as_array().into_iter().flatten() {
        if letter["replay_requested"] == false {
            let path = format!("/v1/admin/dead-letters/{}/replay", letter["id"]);
            let answer = client.try_send(&Request::post(path)).await?;
            // Another letter of its sequence may have been asked for before, and all of it replayed by now.
            assert!(matches!(answer.status, 202 | 404), "{}", answer.text());
        }
    }
    Ok(())
}

/// Replays until nothing is parked any more.
pub(crate) async fn replay_all(client: &Client) {
    let bound = Duration::from_secs(QUIET_S_MAX);
    let empty = eventually("every dead letter is replayed", bound, async || {
        request_replays(client).await.ok()?;
        letters(client).await.is_empty().then_some(())
    });
    empty.await;
}
