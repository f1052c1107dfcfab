//! When everything that was asked for has been done.

use std::time::Duration;

use serde_json::Value;

use crate::common::client::{Client, Request};
use crate::common::wait::{eventually, within};

/// How long work in hand may take to be done, leases of a dead process included.
pub(crate) const QUIET_S_MAX: u64 = 60;
const UNAVAILABLE: u16 = 503;

/// Returns when every handler has come to the end of the log and no picture is waiting.
pub(crate) async fn quiet(client: &Client) {
    let bound = Duration::from_secs(QUIET_S_MAX);
    let mut last = String::new();
    let quiet = within(bound, async || {
        last = unrest(client).await?;
        last.is_empty().then_some(())
    });
    assert!(quiet.await.is_some(), "not quiet within {bound:?}: {last}");
}

/// What is not at rest; empty when all is.
async fn unrest(client: &Client) -> Option<String> {
    // What is open shows only once everything is handled, and may have given events since: so it is asked in between.
    let open = async || {
        for state in ["submitted", "processing"] {
            let answer = client.get(&format!("/v1/images?state={state}&limit=1")).await;
            // A moment after the start there may be no documents yet.
            if answer.status == UNAVAILABLE {
                return answer.text();
            }
            let open = answer.success().json();
            if open["items"].as_array().is_none_or(|items| !items.is_empty()) {
                return format!("an image is {state}");
            }
        }
        String::new()
    };
    for look in [lag(client).await?, open().await, lag(client).await?] {
        if !look.is_empty() {
            return Some(look);
        }
    }
    Some(String::new())
}

/// Who has not come to the end of the log.
async fn lag(client: &Client) -> Option<String> {
    let metrics = client.get("/metrics").await.success().text();
    let behind = metrics
        .lines()
        .find(|line| line.starts_with("atalaya_subscription_lag_events") && !line.ends_with(" 0"));
    if let Some(line) = behind {
        return Some(line.to_owned());
    }
    let rows = client.json("/v1/admin/projections").await;
    let live = |row: &&Value| row["state"] != "previous";
    let behind = rows.as_array()?.iter().filter(live).find(|row| row["lag_events"] != 0);
    Some(behind.map_or_else(String::new, Value::to_string))
}

/// Builds every projection anew and asserts that each comes to the same documents as the live one. Those that are
/// `forced` need not: they show what was changed beneath them.
pub(crate) async fn rebuild_everything(client: &Client, forced: &[&str]) {
    let names = live_rows(client).await;
    let names: Vec<_> = names.iter().filter_map(|row| row["name"].as_str()).collect();
    assert!(names.len() >= 4, "the projections are {names:?}");
    for name in &names {
        let force = forced.contains(name);
        let path = format!("/v1/admin/projections/{name}/rebuild?force={force}");
        client.send(&Request::post(path)).await.success();
    }
    let bound = Duration::from_secs(QUIET_S_MAX);
    let rows = eventually("every rebuild ends", bound, async || {
        let rows = live_rows(client).await;
        let ended = |row: &Value| row["last_rebuild"]["outcome"].is_string();
        (rows.len() == names.len() && rows.iter().all(ended)).then_some(rows)
    });
    for row in rows.await {
        assert_eq!(row["last_rebuild"]["phase"], "done", "live and rebuilt differ: {row}");
        assert_eq!(row["last_rebuild"]["events_parked"], 0, "{row}");
    }
}

async fn live_rows(client: &Client) -> Vec<Value> {
    let rows = client.json("/v1/admin/projections").await;
    let rows = rows.as_array().cloned().unwrap_or_default();
    rows.into_iter()
        .filter(|row| !matches!(row["state"].as_str(), Some("previous" | "rebuilding")))
        .collect()
}
