//! Turns the ends of image tasks into messages that are to be sent.

use std::sync::Arc;

use async_trait::async_trait;
use domain::aggregate::{Decide, decode};
use domain::notification::{Command, Notification};
use ports::PortError;
use ports::clock::Clock;
use ports::command_bus::{CommandBus, CommandError};
use ports::event::RecordedEvent;
use ports::event_store::EventStore;
use ports::handler::HandleError;
use ports::stream::StreamName;
use uuid::Uuid;

use super::WebhookSettings;
use super::message::{End, ends, is_end};
use crate::Dependencies;
use crate::history::whole_stream;
use crate::one_by_one::Acts;
use crate::wish::{Cause, is_passing, wish};

const NAME: &str = "webhook-announcer";

/// Announces what has ended to whoever wants to be told.
///
/// It looks at the task and its notification as they are now, whichever of the two has changed: so it does not matter
/// whether the subscription or the end came first. What was announced already is announced no more.
pub struct Announcer {
    store: Arc<dyn EventStore>,
    bus: Arc<dyn CommandBus>,
    clock: Arc<dyn Clock>,
    url: Option<String>,
    age_s_max: f64,
}

impl Announcer {
    /// Announces into the notifications behind `dependencies`.
    pub fn new(dependencies: &Dependencies, settings: &WebhookSettings) -> Self {
        let Dependencies { store, bus, clock, .. } = dependencies.clone();
        let (url, age_s_max) = (settings.url.clone(), settings.age_s_max);
        Self { store, bus, clock, url, age_s_max }
    }

    async fn announce(&self, cause: &RecordedEvent) -> Result<(), HandleError> {
        let task_id = cause.stream.id;
        let notification = notification(&*self.store, task_id).await?;
        let notification = notification.map_err(|reason| poison(cause, reason))?;
        let Some(url) = notification.url().or(self.url.as_deref()) else { return Ok(()) };
        let history = whole_stream(&*self.store, &StreamName::new("image", task_id)).await?;
        let ends = ends(&history, url).map_err(|error| poison(cause, error.to_string()))?;
        for End { message, at } in ends {
            let is_asked_for = notification.url().is_some();
            let is_recent = self.clock.now().seconds_since(at) <= self.age_s_max;
            if message.task_version > notification.announced() && (is_asked_for || is_recent) {
                self.send(task_id, Command::Announce(message), cause).await?;
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        task_id: Uuid,
        command: Command,
        cause: &RecordedEvent,
    ) -> Result<(), HandleError> {
        let Command::Announce(message) = &command else { return Ok(()) };
        let key = format!("announce/{}", message.message_id);
        let wish = wish::<Notification>(task_id, &command, NAME, key, &Cause::from(cause));
        match self.bus.send(wish).await {
            Ok(_) => Ok(()),
            // The same end, told to another address: a subscription came in between, and the first one counts.
            Err(CommandError::KeyReused) => Ok(()),
            Err(error) if is_passing(&error) => {
                Err(PortError::new(format!("announcing the end of image {task_id}"), error).into())
            }
            Err(error) => Err(poison(cause, error.to_string())),
        }
    }
}

fn poison(event: &RecordedEvent, reason: String) -> HandleError {
    HandleError::Poison { position: event.position, reason }
}

/// The notification of a task as it is now; the inner error tells which of its events cannot be read.
pub(super) async fn notification(
    store: &dyn EventStore,
    task_id: Uuid,
) -> Result<Result<Notification, String>, PortError> {
    let stream = StreamName::new("notification", task_id);
    Ok(folded(&whole_stream(store, &stream).await?))
}

fn folded<A: Decide>(history: &[RecordedEvent]) -> Result<A, String> {
    let mut aggregate = A::default();
    for event in history {
        let happened = decode::<A>(&event.event_type, event.schema_version, &event.data);
        aggregate.apply(happened.map_err(|error| format!("{}: {error}", event.id()))?);
    }
    Ok(aggregate)
}

#[async_trait]
impl Acts for Announcer {
    const NAME: &'static str = NAME;
    const CATEGORIES: &'static [&'static str] = &["image", "notification"];

    async fn act_on(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        let is_due = match event.stream.category.as_str() {
            "image" => is_end(event).map_err(|error| poison(event, error.to_string()))?,
            _ => event.event_type == "subscribed",
        };
        if is_due { self.announce(event).await } else { Ok(()) }
    }
}
