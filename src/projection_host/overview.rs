//! Where the projections are.

use std::sync::PoisonError;

use ports::PortError;
use ports::event_log::LogQuery;
use ports::stream::GlobalPosition;
use serde::Serialize;

use super::{HostState, Hosted, ProjectionHost};
use crate::lag::lag_behind;
use crate::runner::{RunnerState, RunnerStatus};

/// One generation of one projection.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The projection.
    pub name: &'static str,
    /// Which of its generations.
    pub generation: u64,
    /// Everything up to here was folded or parked.
    pub position: GlobalPosition,
    /// Events recorded and not folded yet.
    pub lag_events: u64,
    /// The age of the oldest of them.
    pub lag_seconds: f64,
    /// `live`, `previous`, `rebuilding`; `held`, `retrying`, `stopped` when the live one does not follow the log.
    pub state: &'static str,
    /// What the world said last, while it does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// On the row of the live generation: the rebuild under way, or the last one of this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_rebuild: Option<LastRebuild>,
}

/// How a rebuild is getting on, or went.
#[derive(Clone, Debug, Serialize)]
pub struct LastRebuild {
    /// What it builds.
    pub generation: Option<u64>,
    /// `begins`, `folding`, `comparing`, `catching_up`, `done`, `failed`.
    pub phase: &'static str,
    /// How far it is.
    pub position: GlobalPosition,
    /// Where it goes.
    pub head: GlobalPosition,
    /// How many events it could not fold.
    pub events_parked: u64,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

impl LastRebuild {
    pub(super) fn begun() -> Self {
        Self {
            generation: None,
            phase: "begins",
            position: GlobalPosition(0),
            head: GlobalPosition(0),
            events_parked: 0,
            outcome: None,
        }
    }

    fn is_under_way(&self) -> bool {
        self.outcome.is_none()
    }
}

impl ProjectionHost {
    /// A row for each generation that is live, kept for a roll-back, or being built.
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn overview(&self) -> Result<Vec<Row>, PortError> {
        let mut rows = Vec::new();
        if *self.state.borrow() == HostState::StandingBy {
            return Ok(rows);
        }
        for hosted in self.hosted.values() {
            rows.extend(hosted.rows().await?);
        }
        Ok(rows)
    }

    /// Why the live documents of some projection do not follow the log, if that is so.
    pub async fn trouble(&self) -> Option<String> {
        if *self.state.borrow() == HostState::Starting {
            return Some("they have not begun".to_owned());
        }
        for (name, hosted) in &self.hosted {
            for kept in hosted.runners.lock().await.values() {
                if let RunnerState::Retrying(reason) = kept.handle.status().state {
                    return Some(format!("{name}: {reason}"));
                }
            }
        }
        None
    }
}

impl Hosted {
    async fn rows(&self) -> Result<Vec<Row>, PortError> {
        let generations = self.ports.read_models.generations(self.kind.name()).await?;
        let last_rebuild = self.last_rebuild.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut rows = Vec::new();
        for (generation, role) in [(generations.live, "live"), (generations.previous, "previous")] {
            let Some(generation) = generation else { continue };
            let mut row = self.row(generation, role).await?;
            row.last_rebuild = last_rebuild.clone().filter(|_| role == "live");
            rows.push(row);
        }
        if let Some(rebuild) = last_rebuild.filter(LastRebuild::is_under_way)
            && let Some(generation) = rebuild.generation
        {
            let mut row = self.row(generation, "rebuilding").await?;
            row.position = rebuild.position;
            row.lag_events = rebuild.head.0.saturating_sub(rebuild.position.0);
            rows.push(row);
        }
        Ok(rows)
    }

    async fn row(&self, generation: u64, role: &'static str) -> Result<Row, PortError> {
        let progress = self.ports.read_models.progress(&self.kind.collection(generation)).await?;
        let position = progress.map(|progress| progress.position).unwrap_or_default();
        let categories = self.kind.categories().iter().map(|&name| name.to_owned()).collect();
        let unread = LogQuery { after: position, events_max: 1, categories, event_type: None };
        let now = self.ports.runner.clock.now();
        let lag = lag_behind(&*self.ports.log, &unread, now).await?;
        let status = self.runners.lock().await.get(&generation).map(|kept| kept.handle.status());
        let (state, reason) = told(role, status);
        let name = self.kind.name();
        let (lag_events, lag_seconds) = (lag.events, lag.seconds);
        Ok(Row {
            name,
            generation,
            position,
            lag_events,
            lag_seconds,
            state,
            reason,
            last_rebuild: None,
        })
    }
}

fn told(role: &'static str, status: Option<RunnerStatus>) -> (&'static str, Option<String>) {
    match status.map(|status| status.state) {
        Some(RunnerState::Retrying(reason)) => ("retrying", Some(reason)),
        Some(RunnerState::Held) if role == "live" => ("held", None),
        None | Some(RunnerState::Stopped) if role == "live" => ("stopped", None),
        _ => (role, None),
    }
}
