//! Commands per second and the CPU that they cost: group commit, postgres-es as it is, and pgbench as the floor.
//!
//! A command registers a motor or renames it, which is one event; after ten events a writer takes a new motor. Every
//! way ends in a durable transaction (`fsync` and `synchronous_commit` as the server has them).
//!
//! ```text
//! ours               decide on the motor in memory, as the crate `commands` does, and EventStore::append
//! ours, keyed        the same under a command key, which makes repeating harmless
//! ours, by cqrs-es   CqrsFramework over PgEventRepository: load, decide, persist through group commit
//! crate, our table   CqrsFramework over the unmodified PostgresEventRepository on our table, pool of 10
//! crate, as is       the same on the table that the crate documents, without anything of ours
//! pgbench            one prepared INSERT per transaction into that table: no load, no decision
//! ```
//! Before that, how long one writer waits: ours and the crate as it is, a command of each by turns.
//!
//! CPU is that of this process (of pgbench, where it runs) and of the sessions of its database alone; what the
//! server's background writers do for everybody is not in it.
#![allow(clippy::unwrap_used, reason = "a benchmark that fails has no result")]
#![allow(clippy::print_stdout, reason = "the result is for people")]

#[path = "append/alone.rs"]
mod alone;
#[path = "../tests/common.rs"]
mod common;
#[path = "append/cpu.rs"]
mod cpu;
#[path = "../tests/support/motors.rs"]
mod motors;
#[path = "append/pgbench.rs"]
mod pgbench;
#[path = "append/ways.rs"]
mod ways;

use common::Database;
use cpu::Meter;
use ways::Way;

/// How long each way runs with each number of writers.
const RUN_S: u64 = 4;
const WRITERS: [usize; 3] = [1, 16, 64];

/// What one run came to.
#[derive(Clone, Copy)]
struct Rate {
    commands: u64,
    seconds: f64,
}

impl Rate {
    fn per_second(self) -> f64 {
        self.commands as f64 / self.seconds
    }
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    alone::run().await;
    println!("writers  way               commands/s  x crate  x pgbench  client us  server us");
    for writers in WRITERS {
        let mut rows = Vec::new();
        for way in Way::ALL {
            let Some(database) = Database::fresh().await else { return };
            if let Some(row) = measured(way, &database, writers).await {
                rows.push((way, row));
            }
        }
        for (way, row) in &rows {
            print(writers, *way, row, &rows);
        }
    }
}

struct Row {
    rate: Rate,
    client_us: f64,
    server_us: f64,
}

async fn measured(way: Way, database: &Database, writers: usize) -> Option<Row> {
    let meter = Meter::start(database.name());
    let rate = way.run(database, writers, RUN_S).await?;
    let (client_us, server_us) = meter.stop().await;
    let per_command = |us: u64| us as f64 / rate.commands.max(1) as f64;
    Some(Row { rate, client_us: per_command(client_us), server_us: per_command(server_us) })
}

fn print(writers: usize, way: Way, row: &Row, rows: &[(Way, Row)]) {
    let ratio = |other: Way| {
        let other = rows.iter().find(|(way, _)| *way == other);
        other.map_or(f64::NAN, |(_, other)| row.rate.per_second() / other.rate.per_second())
    };
    println!(
        "{writers:7}  {:16}  {:10.0}  {:7.2}  {:9.2}  {:9.0}  {:9.0}",
        way.name(),
        row.rate.per_second(),
        ratio(Way::CrateAsIs),
        ratio(Way::Pgbench),
        row.client_us,
        row.server_us,
    );
}
