//! Each store of the production profile is killed under load and comes back after a while: all processes go on by
//! themselves, and nothing that was acknowledged is lost, done twice, or told twice.
//!
//! `OUTAGE_S` says how long each is away (5).
#![cfg(all(feature = "failpoints", feature = "production"))]

#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "crash/blocks.rs"]
mod blocks;
#[path = "cluster_faults/check.rs"]
mod check;
#[path = "common/common.rs"]
mod common;
#[path = "cluster_faults/doors.rs"]
mod doors;
#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "crash/ledger.rs"]
mod ledger;
#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "cluster_faults/load.rs"]
mod load;
#[path = "cluster_faults/rest.rs"]
mod rest;
#[path = "cluster_faults/services.rs"]
mod second;
#[path = "cluster_faults/shown.rs"]
mod shown;
#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "cluster_faults/truth.rs"]
mod truth;

use std::time::Duration;

use tokio::time::Instant;

use check::{Witnesses, check};
use common::cluster::{Cluster, Installation};
use common::say;
use common::server::Server;
use common::wait::within;
use load::Load;
use second::Services;

const OUTAGE_S_DEFAULT: u64 = 5;
const STORES: [&str; 4] = ["redis", "mongo", "kafka", "postgres"];

#[tokio::test]
async fn every_store_may_go_away_and_come_back() {
    // Where the shared services run, a second set can.
    if services::kafka().is_none() {
        return;
    }
    let outage_s = std::env::var("OUTAGE_S");
    let outage_s = outage_s.map_or(OUTAGE_S_DEFAULT, |text| text.parse().expect("a number"));
    let services = Services::up().await;
    let installation = Installation::over(services.addresses());
    let cluster = Cluster::start(&installation).await;
    let load = Load::default();
    load.doors.open("ams", &cluster.ams);
    load.doors.open("api", &cluster.api);
    let outages = async {
        for store in STORES {
            load.goes_on().await;
            go_away(&services, store, outage_s, &load).await;
        }
        load.end();
    };
    tokio::join!(outages, load.run());
    let all = [
        &cluster.ams,
        &cluster.api,
        &cluster.relay,
        &cluster.projections,
        &cluster.images,
        &cluster.vibration,
    ];
    let witnesses = Witnesses {
        ams: cluster.commands(),
        api: cluster.queries(),
        projections: vec![cluster.projections.client()],
        all: all.map(Server::client).to_vec(),
    };
    check(&installation, &witnesses, load.into_asked()).await;
    cluster.stop().await;
}

async fn go_away(services: &Services, store: &str, outage_s: u64, load: &Load) {
    services.kill(store).await;
    let before = load.acknowledged();
    within(Duration::from_secs(outage_s), async || None::<()>).await;
    let meanwhile = load.acknowledged() - before;
    services.start(store).await;
    let back = Instant::now();
    load.goes_on().await;
    say(&format!(
        "{store:<9} away for {outage_s} s: {meanwhile} commands acknowledged meanwhile, all as before {:.1} s after it \
         was back",
        back.elapsed().as_secs_f64()
    ));
}
