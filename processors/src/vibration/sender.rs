//! Sends what the assessor wants done, in order for each motor.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use ports::PortError;
use ports::command_bus::CommandBus;
use ports::readings::{OutgoingCommand, Readings};
use ports::stream::StreamName;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::Dependencies;
use crate::backoff::Backoff;
use crate::wish::is_passing;

/// So many commands are read at a time.
const COMMANDS_MAX: usize = 256;
/// So many motors are told something at a time.
const MOTORS_MAX: usize = 16;
/// The longest time without a look: the assessor may run in another process.
const IDLE_S_MAX: f64 = 1.0;
/// After a round in which something could not be sent.
const TRY_AGAIN: Backoff = Backoff { first_s: 0.2, max_s: 10.0 };

/// Sends the commands that were committed with the readings. Each stays where it is until it was decided, so that a crash
/// loses none; what is sent twice has the same key, and is decided once.
#[derive(Clone)]
pub struct Sender {
    bus: Arc<dyn CommandBus>,
    readings: Arc<dyn Readings>,
    outgoing: Arc<Notify>,
}

/// How a round went.
enum Round {
    Idle,
    Sent,
    /// Some commands are left for which the time was not right.
    Held,
    /// The same, and nothing was sent.
    Stuck,
}

impl Sender {
    /// Looks when told by `outgoing`, and now and then.
    pub fn new(dependencies: &Dependencies, outgoing: Arc<Notify>) -> Self {
        let Dependencies { bus, readings, .. } = dependencies.clone();
        Self { bus, readings, outgoing }
    }

    /// Sends until `drain` turns true.
    pub async fn run(self, mut drain: watch::Receiver<bool>) {
        let mut failures: u32 = 0;
        loop {
            let round = self.round().await.unwrap_or_else(|error| {
                warn!("{}", error.chain());
                Round::Stuck
            });
            failures = if matches!(round, Round::Stuck) { failures.saturating_add(1) } else { 0 };
            let next = async {
                match round {
                    Round::Sent => {}
                    Round::Held => pause(TRY_AGAIN.delay_s(1, 0)).await,
                    Round::Stuck => pause(TRY_AGAIN.delay_s(failures, 0)).await,
                    Round::Idle => tokio::select! {
                        () = self.outgoing.notified() => {}
                        () = pause(IDLE_S_MAX) => {}
                    },
                }
            };
            tokio::select! {
                biased;
                _ = drain.wait_for(|draining| *draining) => return,
                () = next => {}
            }
        }
    }

    async fn round(&self) -> Result<Round, PortError> {
        let outgoing = self.readings.outgoing(COMMANDS_MAX).await?;
        if outgoing.is_empty() {
            return Ok(Round::Idle);
        }
        let read = outgoing.len();
        let mut by_motor: BTreeMap<StreamName, Vec<OutgoingCommand>> = BTreeMap::new();
        for command in outgoing {
            by_motor.entry(command.command.stream.clone()).or_default().push(command);
        }
        let told = by_motor.into_values().map(|commands| self.send_in_order(commands));
        let settled: Vec<u64> = stream::iter(told).buffer_unordered(MOTORS_MAX).concat().await;
        self.readings.settle(&settled).await?;
        Ok(match settled.len() {
            0 => Round::Stuck,
            sent if sent == read => Round::Sent,
            _ => Round::Held,
        })
    }

    /// Sends the commands for one motor up to the first one that was not decided; gives the ids of those that were.
    async fn send_in_order(&self, commands: Vec<OutgoingCommand>) -> Vec<u64> {
        let mut settled = Vec::with_capacity(commands.len());
        for OutgoingCommand { id, command } in commands {
            let stream = command.stream.clone();
            match self.bus.send(command).await {
                Ok(_) => {}
                Err(error) if is_passing(&error) => {
                    warn!(%stream, "telling {stream}: {error}");
                    break;
                }
                // Asked again it would be refused again.
                Err(error) => info!(%stream, "{stream} refuses what it was told: {error}"),
            }
            settled.push(id);
        }
        settled
    }
}

async fn pause(pause_s: f64) {
    sleep(Duration::from_secs_f64(pause_s)).await;
}
