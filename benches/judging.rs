//! From the topic to the stored verdict, and what a motor costs in memory: over the real program, a process per role.
//!
//! ```text
//! path      100 motors × 80 blocks of 12,800 samples wait on the topic → the last reading is stored
//! memory    10,000 motors send one block of two seconds each: the process before and after, and a state at rest
//! ```
//! `cargo bench --features production,benches --bench judging -- [path] [memory]`; without a name both.
#![allow(clippy::print_stdout, reason = "this is how a benchmark tells its result")]

#[path = "latency/asked.rs"]
mod asked;
#[path = "../tests/common/common.rs"]
mod common;
#[path = "latency/cpu.rs"]
mod cpu;
#[allow(dead_code, reason = "this bench uses a part of it")]
#[path = "../tests/cluster_faults/truth.rs"]
mod truth;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use asked::is_asked;
use common::cluster::Installation;
use common::server::Server;
use common::wait::eventually;

const WAIT_S_MAX: u64 = 900;
const ASK_MS: u64 = 200;
const RATE_HZ: u64 = 12_800;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(async {
        if is_asked("path") {
            path().await;
        }
        if is_asked("memory") {
            memory().await;
        }
    });
}

async fn path() {
    const MOTORS: u64 = 100;
    const BLOCKS: u64 = 80;
    let Some(installation) = Installation::migrated() else { return };
    let ams = installation.start("ams").await;
    simulate(&installation, &ams, [MOTORS, BLOCKS, 1]);
    let samples = MOTORS * BLOCKS * RATE_HZ;
    let begun = Instant::now();
    let vibration = installation.start("vibration").await;
    let ready = Instant::now();
    let readings = MOTORS * windows(BLOCKS);
    let (first, last) = until_stored(&installation, readings).await;
    println!("path: {} M samples, {readings} readings", samples / 1_000_000);
    let ways = [
        ("the start of the process", begun),
        ("its being ready, the term of its office included", ready),
        ("the first stored reading", first),
    ];
    for (what, since) in ways {
        let took_s = last.duration_since(since).as_secs_f64();
        let rate = samples as f64 / took_s / 1e6;
        println!("path: {rate:.1} M samples/s, {took_s:.2} s from {what} to the last reading");
    }
    let cpu_s = cpu::seconds_of(vibration.pid());
    println!(
        "path: {cpu_s:.2} s of processor time of it all, {:.1} M samples to a second",
        samples as f64 / cpu_s / 1e6
    );
    vibration.stop().await;
    ams.stop().await;
}

async fn memory() {
    const MOTORS: u64 = 10_000;
    const SECONDS: u64 = 2;
    let Some(installation) = Installation::migrated() else { return };
    let ams = installation.start("ams").await;
    let idle = installation.start("vibration").await;
    let (before, _) = resident_kib(&idle);
    idle.stop().await;
    // One block: between two of them a motor would have fallen silent by the arrival of those of all others.
    simulate(&installation, &ams, [MOTORS, 1, SECONDS]);
    let vibration = installation.start("vibration").await;
    until_stored(&installation, MOTORS * windows(SECONDS)).await;
    let (after, most) = resident_kib(&vibration);
    println!("memory: idle {before} KiB; after {MOTORS} motors {after} KiB, at most {most} KiB");
    let each = |kib: u64| kib.saturating_sub(before) as f64 / MOTORS as f64;
    println!("memory: {:.1} KiB a motor, {:.1} KiB at most", each(after), each(most));
    let states = "SELECT count(*) || ' states, ' || round(avg(octet_length(state::text))) || ' bytes each, ' \
                  || max(octet_length(state::text)) || ' at most' FROM processor_states";
    println!("memory: {}", truth::psql(&installation, states).trim());
    vibration.stop().await;
    ams.stop().await;
}

/// Half-overlapping windows of a second.
fn windows(seconds: u64) -> u64 {
    2 * seconds - 1
}

/// Registers so many motors, and puts all that they measure on the topic: so many blocks of so many seconds.
fn simulate(installation: &Installation, ams: &Server, [motors, blocks, seconds]: [u64; 3]) {
    let registry = services::schema_registry().expect("it was there a moment ago");
    let topic = format!("{}.vibration-topic", installation.name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya"));
    command.args(["simulate", "--url", &ams.url, "--blocks-per-s", "0"]);
    command.args(["--motors", &motors.to_string(), "--blocks", &blocks.to_string()]);
    command.args(["--block-s", &seconds.to_string()]);
    command.args(["--sample-rate-hz", &RATE_HZ.to_string(), "--start", "2026-01-01T00:00:00Z"]);
    command.args(["--kafka", &installation.kafka, "--topic", &topic, "--registry", &registry]);
    let output = command.stdin(Stdio::null()).output().expect("the program can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    print!("simulated: {}", String::from_utf8_lossy(&output.stdout));
}

/// When the first readings were there, and when all.
async fn until_stored(installation: &Installation, readings: u64) -> (Instant, Instant) {
    let mut first = None;
    let stored = async || {
        // Asking costs something, too.
        tokio::time::sleep(Duration::from_millis(ASK_MS)).await;
        let stored = truth::number(&truth::psql(installation, "SELECT count(*) FROM readings"));
        if stored > 0 && first.is_none() {
            first = Some(Instant::now());
        }
        (stored >= readings).then(Instant::now)
    };
    let last = eventually("all is stored", Duration::from_secs(WAIT_S_MAX), stored).await;
    (first.expect("some were there before all were"), last)
}

/// The memory of a process, now and at its largest, as the kernel tells it.
fn resident_kib(server: &Server) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid()));
    let status = status.expect("the process runs");
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        kib.expect("the kernel tells it")
    };
    (kib("VmRSS:"), kib("VmHWM:"))
}
