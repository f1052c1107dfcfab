//! The same records of samples twice: judged by one process that nobody disturbs, and by processes that are killed in the middle
//! of windows, frozen past their term while they judge, and replaced, while everything is sent again. What the motors are
//! told, and of when, and every reading, is the same to the byte.
#![cfg(all(feature = "failpoints", feature = "production"))]

#[path = "common/common.rs"]
mod common;
#[path = "verdicts_under_faults/plant.rs"]
mod plant;
#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "cluster_faults/truth.rs"]
mod truth;

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use rustix::process::Signal;

use common::say;
use common::server::Server;
use common::wait::{eventually, within};
use plant::{Plant, Sent};

const SIGKILL: i32 = 9;
/// A term has to end before another process leads, and then it has to come by its point.
const LANDS_S_MAX: u64 = 60;
const JUDGED_S_MAX: u64 = 300;
/// Where leaders are killed, one after the other; each goes on where the one before was killed.
const KILLS: [&str; 3] =
    ["vibration-mid-window:150", "vibration-after-commit:2", "postgres-after-append:1"];
/// What has to be among the verdicts, so that it means something that they are the same.
const KINDS: [&str; 4] = ["zone_changed", "alarm_raised", "baseline_learned", "finding_began"];

#[tokio::test]
async fn verdicts_and_their_times_are_the_same_when_their_judges_are_killed_and_replaced() {
    let Some(plant) = Plant::new() else { return };
    let Some(undisturbed) = Plant::beside(&plant) else { return };
    let doors = plant.start("ams").await;
    plant.register(&doors).await;
    let alone = undisturbed.start("ams,vibration").await;
    let sent = undisturbed.simulate(&alone).await;
    say(&format!("{} records are on the topic", sent.records));
    let rests = undisturbed.rests(sent.records, JUDGED_S_MAX);
    let ((), (frozen, last)) = tokio::join!(rests, disturb(&plant, &doors, &sent));
    let expected = undisturbed.verdicts();
    say(&format!("undisturbed: {} readings, {:?}", expected.readings.len(), expected.kinds()));
    for kind in KINDS {
        assert!(expected.kinds().contains_key(kind), "there is no {kind}");
    }
    plant.rests(2 * sent.records, JUDGED_S_MAX).await;
    plant.verdicts().assert_are(&expected);
    for server in [last, frozen, doors, alone] {
        server.stop().await;
    }
}

/// Gives the process that was frozen and the one that took its place, once everything was sent a second time.
async fn disturb(plant: &Plant, doors: &Server, sent: &Sent) -> (Server, Server) {
    for point in KILLS {
        kill(plant, point).await;
    }
    let (term, before) = (plant.term(), plant.taken());
    let first = plant.start("vibration").await;
    let works = async || (plant.taken() > before).then_some(());
    eventually("it judges", Duration::from_secs(LANDS_S_MAX), works).await;
    first.signal(Signal::STOP);
    let taken = plant.taken();
    say(&format!("frozen, {taken} of {} records judged", sent.records));
    assert!(taken < sent.records, "it was frozen when nothing was left to be judged");
    assert!(plant.term() > term, "somebody else led");
    let term = plant.term();
    let second = plant.start("vibration").await;
    let leads = async || (plant.term() > term).then_some(());
    eventually("another process leads", Duration::from_secs(LANDS_S_MAX), leads).await;
    first.signal(Signal::CONT);
    // As producers do that have had no answer.
    plant.simulate(doors).await;
    (first, second)
}

async fn kill(plant: &Plant, point: &'static str) {
    let before = plant.taken();
    let signal = match plant.try_start_armed(point).await {
        Ok(mut server) => {
            let bound = Duration::from_secs(LANDS_S_MAX);
            let ended = within(bound, async || (!server.is_running()).then_some(())).await;
            assert!(ended.is_some(), "nobody came by {point}");
            server.killed_by(LANDS_S_MAX).await
        }
        Err(died) => died.status.signal(),
    };
    assert_eq!(signal, Some(SIGKILL), "armed with {point}");
    say(&format!("killed at {point}: {before} to {} records judged", plant.taken()));
}
