//! Reads the log of all streams by position.

use async_trait::async_trait;

use crate::PortError;
use crate::event::RecordedEvent;
use crate::stream::GlobalPosition;

/// All streams as one sequence, gap-free and in commit order: what rebuilds, feeds and audits read.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// The events after `query.after` that match, oldest first, none left out.
    async fn read(&self, query: &LogQuery) -> Result<LogPage, PortError>;

    /// The position up to which the log is complete: no event at or below it is still to come.
    async fn head(&self) -> Result<GlobalPosition, PortError>;

    /// Returns when the head is beyond `position`. May be dropped at any time; bounded by the caller.
    async fn wait_beyond(&self, position: GlobalPosition) -> Result<(), PortError>;
}

/// Which part of the log.
#[derive(Clone, Debug, Default)]
pub struct LogQuery {
    /// Only events after this position.
    pub after: GlobalPosition,
    /// At most this many events.
    pub events_max: usize,
    /// Only these categories; empty: all.
    pub categories: Vec<String>,
    /// Only this event type.
    pub event_type: Option<String>,
}

/// A part of the log.
#[derive(Clone, Debug, Default)]
pub struct LogPage {
    /// What matched.
    pub events: Vec<RecordedEvent>,
    /// Everything up to here was looked at; read on from here. Never before `query.after`.
    pub through: GlobalPosition,
}
