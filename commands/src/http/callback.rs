//! Who is to be told how a picture ended.

use domain::notification::{Command, Notification, Subscription, URL_CHARACTERS_MAX};
use ports::command_bus::{CommandBus, CommandEnvelope, CommandError};
use ports::event::Metadata;
use uuid::Uuid;

use super::Api;

/// That somebody could be told at this address, as far as can be said before it is tried; or what is wrong with it.
pub(super) fn check(api: &Api, url: Option<&str>) -> Result<(), String> {
    let Some(url) = url else { return Ok(()) };
    let Some(callbacks) = &api.callbacks else {
        return Err("cannot be served: this installation signs no messages".to_owned());
    };
    if url.chars().count() > URL_CHARACTERS_MAX {
        return Err(format!("must have at most {URL_CHARACTERS_MAX} characters"));
    }
    callbacks.check(url).map_err(|error| error.to_string())
}

/// Remembers the address for the task. May be repeated.
pub(super) async fn subscribe(
    api: &Api,
    task_id: Uuid,
    url: String,
    metadata: Metadata,
) -> Result<(), CommandError> {
    let command = Command::Subscribe(Subscription { url });
    let envelope = CommandEnvelope::new::<Notification>(task_id, &command);
    // A command of its own, of the same conversation.
    let metadata = Metadata { command_id: None, ..metadata };
    api.commands.send(CommandEnvelope { metadata, ..envelope }).await.map(drop)
}
