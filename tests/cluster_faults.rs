//! Real processes of the production profile, one per role over the real services, are killed at every named point
//! and frozen past their terms, under load. Held against PostgreSQL and Kafka themselves, nothing that was acknowledged
//! is lost, done twice, told twice or out of order, and what is shown follows from the log.
//!
//! `CLUSTER_CRASH_RUNS` says how often per point (1), `CLUSTER_ZOMBIE_RUNS` how often leaders are frozen (1).
//! `CLUSTER_CRASH_ROLES` says which roles are killed (`vibration,images`); all, when it is not set.
#![cfg(all(feature = "failpoints", feature = "production"))]

#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "crash/blocks.rs"]
mod blocks;
#[path = "cluster_faults/chain.rs"]
mod chain;
#[path = "cluster_faults/check.rs"]
mod check;
#[path = "common/common.rs"]
mod common;
#[path = "cluster_faults/doors.rs"]
mod doors;
#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "crash/ledger.rs"]
mod ledger;
#[path = "cluster_faults/load.rs"]
mod load;
#[path = "cluster_faults/points.rs"]
mod points;
#[path = "crash/random.rs"]
mod random;
#[path = "cluster_faults/rest.rs"]
mod rest;
#[path = "cluster_faults/shown.rs"]
mod shown;
#[path = "cluster_faults/truth.rs"]
mod truth;
#[path = "cluster_faults/zombies.rs"]
mod zombies;

use std::cell::Cell;

use futures::future::join_all;
use tokio::sync::Mutex;

use chain::chain;
use check::{Witnesses, check};
use common::cluster::{Cluster, Installation};
use common::say;
use common::server::Server;
use load::Load;
use points::ROLES;
use zombies::{LED, haunt};

const RUNS_DEFAULT: u64 = 1;

fn runs(name: &str) -> u64 {
    std::env::var(name).map_or(RUNS_DEFAULT, |runs| runs.parse().expect("a number"))
}

fn is_killed(role: &str) -> bool {
    let named = std::env::var("CLUSTER_CRASH_ROLES");
    named.map_or(true, |named| named.split(',').any(|name| name == role))
}

/// Two installations at once would be too many processes for two cores.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn nothing_acknowledged_is_lost_by_a_kill_of_any_role_at_any_point() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let Some(installation) = Installation::migrated() else { return };
    let (runs, load, landed) = (runs("CLUSTER_CRASH_RUNS"), Load::default(), Cell::new(0));
    say("role         point                    passage  landed, s  acknowledged");
    let killed = async {
        let chains = ROLES.iter().map(|role| {
            let runs = if is_killed(role.name) { runs } else { 0 };
            chain(&installation, role, runs, &load, &landed)
        });
        let servers = join_all(chains).await;
        load.end();
        servers
    };
    let (servers, ()) = tokio::join!(killed, load.run());
    let killed = ROLES.iter().filter(|role| is_killed(role.name));
    let points: usize = killed.map(|role| role.points.len()).sum();
    assert!(points > 0, "somebody is killed");
    assert_eq!(landed.get(), points as u64 * runs, "every kill landed");
    let [ams, api, _relay, projections, _images, _vibration] = &servers[..] else {
        panic!("a process per role: {}", servers.len());
    };
    let witnesses = Witnesses {
        ams: ams.client(),
        api: api.client(),
        projections: vec![projections.client()],
        all: servers.iter().map(Server::client).collect(),
    };
    check(&installation, &witnesses, load.into_asked()).await;
    for server in servers {
        server.stop().await;
    }
}

#[tokio::test]
async fn a_leader_that_wakes_up_after_its_term_changes_nothing() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let Some(installation) = Installation::migrated() else { return };
    let cluster = Cluster::start(&installation).await;
    let [relay, projections, vibration] = LED.map(|role| installation.start(role));
    let standbys = <[Server; LED.len()]>::from(tokio::join!(relay, projections, vibration));
    let load = Load::default();
    load.doors.open("ams", &cluster.ams);
    load.doors.open("api", &cluster.api);
    let haunted = async {
        let mut leaders = [&cluster.relay, &cluster.projections, &cluster.vibration];
        let mut others = standbys.each_ref();
        for _ in 0..runs("CLUSTER_ZOMBIE_RUNS") {
            haunt(&installation, leaders, &load).await;
            // Who was frozen stands by from now on.
            std::mem::swap(&mut leaders, &mut others);
        }
        load.end();
    };
    tokio::join!(haunted, load.run());
    let leaders = [&cluster.relay, &cluster.projections, &cluster.images, &cluster.vibration];
    let witnesses = Witnesses {
        ams: cluster.commands(),
        api: cluster.queries(),
        projections: [&cluster.projections, &standbys[1]].map(Server::client).to_vec(),
        all: leaders.into_iter().chain(&standbys).map(Server::client).collect(),
    };
    check(&installation, &witnesses, load.into_asked()).await;
    for standby in standbys {
        standby.stop().await;
    }
    cluster.stop().await;
}
