//! One call: the message whose turn it is, signed and posted, and what became of it recorded.

use std::sync::Arc;

use bytes::Bytes;
use domain::notification::{Command, Delivery, Due, Failure, Message, Notification};
use domain::time::Timestamp;
use fail::fail_point;
use ports::callbacks::{Callback, CallbackError, Callbacks};
use ports::clock::Clock;
use ports::command_bus::{CommandBus, CommandEnvelope, CommandError};
use ports::event_store::EventStore;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::WebhookSettings;
use super::announcer::notification;
use super::schedule::Next;
use super::signature::signatures;
use crate::Dependencies;
use crate::wish::{Cause, send_until_decided, wish};

/// As which the sender is known in metadata and command keys.
const ACTOR: &str = "webhook-sender";
/// After the store did not answer.
const FAULT_DELAY_S: f64 = 2.0;
/// When a history cannot be read, nothing will change before a person has looked at it.
const UNDECIDABLE_DELAY_S: f64 = 300.0;
/// A receiver that answers this wants to hear no more.
const GONE: u16 = 410;
const MICROS_PER_S: i64 = 1_000_000;

/// What every call works with.
pub(super) struct Caller {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: WebhookSettings,
    store: Arc<dyn EventStore>,
    bus: Arc<dyn CommandBus>,
    callbacks: Arc<dyn Callbacks>,
}

impl Caller {
    pub(super) fn new(dependencies: &Dependencies, settings: WebhookSettings) -> Self {
        let Dependencies { clock, store, bus, callbacks, .. } = dependencies.clone();
        Self { clock, settings, store, bus, callbacks }
    }

    /// Sends what is due of one notification, and tells when to look at it again.
    pub(super) async fn call(&self, task_id: Uuid) -> Next {
        let notification = match notification(&*self.store, task_id).await {
            Ok(Ok(notification)) => notification,
            Ok(Err(reason)) => {
                error!(task = %task_id, reason, "the notification of {task_id} cannot be read");
                return self.later(UNDECIDABLE_DELAY_S);
            }
            Err(error) => {
                warn!(task = %task_id, "{}", error.chain());
                return self.later(FAULT_DELAY_S);
            }
        };
        let Some(due) = notification.due() else { return Next::Nothing };
        if let Some(at) = due.at.filter(|at| *at > self.clock.now()) {
            return Next::At(at);
        }
        let command = self.post(task_id, due).await;
        fail_point!("webhook-before-record");
        self.record(task_id, &due.message.message_id, &command).await
    }

    fn later(&self, delay_s: f64) -> Next {
        Next::At(self.clock.now().plus_seconds(delay_s))
    }

    /// Posts the message; what is to be recorded of it.
    async fn post(&self, task_id: Uuid, Due { message, attempt, .. }: Due<'_>) -> Command {
        let message_id = message.message_id.clone();
        match self.callbacks.post(&self.signed(message)).await {
            Ok(status) => Command::RecordDelivery(Delivery { message_id, attempt, status }),
            Err(error) => {
                let retry_at = self.retry_at(task_id, attempt, &error);
                warn!(task = %task_id, attempt, "attempt {attempt} to tell of {message_id}: {error}");
                let status = match error {
                    CallbackError::NotTaken(status) => Some(status),
                    CallbackError::Forbidden(_) | CallbackError::Unreachable(_) => None,
                };
                let reason = error.to_string();
                Command::RecordFailure(Failure { message_id, attempt, status, reason, retry_at })
            }
        }
    }

    fn signed(&self, message: &Message) -> Callback {
        let Message { message_id, url, body, .. } = message;
        // The time of this attempt: receivers refuse what is too old, since somebody may have recorded it.
        let unix_s = self.clock.now().as_micros().div_euclid(MICROS_PER_S);
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", message_id.clone()),
            ("webhook-timestamp", unix_s.to_string()),
            ("webhook-signature", signatures(&self.settings.keys, message_id, unix_s, body)),
        ];
        Callback { url: url.clone(), headers, body: Bytes::from(body.clone()) }
    }

    fn retry_at(&self, task_id: Uuid, attempt: u32, error: &CallbackError) -> Option<Timestamp> {
        let is_final = matches!(error, CallbackError::Forbidden(_) | CallbackError::NotTaken(GONE));
        let (_, seed) = task_id.as_u64_pair();
        let delay_s = self.settings.retry.delay_s(attempt, seed);
        let again = !is_final && attempt < self.settings.attempts_max;
        again.then(|| self.clock.now().plus_seconds(delay_s))
    }

    /// Records what became of a call, however long the store does not answer: otherwise it would be made again.
    async fn record(&self, task_id: Uuid, message_id: &str, command: &Command) -> Next {
        let key = format!("{message_id}/{}", self.clock.new_id());
        let wish = wish::<Notification>(task_id, command, ACTOR, key, &Cause::default());
        match self.send(wish).await {
            // There may be more to send.
            Ok(()) => Next::At(self.clock.now()),
            Err(CommandError::Rejected(rejection)) => {
                info!(task = %task_id, "what became of {message_id} is not recorded: {rejection}");
                Next::At(self.clock.now())
            }
            Err(error) => {
                error!(task = %task_id, "what became of {message_id} cannot be recorded: {error}");
                self.later(UNDECIDABLE_DELAY_S)
            }
        }
    }

    async fn send(&self, command: CommandEnvelope) -> Result<(), CommandError> {
        send_until_decided(&*self.bus, command).await.map(drop)
    }
}
