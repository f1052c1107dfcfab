//! Relays that die in the middle, and what is on the topics then. Exists with the feature `failpoints` only.

#[path = "support/cluster.rs"]
mod cluster;

use cluster::{Cluster, PATIENCE, Running};
use infra_kafka::relay::RelaySettings;
use tokio::sync::Mutex;

const KILL_POINTS: [&str; 4] =
    ["relay-after-read", "relay-after-send", "relay-before-commit", "relay-after-commit"];
/// The points belong to the process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
/// At once, and in the middle of the copy.
const MOMENTS: [&str; 2] = ["panic", "3*off->panic"];

/// Few events at a time, so that there are many transactions.
fn settings(cluster: &Cluster) -> RelaySettings {
    RelaySettings { page_events_max: 4, pages_max: 1, ..cluster.settings() }
}

async fn dies_at(cluster: &Cluster, kill_point: &str, moment: &str) {
    fail::cfg(kill_point, moment).expect("the action is known");
    let relay = Running::start(cluster.relay_with(settings(cluster)));
    let ended = tokio::time::timeout(PATIENCE, relay.ended).await.expect("it ends in time");
    fail::remove(kill_point);
    assert!(ended.expect_err("the relay dies").is_panic(), "{kill_point}, {moment}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_dies_anywhere_leaves_no_event_out_and_none_twice() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let Some(cluster) = Cluster::fresh().await else { return };
    let mut version = 0;
    for kill_point in KILL_POINTS {
        for moment in MOMENTS {
            cluster.append_alternating(5, version, 8).await;
            version += 8;
            dies_at(&cluster, kill_point, moment).await;
        }
    }
    let mut relay = Running::start(cluster.relay());
    relay.reach(5 * version).await;
    relay.drain().await;
    cluster.assert_copied_once().await;
}

/// The very first transaction dies: its records take offsets, and still nothing was ever copied.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_copy_that_never_ended_is_no_lost_cursor() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let Some(cluster) = Cluster::fresh().await else { return };
    cluster.append_alternating(3, 0, 5).await;
    dies_at(&cluster, "relay-before-commit", "panic").await;
    let mut relay = Running::start(cluster.relay());
    relay.reach(15).await;
    relay.drain().await;
    cluster.assert_copied_once().await;
}
