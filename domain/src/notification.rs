//! The notification: who is to be told how an image task ended, and whether they were.

mod told;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aggregate::{Decide, Endpoint, Method, carry};
use crate::invalid::Faults;
use crate::rejection::Rejection;
use crate::time::Timestamp;

pub use told::{Due, Notification};

/// The longest address that can be called back, in characters.
pub const URL_CHARACTERS_MAX: usize = 2_048;
/// The longest body of a message, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// The longest reason of a failed attempt that is recorded, in characters; the rest is cut.
pub const REASON_CHARACTERS_MAX: usize = 300;

/// What can be asked of a notification. It has the id of its image task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// The end of the task is to be told to this address, instead of to the configured one.
    Subscribe(Subscription),
    /// The task has come to an end, which is to be told.
    Announce(Message),
    /// A message was taken.
    RecordDelivery(Delivery),
    /// A message was not taken.
    RecordFailure(Failure),
    /// What was given up is tried anew; where nothing waits, the last message is sent again.
    Replay {},
}

/// Who wants to be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Subscription {
    /// Where messages are posted to.
    pub url: String,
}

/// What is told, byte for byte the same at every attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// The id of the event that it tells of; receivers know a repeated message by it.
    pub message_id: String,
    /// `image.completed`
    pub message_type: String,
    /// The version of the image task that it tells of; messages are in its order.
    pub task_version: u64,
    /// Where it is posted to.
    pub url: String,
    /// JSON text.
    pub body: String,
}

/// An attempt that ended well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// Which message.
    pub message_id: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What the receiver answered: 200 to 299.
    pub status: u16,
}

/// An attempt that ended badly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Which message.
    pub message_id: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What the receiver answered, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// For a person to read.
    pub reason: String,
    /// When it is tried again; `None`: not before a person asks for it, or there is more to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

/// What happened to a notification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum NotificationEvent {
    /// Somebody wants to be told.
    Subscribed(Subscription),
    /// Something is to be told, after all that is still waiting.
    Announced(Message),
    /// The first message that waited was taken.
    Delivered(Delivery),
    /// The first message that waits was not taken.
    AttemptFailed(Failure),
    /// It was given up, and all that wait behind it.
    Parked {
        /// Which message.
        message_id: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// It is tried anew, or sent again.
    ReplayRequested {
        /// Which message.
        message_id: String,
    },
}

impl DomainEvent for NotificationEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Subscribed(_) => "subscribed",
            Self::Announced(_) => "announced",
            Self::Delivered(_) => "delivered",
            Self::AttemptFailed(_) => "attempt_failed",
            Self::Parked { .. } => "parked",
            Self::ReplayRequested { .. } => "replay_requested",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Decide for Notification {
    const ID_FIELD: &'static str = "task_id";
    const ENDPOINTS: &'static [Endpoint] = &[Endpoint {
        method: Method::Post,
        path: "/v1/images/{id}/notifications/replay",
        command: "replay",
        summary: "Send the notifications of an image task that were given up, or the last one, again",
        body: None,
    }];

    fn decide(&self, command: Command) -> Result<Vec<NotificationEvent>, Rejection> {
        match command {
            Command::Subscribe(subscription) => self.subscribe(subscription),
            Command::Announce(message) => self.announce(message),
            Command::RecordDelivery(delivery) => {
                self.require_under_way(&delivery.message_id, delivery.attempt)?;
                Ok(vec![NotificationEvent::Delivered(delivery)])
            }
            Command::RecordFailure(failure) => self.record_failure(failure),
            Command::Replay {} => self.replay(),
        }
    }
}

impl Notification {
    fn subscribe(&self, subscription: Subscription) -> Result<Vec<NotificationEvent>, Rejection> {
        if self.url() == Some(&subscription.url) {
            return Ok(vec![]);
        }
        let mut faults = Faults::default();
        faults.require_text(&subscription.url, URL_CHARACTERS_MAX, "/url");
        faults.into_result()?;
        Ok(vec![NotificationEvent::Subscribed(subscription)])
    }

    /// The events of a task may be seen again; what was announced is announced.
    fn announce(&self, message: Message) -> Result<Vec<NotificationEvent>, Rejection> {
        if message.task_version <= self.announced() {
            return Ok(vec![]);
        }
        let mut faults = Faults::default();
        faults.require_text(&message.url, URL_CHARACTERS_MAX, "/url");
        faults.require(message.body.len() <= BODY_BYTES_MAX, "/body", "is too long");
        faults.into_result()?;
        Ok(vec![NotificationEvent::Announced(message)])
    }

    fn record_failure(&self, failure: Failure) -> Result<Vec<NotificationEvent>, Rejection> {
        self.require_under_way(&failure.message_id, failure.attempt)?;
        let reason = failure.reason.chars().take(REASON_CHARACTERS_MAX).collect();
        let failure = Failure { reason, ..failure };
        let parked = failure.retry_at.is_none().then(|| NotificationEvent::Parked {
            message_id: failure.message_id.clone(),
            attempts: failure.attempt,
        });
        Ok([NotificationEvent::AttemptFailed(failure)].into_iter().chain(parked).collect())
    }

    /// A wish that is under way already needs no event.
    fn replay(&self) -> Result<Vec<NotificationEvent>, Rejection> {
        if *self == Self::default() {
            return Err(Rejection::Unknown);
        }
        if self.is_fresh() {
            return Ok(vec![]);
        }
        let message = self.replayable().ok_or(Rejection::NotNow {
            code: "nothing_announced",
            detail: "there was nothing to tell yet of this image task",
        })?;
        let message_id = message.message_id.clone();
        Ok(vec![NotificationEvent::ReplayRequested { message_id }])
    }

    /// A sender that was taken for dead may come back with an attempt that is no longer the present one.
    fn require_under_way(&self, message_id: &str, attempt: u32) -> Result<(), Rejection> {
        let is_due = self
            .due()
            .is_some_and(|due| due.message.message_id == message_id && due.attempt == attempt);
        if is_due {
            return Ok(());
        }
        Err(Rejection::NotNow {
            code: "attempt_superseded",
            detail: "this is not the attempt that is due",
        })
    }
}

/// Carried by cqrs-es. Nothing is decided here.
impl Aggregate for Notification {
    const TYPE: &'static str = "notification";
    type Command = Command;
    type Event = NotificationEvent;
    type Error = Rejection;
    type Services = ();

    async fn handle(
        &mut self,
        command: Command,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Rejection> {
        carry(self, command, sink).await
    }

    fn apply(&mut self, event: NotificationEvent) {
        self.fold(event);
    }
}

#[cfg(test)]
mod tests;
