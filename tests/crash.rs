//! The real process is killed at every named point, over and over, under load; started again, it must have lost
//! nothing that it acknowledged, done nothing twice, and show what it recorded.
//!
//! `CRASH_RUNS` says how often per point (20), `CRASH_POINTS` names some of the points, by commas.

#[path = "crash/album.rs"]
mod album;
#[path = "crash/blocks.rs"]
mod blocks;
#[path = "crash/check.rs"]
mod check;
#[path = "common/common.rs"]
mod common;
#[path = "crash/ledger.rs"]
mod ledger;
#[path = "crash/load.rs"]
mod load;
#[path = "crash/points.rs"]
mod points;
#[path = "crash/poison.rs"]
mod poison;
#[path = "crash/random.rs"]
mod random;
#[path = "crash/run.rs"]
mod run;

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures::{FutureExt, StreamExt, stream};

use album::Album;
use common::say;
use points::{POINTS, Point};

const RUNS_DEFAULT: u64 = 20;
/// So many servers at a time.
const PARALLEL_RUNS: usize = 5;

/// What became of the runs at one point.
#[derive(Default)]
struct Tally {
    landed: u64,
    failed: Vec<u64>,
    acknowledged: usize,
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_by_a_kill_at_any_point() {
    let runs =
        std::env::var("CRASH_RUNS").map_or(RUNS_DEFAULT, |runs| runs.parse().expect("a number"));
    let wanted = std::env::var("CRASH_POINTS").ok();
    let is_wanted = |point: &&Point| {
        wanted.as_ref().is_none_or(|names| names.split(',').any(|name| name == point.name))
    };
    let points: Vec<&Point> = POINTS.iter().filter(is_wanted).collect();
    let album = Album::undisturbed().await;
    let started = Instant::now();
    let mut failed = Vec::new();
    say("point                      runs  killed there  commands held against the log");
    for point in points {
        let tally = runs_at(point, runs, &album).await;
        say(&format!(
            "{:<25} {runs:>5}  {:>12}  {:>10}   {:>4} s",
            point.name,
            tally.landed,
            tally.acknowledged,
            started.elapsed().as_secs()
        ));
        failed.extend(tally.failed.iter().map(|number| format!("{} run {number}", point.name)));
    }
    assert!(failed.is_empty(), "failed: {failed:?}");
}

async fn runs_at(point: &Point, runs: u64, album: &Album) -> Tally {
    let run = async |number| {
        (number, AssertUnwindSafe(run::run(point, number, album)).catch_unwind().await)
    };
    let mut ended = stream::iter((0..runs).map(run)).buffer_unordered(PARALLEL_RUNS);
    let mut tally = Tally::default();
    while let Some((number, outcome)) = ended.next().await {
        match outcome {
            Ok(acknowledged) => {
                tally.landed += 1;
                tally.acknowledged += acknowledged;
            }
            Err(panic) => {
                say(&format!("{} run {number}: {}", point.name, told_by(&*panic)));
                tally.failed.push(number);
            }
        }
    }
    tally
}

fn told_by(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it does not say why")
}
