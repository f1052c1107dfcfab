//! The notifications: who is told how an image task ended, and what became of every attempt.

use domain::notification::{Message, Notification, NotificationEvent};
use domain::time::Timestamp;
use ports::event::RecordedEvent;
use ports::read_models::{Field, Sort};
use ports::stream::{GlobalPosition, StreamVersion};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::projection::{Filterable, FoldError, Projection, Resource};

/// So many attempts at a message are shown; older ones stand in the log.
const ATTEMPTS_MAX: usize = 50;

/// One document per notification.
pub struct Notifications;

/// Who is told of an image task, and how that went.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Notification")]
pub struct NotificationDocument {
    pub task_id: Uuid,
    /// Of the message that is to be taken next; `delivered` when all were.
    pub state: MessageState,
    /// Who asked to be told; where nobody did, messages go to the configured address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// In the order in which they are sent.
    pub messages: Vec<MessageDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    pub changed_at: Timestamp,
    pub version: StreamVersion,
    pub position: GlobalPosition,
}

/// A message, and every attempt to have it taken.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NotificationMessage")]
pub struct MessageDocument {
    pub message_id: String,
    #[serde(rename = "type")]
    pub message_type: String,
    pub url: String,
    pub state: MessageState,
    pub announced_at: Timestamp,
    pub attempts: Vec<AttemptDocument>,
}

/// An attempt to have a message taken.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NotificationAttempt")]
pub struct AttemptDocument {
    pub attempt: u32,
    pub at: Timestamp,
    /// What the receiver answered, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// There is nothing to tell yet.
    Subscribed,
    /// It waits for its turn or for its next attempt.
    Waiting,
    /// It was taken.
    Delivered,
    /// It was given up, until a replay or a new message.
    Parked,
}

impl Projection for Notifications {
    const NAME: &'static str = "notifications";
    const CATEGORIES: &'static [&'static str] = &["notification"];
    const VERSION: u32 = 1;
    const FIELDS: &'static [Field] = &[Field { name: "state" }, Field { name: "changed_at" }];
    const RESOURCE: Option<Resource> = Some(Resource {
        list: "/v1/notifications",
        item: "/v1/images/{id}/notifications",
        noun: "notification",
        summary: "Who is told how image tasks ended, what changed last first",
        filters: &[Filterable::by("state")],
        sort: Some(Sort { field: "changed_at", descending: true }),
        with_readings: false,
    });
    type Document = NotificationDocument;

    fn evolve(
        document: Option<NotificationDocument>,
        event: &RecordedEvent,
    ) -> Result<Option<NotificationDocument>, FoldError> {
        let happened = event.decode::<Notification>()?;
        let mut document = document.unwrap_or_else(|| begun(event));
        document.apply(happened, event.recorded_at);
        document.state = document.standing();
        document.changed_at = event.recorded_at;
        (document.version, document.position) = (event.version, event.position);
        Ok(Some(document))
    }
}

/// Nothing has to come before anything here: a message may be announced to the configured address.
fn begun(event: &RecordedEvent) -> NotificationDocument {
    NotificationDocument {
        task_id: event.stream.id,
        state: MessageState::Subscribed,
        callback_url: None,
        messages: Vec::new(),
        next_attempt_at: None,
        changed_at: event.recorded_at,
        version: event.version,
        position: event.position,
    }
}

impl NotificationDocument {
    fn apply(&mut self, event: NotificationEvent, at: Timestamp) {
        match event {
            NotificationEvent::Subscribed(subscription) => {
                self.callback_url = Some(subscription.url);
            }
            NotificationEvent::Announced(message) => {
                self.unpark();
                self.messages.push(announced(message, at));
            }
            NotificationEvent::Delivered(delivery) => {
                let (attempt, status) = (delivery.attempt, Some(delivery.status));
                let attempt = AttemptDocument { attempt, at, status, reason: None };
                self.note(&delivery.message_id, attempt, MessageState::Delivered);
                self.next_attempt_at = None;
            }
            NotificationEvent::AttemptFailed(failure) => {
                let (attempt, status) = (failure.attempt, failure.status);
                let attempt = AttemptDocument { attempt, at, status, reason: Some(failure.reason) };
                self.note(&failure.message_id, attempt, MessageState::Waiting);
                self.next_attempt_at = failure.retry_at;
            }
            NotificationEvent::Parked { .. } => {
                self.change(MessageState::Waiting, MessageState::Parked);
            }
            NotificationEvent::ReplayRequested { message_id } => {
                self.unpark();
                if let Some(message) = self.message(&message_id) {
                    message.state = MessageState::Waiting;
                }
            }
        }
    }

    /// All that wait are given up together, and tried anew together.
    fn unpark(&mut self) {
        if self.standing() == MessageState::Parked {
            self.change(MessageState::Parked, MessageState::Waiting);
        }
        self.next_attempt_at = None;
    }

    fn change(&mut self, from: MessageState, to: MessageState) {
        let changing = self.messages.iter_mut().filter(|message| message.state == from);
        changing.for_each(|message| message.state = to);
    }

    fn note(&mut self, message_id: &str, attempt: AttemptDocument, state: MessageState) {
        let Some(message) = self.message(message_id) else { return };
        message.state = state;
        message.attempts.push(attempt);
        let surplus = message.attempts.len().saturating_sub(ATTEMPTS_MAX);
        message.attempts.drain(..surplus);
    }

    fn message(&mut self, message_id: &str) -> Option<&mut MessageDocument> {
        self.messages.iter_mut().find(|message| message.message_id == message_id)
    }

    fn standing(&self) -> MessageState {
        let mut states = self.messages.iter().map(|message| message.state);
        let open = states.find(|state| *state != MessageState::Delivered);
        let settled = if self.messages.is_empty() {
            MessageState::Subscribed
        } else {
            MessageState::Delivered
        };
        open.unwrap_or(settled)
    }
}

fn announced(message: Message, at: Timestamp) -> MessageDocument {
    let Message { message_id, message_type, url, .. } = message;
    let (state, announced_at) = (MessageState::Waiting, at);
    MessageDocument { message_id, message_type, url, state, announced_at, attempts: Vec::new() }
}
