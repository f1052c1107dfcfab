//! `atalaya simulate`: motors that are not there send samples to a server that is.

pub(crate) mod client;
mod fleet;
#[cfg(feature = "production")]
mod kafka;

use std::time::Duration;

use anyhow::{Context, bail};
use futures::StreamExt;
use futures::stream;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep_until};

use crate::admin::print;
use crate::cli::Simulate;
use crate::config::own_key;
use client::{Block, Client};
use fleet::Motor;

/// So many blocks are on their way at a time.
const SENDING_MAX: usize = 16;
/// Beyond it, motors are no longer told apart by eye.
const MOTORS_MAX: u32 = 100_000;

/// Where blocks go.
enum Way {
    Http,
    #[cfg(feature = "production")]
    Kafka(kafka::Producer),
}

/// Registers the motors, sends what was asked for, and tells how fast it went.
///
/// # Errors
/// The options contradict each other, or Kafka does not take the samples. A server that does not answer is waited for.
pub async fn simulate(options: &Simulate) -> anyhow::Result<()> {
    check(options)?;
    let key = own_key(&|name| std::env::var(name).ok())?;
    let client = Client::new(options.server.url.trim_end_matches('/').to_owned(), key);
    let motors = fleet::of(options)?;
    for motor in &motors {
        client.register(&motor.nameplate).await;
    }
    let way = way(options)?;
    let lasted = SignedDuration::from_secs_f64(options.block_s * f64::from(options.blocks));
    let start = options.start.unwrap_or_else(|| Timestamp::now() - lasted);
    let count = u64::from(options.blocks) * motors.len() as u64;
    let bar = progress(count)?;
    let (began, mut samples) = (Instant::now(), 0);
    for number in 0..options.blocks {
        sleep_until(began + due(options, number, motors.len())).await;
        let sent = stream::iter(&motors).map(|motor| {
            let (client, way, bar) = (&client, &way, &bar);
            async move {
                let block = block(options, motor, number, start);
                let samples = match block {
                    Some(block) => send(client, way, motor, &block).await?,
                    None => 0,
                };
                bar.inc(1);
                anyhow::Ok(samples)
            }
        });
        let sent: Vec<_> = sent.buffer_unordered(SENDING_MAX).collect().await;
        for count in sent {
            samples += count?;
        }
        let rate = samples as f64 / began.elapsed().as_secs_f64();
        bar.set_message(format!("{:.2} M samples/s", rate / 1e6));
    }
    bar.finish();
    let took_s = began.elapsed().as_secs_f64();
    print(&format!(
        "{} motors, {count} blocks, {samples} samples in {took_s:.1} s: {:.2} M samples/s\n",
        motors.len(),
        samples as f64 / took_s / 1e6
    ));
    Ok(())
}

fn check(options: &Simulate) -> anyhow::Result<()> {
    let Simulate { motors, block_s, sample_rate_hz, speed_rpm, .. } = *options;
    let samples = block_s * sample_rate_hz;
    if !(1..=MOTORS_MAX).contains(&motors) {
        bail!("--motors: expected 1 to {MOTORS_MAX}");
    }
    if !(1.0..=1e6).contains(&samples) {
        bail!("--block-s and --sample-rate-hz: expected 1 to 1000000 samples in a block");
    }
    if !(1.0..=100_000.0).contains(&speed_rpm) {
        bail!("--speed-rpm: expected 1 to 100000");
    }
    if options.drop_out_every_s > 0.0 && options.drop_out_s >= options.drop_out_every_s {
        bail!("--drop-out-s: expected less than --drop-out-every-s");
    }
    Ok(())
}

fn way(options: &Simulate) -> anyhow::Result<Way> {
    let Some(brokers) = &options.kafka else { return Ok(Way::Http) };
    #[cfg(feature = "production")]
    return Ok(Way::Kafka(kafka::Producer::new(brokers, options)?));
    #[cfg(not(feature = "production"))]
    bail!("--kafka {brokers}: this build has no Kafka; it needs --features production")
}

/// When block number `number` of every motor is sent, since the beginning.
fn due(options: &Simulate, number: u32, motors: usize) -> Duration {
    let real_time = motors as f64 / options.block_s;
    let blocks_per_s = options.blocks_per_s.unwrap_or(real_time);
    let before = f64::from(number) * motors as f64;
    if blocks_per_s > 0.0 { Duration::from_secs_f64(before / blocks_per_s) } else { Duration::ZERO }
}

/// What a motor's sensor has to send; `None` while it has dropped out.
fn block(options: &Simulate, motor: &Motor, number: u32, start: Timestamp) -> Option<Block> {
    let samples = (options.block_s * options.sample_rate_hz).round() as usize;
    let first = u64::from(number) * samples as u64;
    let at_s = first as f64 / options.sample_rate_hz;
    if options.drop_out_every_s > 0.0 {
        let since_s = at_s % options.drop_out_every_s;
        if since_s >= options.drop_out_every_s - options.drop_out_s {
            return None;
        }
    }
    Some(Block {
        sensor: "DE",
        axis: "radial_h",
        sample_rate_hz: options.sample_rate_hz,
        started_at: start + SignedDuration::from_secs_f64(at_s),
        speed_rpm: motor.machine.speed_rpm_at(at_s + options.block_s / 2.0),
        samples: motor.machine.samples(first, samples, motor.seed),
    })
}

/// How many samples it was.
async fn send(client: &Client, way: &Way, motor: &Motor, block: &Block) -> anyhow::Result<u64> {
    match way {
        Way::Http => client.send_block(motor.id, block).await,
        #[cfg(feature = "production")]
        Way::Kafka(producer) => producer.send(motor.id, block).await?,
    }
    Ok(block.samples.len() as u64)
}

fn progress(count: u64) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("[{wide_bar}] {pos}/{len} blocks, {msg}, {eta} left")
        .context("drawing a progress bar")?;
    Ok(ProgressBar::new(count).with_style(style.progress_chars("=> ")))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn options(arguments: &[&str]) -> Simulate {
        let all = ["atalaya", "simulate"].into_iter().chain(arguments.iter().copied());
        match Cli::parse_from(all).command {
            Some(Command::Simulate(options)) => *options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn blocks_follow_each_other_without_a_gap_but_where_the_sensor_drops_out() {
        let options = options(&["--drop-out-every-s", "10", "--drop-out-s", "2", "--blocks", "20"]);
        let motor = &fleet::of(&options).unwrap()[0];
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let blocks = (0..20).map(|number| block(&options, motor, number, start));
        let there: Vec<bool> = blocks.map(|block| block.is_some()).collect();
        let expected: Vec<bool> = (0..20).map(|number| number % 10 < 8).collect();
        assert_eq!(there, expected);
        let second = block(&options, motor, 1, start).unwrap();
        assert_eq!(second.started_at, start + SignedDuration::from_secs(1));
    }

    #[test]
    fn the_rate_is_that_of_all_motors_together() {
        let at = |arguments: &[&str]| due(&options(arguments), 10, 4).as_secs_f64();
        assert_eq!(at(&[]), 10.0);
        assert_eq!(at(&["--blocks-per-s", "8"]), 5.0);
        assert_eq!(at(&["--blocks-per-s", "0"]), 0.0);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for wrong in [
            ["--motors", "0"],
            ["--block-s", "0"],
            ["--sample-rate-hz", "1e9"],
            ["--speed-rpm", "0"],
        ] {
            assert!(check(&options(&wrong)).is_err(), "{wrong:?}");
        }
    }
}
