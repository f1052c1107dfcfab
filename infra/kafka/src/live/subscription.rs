//! A subscription: from the log as long as it is behind, from the tail once it has caught up.

use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogQuery};
use ports::stream::GlobalPosition;
use ports::subscription::{Delivery, Subscription, Subscriptions, progress_at};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::ring::Held;
use super::tail::{FollowsLog, Tail};

/// So many events of the tail are looked at for one delivery, at most.
const LOOK_EVENTS_MAX: usize = 2_000;

/// Subscriptions to the log as it comes by Kafka; a checkpoint is a position.
pub struct LiveSubscriptions {
    log: Arc<dyn EventLog>,
    tail: Arc<Tail>,
}

impl LiveSubscriptions {
    /// Subscriptions to `tail`, which read in `log` what the tail does not have.
    pub fn new(log: Arc<dyn EventLog>, tail: Arc<Tail>) -> Self {
        Self { log, tail }
    }
}

#[async_trait]
impl Subscriptions for LiveSubscriptions {
    async fn open(
        &self,
        name: &str,
        categories: &[&str],
        from: Option<&Checkpoint>,
    ) -> Result<Box<dyn Subscription>, PortError> {
        let position = from.map_or(Ok(0), |Checkpoint(text)| text.parse()).map_err(|error| {
            PortError::new(format!("resuming the subscription {name} from its checkpoint"), error)
        })?;
        Ok(Box::new(LiveSubscription {
            log: Arc::clone(&self.log),
            tail: Arc::clone(&self.tail),
            categories: categories.iter().map(|&category| category.to_owned()).collect(),
            position,
            waiting_since: None,
            following: None,
        }))
    }
}

struct LiveSubscription {
    log: Arc<dyn EventLog>,
    tail: Arc<Tail>,
    categories: Vec<String>,
    /// Everything up to here was given, or was of another category.
    position: u64,
    /// Since when Kafka has brought nothing. Kept here, since whoever calls may do so again and again.
    waiting_since: Option<Instant>,
    following: Option<Following>,
}

/// Follows the log, and watches how far behind it the tail is.
struct Following {
    /// At this time the log had come …
    marked_at: Instant,
    /// … to here, or further.
    mark: u64,
    _counted: FollowsLog,
}

#[async_trait]
impl Subscription for LiveSubscription {
    async fn next(&mut self, events_max: usize) -> Result<Delivery, PortError> {
        loop {
            match self.tail.after(self.position, LOOK_EVENTS_MAX) {
                Held::Events(events) => {
                    (self.waiting_since, self.following) = (None, None);
                    return Ok(self.give(&events, events_max));
                }
                Held::Gone => return self.read_log(events_max).await,
                Held::Nowhere => {
                    if self.following.is_none() {
                        self.follow_log(self.position);
                    }
                }
                Held::NotYet => {}
            }
            self.judge_tail();
            if self.following.is_some() {
                if self.log_goes_first().await? {
                    return self.read_log(events_max).await;
                }
            } else {
                self.wait_for_tail().await;
            }
        }
    }
}

impl LiveSubscription {
    /// What of these events is wanted. They are the ones that follow, without gaps.
    fn give(&mut self, events: &[Arc<RecordedEvent>], events_max: usize) -> Delivery {
        let mut given = Vec::new();
        for event in events {
            if given.len() >= events_max {
                break;
            }
            self.position = event.position.0;
            let categories = &self.categories;
            if categories.is_empty() || categories.contains(&event.stream.category) {
                given.push(RecordedEvent::clone(event));
            }
        }
        Delivery { events: given, progress: progress_at(GlobalPosition(self.position)) }
    }

    async fn read_log(&mut self, events_max: usize) -> Result<Delivery, PortError> {
        let query = LogQuery {
            after: GlobalPosition(self.position),
            events_max,
            categories: self.categories.clone(),
            event_type: None,
        };
        let page = self.log.read(&query).await?;
        self.position = page.through.0;
        Ok(Delivery { events: page.events, progress: progress_at(page.through) })
    }

    /// Waits for the tail, and begins to follow the log when only the log goes on.
    async fn wait_for_tail(&mut self) {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let silence = self.tail.settings().silence();
        let next = GlobalPosition(self.position + 1);
        if timeout_at(since + silence, self.tail.reached(next)).await.is_ok() {
            return;
        }
        match self.tail.head_of(&*self.log).await {
            Ok(head) if head > self.position => self.follow_log(head),
            Ok(_) => {}
            // Kafka may still bring what comes next.
            Err(error) => warn!("asking the log whether Kafka is silent: {}", error.chain()),
        }
        self.waiting_since = None;
    }

    /// Follows the log at least until the tail has come to `mark`.
    fn follow_log(&mut self, mark: u64) {
        let (marked_at, _counted) = (Instant::now(), self.tail.follow_log());
        self.following = Some(Following { marked_at, mark, _counted });
    }

    /// Goes back to the tail once it needs less time to come somewhere than a subscription waits for it.
    fn judge_tail(&mut self) {
        let silence = self.tail.settings().silence();
        let Some(following) = &mut self.following else { return };
        if !self.tail.has_reached(following.mark) {
            return;
        }
        if following.marked_at.elapsed() < silence || self.tail.has_reached(self.position) {
            self.following = None;
            self.waiting_since = None;
        } else {
            following.marked_at = Instant::now();
            following.mark = self.position;
        }
    }

    /// Waits for the log or for the tail, while the log is followed: whether it was the log.
    async fn log_goes_first(&self) -> Result<bool, PortError> {
        let mark = self.following.as_ref().map_or(self.position, |following| following.mark);
        tokio::select! {
            biased;
            () = self.tail.reached(GlobalPosition(mark)) => Ok(false),
            waited = self.log.wait_beyond(GlobalPosition(self.position)) => waited.map(|()| true),
        }
    }
}
