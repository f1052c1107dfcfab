//! A simulated fleet that uses the public HTTP API like any client: motors that vibrate, and pictures of them.

mod fleet;
mod painter;
mod signal;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::simulate::client::{Block, Client};
use fleet::{FLEET, Member};
use signal::{BLOCK_SAMPLES, POINTS, SAMPLE_RATE_HZ};

/// From one block of samples to the next one, of whichever motor.
const BLOCK_INTERVAL_MS: u64 = 600;
/// A picture goes with every so many blocks, once each motor has had one.
const BLOCKS_PER_PICTURE: u64 = 40;

/// Registers the fleet, then sends blocks and pictures until drained.
pub(crate) async fn run(client: Client, mut drain: watch::Receiver<bool>) {
    let simulation = async {
        for member in FLEET {
            client.register(&nameplate(member)).await;
        }
        info!(motors = FLEET.len(), "the demo fleet is registered");
        watch_over(&client).await;
    };
    tokio::select! {
        () = simulation => {}
        _ = drain.wait_for(|drain| *drain) => {}
    }
}

async fn watch_over(client: &Client) {
    let began = Timestamp::now();
    for turn in 0_u64.. {
        let index = (turn % FLEET.len() as u64) as usize;
        let member = &FLEET[index];
        let age_s = Timestamp::now().duration_since(began).as_secs_f64();
        for block in blocks(member, age_s, turn) {
            client.send_block(member.id(), &block).await;
        }
        if turn < FLEET.len() as u64 || turn.is_multiple_of(BLOCKS_PER_PICTURE) {
            send_picture(client, member, index, turn).await;
        }
        sleep(Duration::from_millis(BLOCK_INTERVAL_MS)).await;
    }
}

async fn send_picture(client: &Client, member: &Member, index: usize, turn: u64) {
    let painted = tokio::task::spawn_blocking(move || painter::picture(index, turn)).await;
    match painted {
        Ok(picture) => client.send_picture(member.id(), picture.into()).await,
        Err(error) => warn!(%error, "painting a picture failed"),
    }
}

fn nameplate(member: &Member) -> Value {
    json!({
        "motor_id": member.id(),
        "name": member.name,
        "location": member.location,
        "rated_power_kw": member.rated_power_kw,
        "rated_speed_rpm": member.rated_speed_rpm,
        "support": if member.flexible { "flexible" } else { "rigid" },
        "bearings": [{ "position": "DE", "designation": "6205" }],
    })
}

/// What all measuring points of a motor have heard until now. `seed` makes the noise repeatable.
fn blocks(member: &Member, age_s: f64, seed: u64) -> Vec<Block> {
    let length = SignedDuration::from_secs_f64(BLOCK_SAMPLES as f64 / SAMPLE_RATE_HZ);
    let started_at = Timestamp::now() - length;
    let block = |(point, (sensor, axis, share)): (u64, (&'static str, &'static str, f64))| Block {
        sensor,
        axis,
        sample_rate_hz: SAMPLE_RATE_HZ,
        started_at,
        speed_rpm: member.rated_speed_rpm,
        samples: signal::machine(member, age_s, share).samples(0, BLOCK_SAMPLES, 2 * seed + point),
    };
    (0..).zip(POINTS).map(block).collect()
}
