//! A command that was handled before gets its first answer.
//!
//! Only accepted commands are remembered, with their events and in the same append: a refusal changed nothing, so
//! repeating the command asks the rules again. When the store fails after the effect, the sender does not learn of
//! it; by the same key it will.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ports::command_bus::{Accepted, CommandError};
use ports::event::{NewEvent, RecordedEvent};
use ports::event_store::{CommandKey, CommandRecord, EventStore};
use ports::stream::StreamVersion;

/// The keys of commands that this process is handling, and what was asked under them. As many as such commands.
#[derive(Default)]
pub(crate) struct Claims(Mutex<HashMap<(String, String), String>>);

/// Held while a command with a key is handled.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    claims: &'a Claims,
    name: (String, String),
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

impl Claims {
    /// Refuses a key that is being used at this moment.
    pub(crate) fn claim(&self, key: &CommandKey) -> Result<Claim<'_>, CommandError> {
        let name = (key.scope.clone(), key.key.clone());
        let mut claims = self.lock();
        match claims.get(&name) {
            Some(fingerprint) if *fingerprint == key.fingerprint => Err(CommandError::KeyInUse),
            Some(_) => Err(CommandError::KeyReused),
            None => {
                claims.insert(name.clone(), key.fingerprint.clone());
                Ok(Claim { claims: self, name })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Also when the request is given up half-way.
impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.claims.lock().remove(&self.name);
    }
}

/// What the command that is remembered as `record` was answered.
pub(crate) async fn first_answer(
    store: &dyn EventStore,
    key: &CommandKey,
    record: CommandRecord,
) -> Result<Accepted, CommandError> {
    if record.fingerprint != key.fingerprint {
        return Err(CommandError::KeyReused);
    }
    let CommandRecord { stream, appended, events, .. } = record;
    let before = StreamVersion(appended.version.0.saturating_sub(events));
    let wanted = usize::try_from(events).unwrap_or(usize::MAX);
    let recorded = match wanted {
        0 => Vec::new(),
        _ => store.read_stream(&stream, before, wanted).await?,
    };
    if recorded.len() != wanted {
        let reason = format!("of the {events} events after {before} {} are left", recorded.len());
        return Err(CommandError::Corrupt { stream, reason });
    }
    Ok(Accepted {
        stream,
        version: appended.version,
        position: appended.position,
        events: recorded.into_iter().map(as_decided).collect(),
        repeated: true,
    })
}

fn as_decided(event: RecordedEvent) -> NewEvent {
    let RecordedEvent { event_type, schema_version, data, .. } = event;
    NewEvent { event_type, schema_version, data }
}
