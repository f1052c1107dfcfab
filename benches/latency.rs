//! How soon what was accepted can be seen, and what an answer costs: over the real program, a process per role.
//!
//! ```text
//! queryable   a command's answer → its motor in a GET, beside a bare round trip through Kafka
//! reads       one document again and again over 32 connections: CPU of the `api` process, p99
//! photos      POST of a small photo on an idle system → completed, in both profiles and by a peer
//! ```
//! `cargo bench --features production,benches --bench latency -- [queryable] [reads] [photos]`; without a name all.
#![allow(clippy::print_stdout, reason = "this is how a benchmark tells its result")]

#[path = "latency/asked.rs"]
mod asked;
#[path = "../tests/common/common.rs"]
mod common;
#[path = "latency/connection.rs"]
mod connection;
#[path = "latency/cpu.rs"]
mod cpu;
#[path = "latency/photos.rs"]
mod photos;
#[path = "latency/queryable.rs"]
mod queryable;
#[path = "latency/reads.rs"]
mod reads;
#[path = "latency/times.rs"]
mod times;

use asked::is_asked;
use common::cluster::{Cluster, Installation};

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(async {
        let Some(installation) = Installation::migrated() else { return };
        let cluster = Cluster::start(&installation).await;
        if is_asked("queryable") {
            queryable::run(&cluster, &installation.kafka).await;
        }
        if is_asked("reads") {
            reads::run(&cluster).await;
        }
        if is_asked("photos") {
            photos::run(&cluster).await;
        }
        cluster.stop().await;
    });
}
