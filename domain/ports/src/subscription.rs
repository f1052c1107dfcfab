//! A named reader of the log that resumes where it was.

use std::sync::Arc;

use async_trait::async_trait;

use crate::PortError;
use crate::checkpoint::{Checkpoint, Progress};
use crate::event::RecordedEvent;
use crate::event_log::{EventLog, LogQuery};
use crate::stream::GlobalPosition;

/// Gives the events after a checkpoint: each at least once, in order within its stream.
#[async_trait]
pub trait Subscription: Send {
    /// Waits for events and gives them, at most `events_max`. Dropping the future loses nothing: what was not
    /// given yet is given by the next call.
    async fn next(&mut self, events_max: usize) -> Result<Delivery, PortError>;
}

/// Events, and how far the subscription has come with them.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// May be empty, when only events of other categories went by.
    pub events: Vec<RecordedEvent>,
    /// The progress once these events are dealt with.
    pub progress: Progress,
}

/// Opens subscriptions.
#[async_trait]
pub trait Subscriptions: Send + Sync {
    /// The events of `categories` (none: all) after `from` (`None`: from the first one).
    async fn open(
        &self,
        name: &str,
        categories: &[&str],
        from: Option<&Checkpoint>,
    ) -> Result<Box<dyn Subscription>, PortError>;
}

/// Subscriptions that read the log itself; a checkpoint is a position.
pub struct LogSubscriptions {
    log: Arc<dyn EventLog>,
}

impl LogSubscriptions {
    /// Reads `log`.
    pub fn over(log: Arc<dyn EventLog>) -> Self {
        Self { log }
    }
}

#[async_trait]
impl Subscriptions for LogSubscriptions {
    async fn open(
        &self,
        name: &str,
        categories: &[&str],
        from: Option<&Checkpoint>,
    ) -> Result<Box<dyn Subscription>, PortError> {
        let after = from.map_or(Ok(0), |Checkpoint(text)| text.parse()).map_err(|error| {
            PortError::new(format!("resuming the subscription {name} from its checkpoint"), error)
        })?;
        let categories = categories.iter().map(|&category| category.to_owned()).collect();
        let query = LogQuery { after: GlobalPosition(after), categories, ..LogQuery::default() };
        Ok(Box::new(LogSubscription { log: Arc::clone(&self.log), query }))
    }
}

struct LogSubscription {
    log: Arc<dyn EventLog>,
    query: LogQuery,
}

#[async_trait]
impl Subscription for LogSubscription {
    async fn next(&mut self, events_max: usize) -> Result<Delivery, PortError> {
        self.log.wait_beyond(self.query.after).await?;
        self.query.events_max = events_max;
        let page = self.log.read(&self.query).await?;
        self.query.after = page.through;
        Ok(Delivery { events: page.events, progress: progress_at(page.through) })
    }
}

/// The progress of a subscription to the log itself at `position`.
pub fn progress_at(position: GlobalPosition) -> Progress {
    Progress { position, checkpoint: Checkpoint(position.to_string()) }
}
