//! A projection from zero over the real stores, while commands and queries go on: readers notice nothing, the documents
//! are the same, and a roll-back is as quiet.
//!
//! `REBUILD_EVENTS` says how many events the log has (20 000), `REBUILD_MOTORS` of how many motors (500). What it took is
//! printed.
#![cfg(feature = "production")]

#[path = "common/common.rs"]
mod common;
#[path = "common/history.rs"]
mod history;
#[path = "rebuild_cluster/load.rs"]
mod load;
#[path = "rebuild_cluster/plant.rs"]
mod plant;

use std::env;
use std::time::Instant;

use common::cluster::Installation;
use common::say;
use history::History;
use load::Load;
use plant::Plant;

const EVENTS: u64 = 20_000;
const MOTORS: u64 = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_and_a_roll_back_under_load_are_noticed_by_nobody() {
    let Some(installation) = Installation::migrated() else { return };
    let history = History::of(number("REBUILD_EVENTS", EVENTS), number("REBUILD_MOTORS", MOTORS));
    let begun = Instant::now();
    plant::write(&installation, history).await;
    say(&format!("{} events written in {:.1} s", history.events(), begun.elapsed().as_secs_f64()));

    let begun = Instant::now();
    let plant = Plant::start(&installation, history).await;
    say(&format!("all projections built in {:.1} s", begun.elapsed().as_secs_f64()));
    let load = Load::on(&plant, history);
    load.has_begun().await;

    let begun = Instant::now();
    let rebuilt = plant.rebuild("motors").await;
    let outcome = &rebuilt.outcome;
    say(&format!("{outcome}; {:.1} s in all", begun.elapsed().as_secs_f64()));
    assert!(outcome.contains("the documents are the same"), "{outcome}");
    assert!(outcome.contains(&format!("({} documents", history.motors)), "{outcome}");
    assert!(rebuilt.positions.is_sorted(), "{:?}", rebuilt.positions);
    assert_eq!(plant.live_and_previous("motors").await, (Some(2), Some(1)));

    let begun = Instant::now();
    assert_eq!(plant.roll_back("motors").await, 1);
    say(&format!("rolled back in {} ms", begun.elapsed().as_millis()));
    assert_eq!(plant.live_and_previous("motors").await, (Some(1), Some(2)));

    let counts = load.stop().await;
    let (reads, behind, writes) = (counts.reads, counts.behind, counts.writes);
    say(&format!("meanwhile {reads} reads, {behind} of them asked again, and {writes} writes"));
    assert!(counts.reads > 0 && counts.writes > 0, "{counts:?}");
    assert_eq!(counts.faults, Vec::<String>::new(), "{counts:?}");

    let position = plant.caught_up("motors", counts.position).await;
    let hashes = plant.hashes("motors", [1, 2]).await;
    say(&format!("at position {position}: {}", hashes[0]));
    assert_eq!(hashes[0], hashes[1], "both generations, written by different ways");
    assert_eq!(hashes[0].documents, history.motors);
    plant.stop().await;
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |number| number.parse().expect("a number"))
}
