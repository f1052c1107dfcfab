//! Lets tasks expire that have been finished for long enough.
//!
//! It reads the log so far behind as tasks are kept, and so meets the end of each when its time has come: no list of
//! tasks is searched, and a retention that is changed counts from the next look on.

use std::sync::Arc;

use domain::image::{Command, Image};
use domain::time::Timestamp;
use ports::PortError;
use ports::checkpoint::Checkpoints;
use ports::clock::Clock;
use ports::command_bus::{CommandBus, CommandError};
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogQuery};
use ports::stream::GlobalPosition;
use ports::subscription::progress_at;
use tokio::sync::watch;
use tracing::error;

use super::rounds::{self, Rounds};
use crate::Dependencies;
use crate::wish::{Cause, is_passing, wish};

/// Its actor, the scope of its keys, and the name of its checkpoint.
const NAME: &str = "image-retention";
/// After these a task is finished.
const ENDS: [&str; 3] = ["completed", "dead_lettered", "cancelled"];
const PAGE_EVENTS_MAX: usize = 500;

/// Sends the command `expire` for tasks whose time has come.
#[derive(Clone)]
pub struct Sweeper {
    log: Arc<dyn EventLog>,
    bus: Arc<dyn CommandBus>,
    checkpoints: Arc<dyn Checkpoints>,
    clock: Arc<dyn Clock>,
    retention_s: f64,
}

impl Sweeper {
    /// Keeps tasks for `retention_s` seconds after their end.
    pub fn new(dependencies: &Dependencies, retention_s: f64) -> Self {
        let Dependencies { log, bus, checkpoints, clock, .. } = dependencies.clone();
        Self { log, bus, checkpoints, clock, retention_s }
    }

    /// Looks now and then, until `drain` turns true.
    pub async fn run(self, drain: watch::Receiver<bool>) {
        rounds::go(self, drain).await;
    }

    /// How far it came, and whether nothing is left that is old enough.
    async fn sweep_page(
        &self,
        after: GlobalPosition,
        old: Timestamp,
    ) -> Result<(GlobalPosition, bool), PortError> {
        let categories = vec!["image".to_owned()];
        let query =
            LogQuery { after, events_max: PAGE_EVENTS_MAX, categories, ..LogQuery::default() };
        let page = self.log.read(&query).await?;
        for event in &page.events {
            if event.recorded_at > old {
                return Ok((GlobalPosition(event.position.0.saturating_sub(1)), true));
            }
            if ENDS.contains(&event.event_type.as_str()) {
                self.expire(event).await?;
            }
        }
        Ok((page.through, false))
    }

    /// Expects `end` to be the last that happened to the task: one that was tried anew since has another end.
    async fn expire(&self, end: &RecordedEvent) -> Result<(), PortError> {
        let task_id = end.stream.id;
        let (key, cause) = (format!("{}/expire", end.id()), Cause::from(end));
        let mut command = wish::<Image>(task_id, &Command::Expire {}, NAME, key, &cause);
        command.expected = Some(end.version);
        match self.bus.send(command).await {
            Ok(_) | Err(CommandError::Rejected(_) | CommandError::VersionMismatch { .. }) => {}
            Err(failure) if is_passing(&failure) => {
                return Err(PortError::new(format!("letting image {task_id} expire"), failure));
            }
            Err(failure) => error!(task = %task_id, "image {task_id} cannot expire: {failure}"),
        }
        Ok(())
    }
}

impl Rounds for Sweeper {
    const INTERVAL_S: u64 = 30;
    const WHAT: &'static str = "letting tasks expire";

    async fn round(&mut self) -> Result<(), PortError> {
        let progress = self.checkpoints.load(NAME).await?;
        let mut position = progress.map(|progress| progress.position).unwrap_or_default();
        let old = self.clock.now().plus_seconds(-self.retention_s);
        loop {
            let (through, is_all) = self.sweep_page(position, old).await?;
            if through > position {
                self.checkpoints.save(NAME, &progress_at(through)).await?;
            }
            if is_all || through == position {
                return Ok(());
            }
            position = through;
        }
    }
}
