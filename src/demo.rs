//! A simulated fleet that uses the public HTTP API like any client: motors that vibrate, and pictures of them.

mod client;
mod fleet;
mod painter;
mod signal;

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

pub(crate) use client::Client;
use fleet::{FLEET, Member};

/// From one block of samples to the next one, of whichever motor.
const BLOCK_INTERVAL_MS: u64 = 600;
/// A picture goes with every so many blocks, once each motor has had one.
const BLOCKS_PER_PICTURE: u64 = 40;

/// Registers the fleet, then sends blocks and pictures until drained.
pub(crate) async fn run(client: Client, mut drain: watch::Receiver<bool>) {
    let simulation = async {
        for member in FLEET {
            client.register(member).await;
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
        let blocks = signal::blocks(member, age_s, turn);
        for block in blocks {
            client.send_block(member, &block).await;
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
        Ok(picture) => client.send_picture(member, picture.into()).await,
        Err(error) => warn!(%error, "painting a picture failed"),
    }
}
