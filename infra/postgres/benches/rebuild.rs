//! Events per second of a rebuild from the log in PostgreSQL into MongoDB, against cqrs-es as it is.
//!
//! ```text
//! rebuild   the projection of motors: fold the log, write the documents, compare with the ones of before, take over
//! peer      QueryReplay into a GenericQuery over PostgresViewRepository: one load and one upsert per event
//! ```
//! Both fold the same kind of history: four of five events are of motors, which take turns, the others of pictures.
//! The peer has a shorter one in a database of its own, since its rate does not depend on the length. CPU is that of
//! this process and of the sessions of its database; what MongoDB used is not in it.
//!
//! `REBUILD_EVENTS` says how many events (1 000 000), `REBUILD_MOTORS` of how many motors (5 000).
#![allow(clippy::unwrap_used, reason = "a benchmark that fails has no result")]
#![allow(clippy::print_stdout, reason = "the result is for people")]

#[path = "../tests/common.rs"]
mod common;
#[path = "append/cpu.rs"]
mod cpu;
#[path = "../../../tests/common/history.rs"]
mod history;
#[path = "rebuild/ours.rs"]
mod ours;
#[path = "rebuild/peer.rs"]
mod peer;

use std::env;
use std::sync::Arc;
use std::time::Instant;

use common::Database;
use cpu::Meter;
use history::History;
use ours::Documents;
use ports::event_store::EventStore;

const EVENTS: u64 = 1_000_000;
const MOTORS: u64 = 5_000;
/// Of the peer.
const PEER_EVENTS: u64 = 10_000;
const PEER_MOTORS: u64 = 200;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let Some(mongodb) = services::mongodb() else { return };
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let store: Arc<dyn EventStore> = stores.log.clone();
    let history = History::of(number("REBUILD_EVENTS", EVENTS), number("REBUILD_MOTORS", MOTORS));
    let begun = Instant::now();
    history.write(&store).await;
    let (events, seconds) = (history.events(), begun.elapsed().as_secs_f64());
    println!("{events} events of {} motors, written in {seconds:.1} s", history.motors);

    println!("                     events/s  client us  server us");
    let documents = Documents::fresh(&mongodb, &stores).await;
    // The first fills what the second has to compare with.
    for name in ["first build", "rebuild"] {
        let meter = Meter::start(database.name());
        let begun = Instant::now();
        let outcome = documents.rebuild().await;
        print(name, events, begun.elapsed().as_secs_f64(), meter.stop().await);
        println!("  {outcome}");
    }
    documents.drop_all().await;
    let peer_history = History::of(PEER_EVENTS, PEER_MOTORS);
    let Some(peer_database) = Database::fresh().await else { return };
    let peer_store: Arc<dyn EventStore> = peer_database.open().await.log;
    peer_history.write(&peer_store).await;
    let meter = Meter::start(peer_database.name());
    let (events, seconds) = peer::replay(&peer_database).await;
    print("peer", events, seconds, meter.stop().await);
}

fn print(name: &str, events: u64, seconds: f64, (client_us, server_us): (u64, u64)) {
    let per_event = |us: u64| us as f64 / events as f64;
    let rate = events as f64 / seconds;
    println!("{name:18}  {rate:9.0}  {:9.2}  {:9.2}", per_event(client_us), per_event(server_us));
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |number| number.parse().unwrap())
}
