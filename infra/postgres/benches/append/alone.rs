//! How long one writer waits for one command: ours and the crate as it is, a command of each by turns.

use std::sync::Arc;
use std::time::Instant;

use crate::common::Database;
use crate::ways::{Appender, ByFramework, crate_as_is, framework};

const COMMANDS: usize = 5_000;
/// These open connections and prepare statements.
const WARM_UP: usize = 200;

pub(crate) async fn run() {
    let (Some(ours), Some(theirs)) = (Database::fresh().await, Database::fresh().await) else {
        return;
    };
    let stores = ours.open().await;
    let framework = framework(crate_as_is(&theirs).await);
    let mut ours = Appender::new(Arc::clone(&stores.log), false, 0);
    let mut theirs = ByFramework::new(&framework, 0);
    let (mut ours_ms, mut theirs_ms) = (Vec::new(), Vec::new());
    for command in 0..WARM_UP + COMMANDS {
        let began = Instant::now();
        ours.execute().await;
        let between = Instant::now();
        theirs.execute().await;
        if command >= WARM_UP {
            ours_ms.push((between - began).as_secs_f64() * 1e3);
            theirs_ms.push(between.elapsed().as_secs_f64() * 1e3);
        }
    }
    println!("one writer, by turns  p50 ms  p99 ms");
    for (name, times) in [("ours", &mut ours_ms), ("crate, as is", &mut theirs_ms)] {
        times.sort_by(f64::total_cmp);
        println!("{name:20}  {:6.2}  {:6.2}", at(times, 0.5), at(times, 0.99));
    }
    let ratio = |share: f64| at(&ours_ms, share) / at(&theirs_ms, share);
    println!("ours to the crate     {:6.2}  {:6.2}", ratio(0.5), ratio(0.99));
}

/// So large are all but the `1 - share` longest.
fn at(sorted: &[f64], share: f64) -> f64 {
    sorted[(sorted.len() as f64 * share) as usize]
}
