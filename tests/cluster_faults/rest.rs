//! When everything that was asked for has been done, over all processes.

use std::time::Duration;

use serde_json::Value;

use crate::common::client::{Client, Request};
use crate::common::wait::{eventually, within};

/// How long work in hand may take to be done, terms and leases of dead processes included.
pub(crate) const REST_S_MAX: u64 = 60;

/// Returns when every handler has come to the end of the log and no picture is waiting.
pub(crate) async fn rest(all: &[Client], api: &Client, projections: &Client) {
    let mut last = String::new();
    let at_rest = within(Duration::from_secs(REST_S_MAX), async || {
        last = unrest(all, api, projections).await;
        last.is_empty().then_some(())
    });
    assert!(at_rest.await.is_some(), "no rest within {REST_S_MAX} s: {last}");
}

/// The process that keeps the projections. Others answer that they stand by.
pub(crate) async fn keeper(candidates: &[Client]) -> Client {
    let bound = Duration::from_secs(REST_S_MAX);
    let keeper = eventually("somebody keeps the projections", bound, async || {
        for candidate in candidates {
            let list = Request::get("/v1/admin/projections");
            let answer = candidate.try_send(&list).await.ok()?;
            let rows = if answer.status == 200 { answer.json() } else { continue };
            if rows.as_array().is_some_and(|rows| !rows.is_empty()) {
                return Some(candidate.clone());
            }
        }
        None
    });
    keeper.await
}

/// What is not at rest; empty when all is. What is open shows only once everything is handled, and may have given
/// events since: so it is asked in between.
async fn unrest(all: &[Client], api: &Client, projections: &Client) -> String {
    for look in [lag(all, projections).await, open(api).await, lag(all, projections).await] {
        if !look.is_empty() {
            return look;
        }
    }
    String::new()
}

async fn open(api: &Client) -> String {
    for state in ["submitted", "processing"] {
        let open = api.json(&format!("/v1/images?state={state}&limit=1")).await;
        if open["items"].as_array().is_none_or(|items| !items.is_empty()) {
            return format!("an image is {state}");
        }
    }
    String::new()
}

async fn lag(all: &[Client], projections: &Client) -> String {
    for client in all {
        let metrics = client.get("/metrics").await.success().text();
        let behind = metrics.lines().find(|line| {
            line.starts_with("atalaya_subscription_lag_events") && !line.ends_with(" 0")
        });
        if let Some(line) = behind {
            return line.to_owned();
        }
    }
    let answer = projections.get("/v1/admin/projections").await;
    if answer.status != 200 {
        return answer.text();
    }
    let rows = answer.json();
    let live = |row: &&Value| row["state"] != "previous";
    let behind = rows.as_array().into_iter().flatten().filter(live);
    behind.filter(|row| row["lag_events"] != 0).map(Value::to_string).collect()
}
