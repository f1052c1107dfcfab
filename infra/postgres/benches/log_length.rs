//! Whether a log that is ten times as long makes anything slower: appends, and the way from an append to its document.
//!
//! ```text
//! appends     64 writers add one event each to motors that have a history, one after another
//! documents   one event is appended, read from the log behind it, folded, and its document stored: one at a time
//! ```
//! Both logs have the same motors; those of the long one have a history ten times as long. They are measured in turns,
//! now the one first and now the other, so that whatever else the machine does falls upon both, and the medians are
//! compared. What a long import leaves to be done is done before.
//!
//! `LOG_EVENTS` says how long the short one is (200 000).
#![allow(clippy::unwrap_used, reason = "a benchmark that fails has no result")]
#![allow(clippy::print_stdout, reason = "the result is for people")]

#[path = "../tests/common.rs"]
mod common;
#[path = "../../../tests/common/history.rs"]
mod history;
#[path = "log_length/plant.rs"]
mod plant;

use std::env;

use history::History;
use plant::{Measured, Plant};

const EVENTS: u64 = 200_000;
const TIMES: u64 = 10;
const MOTORS: u64 = 2_000;
const TURNS: usize = 10;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let events = env::var("LOG_EVENTS").map_or(EVENTS, |events| events.parse().unwrap());
    let short = History::of(events, MOTORS);
    let long = History { rounds: short.rounds * TIMES, ..short };
    let Some(mut short) = Plant::with(short).await else { return };
    let Some(mut long) = Plant::with(long).await else { return };
    let mut turns = Vec::new();
    short.settle().await;
    long.settle().await;
    for turn in 0..TURNS {
        turns.push(if turn % 2 == 0 {
            let short = short.measured().await;
            (short, long.measured().await)
        } else {
            let long = long.measured().await;
            (short.measured().await, long)
        });
    }
    println!("log                  appends/s  documents p50  p99, ms");
    let medians = [
        print(short.history(), turns.iter().map(|(short, _)| *short)),
        print(long.history(), turns.iter().map(|(_, long)| *long)),
    ];
    let [short_median, long_median] = medians;
    println!("the speed of the long log, as a part of that of the short one");
    println!("appends    {:.3}", long_median.appends_per_s / short_median.appends_per_s);
    println!("documents  {:.3}", short_median.p50_ms / long_median.p50_ms);
    short.drop_documents().await;
    long.drop_documents().await;
}

fn print(history: History, turns: impl Iterator<Item = Measured> + Clone) -> Measured {
    let median = Measured {
        appends_per_s: median(turns.clone().map(|turn| turn.appends_per_s)),
        p50_ms: median(turns.clone().map(|turn| turn.p50_ms)),
        p99_ms: median(turns.map(|turn| turn.p99_ms)),
    };
    let Measured { appends_per_s, p50_ms, p99_ms } = median;
    println!("{:9} events  {appends_per_s:12.0}  {p50_ms:13.2}  {p99_ms:7.2}", history.events());
    median
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
