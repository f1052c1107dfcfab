//! An append on its way to the database, and what became of it.

use ports::event_store::{APPEND_EVENTS_MAX, Append, Appended, CommandKey, CommandRecord};

use super::naming;
use crate::error::Unstorable;

/// How many bytes one append may carry.
pub(crate) const APPEND_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What an append counts for beside its texts: its row, its index entries, its place in the arrays.
const EVENT_OVERHEAD_BYTES: usize = 128;

/// An append in the words of the table.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) aggregate_type: String,
    pub(crate) aggregate_id: String,
    /// The version that the decision was made on.
    pub(crate) expected: i64,
    pub(crate) events: Vec<WishedEvent>,
    pub(crate) key: Option<CommandKey>,
}

#[derive(Clone, Debug)]
pub(crate) struct WishedEvent {
    pub(crate) event_type: String,
    pub(crate) event_version: String,
    /// What cqrs-es would store: `{"type": …, "data": …}`.
    pub(crate) payload: String,
    /// A flat object of texts.
    pub(crate) metadata: String,
}

/// What became of an append that the database judged.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Appended(Appended),
    Conflict { actual: i64 },
    Repeated(CommandRecord),
}

impl Wish {
    /// # Errors
    /// It holds what a text cannot hold, or too much.
    pub(crate) fn to_append(append: &Append) -> Result<Self, Unstorable> {
        let metadata = serde_json::to_string(&append.metadata).expect("metadata is plain data");
        let (aggregate_type, aggregate_id) = naming::columns(&append.stream)?;
        let event = |event: &ports::event::NewEvent| {
            let tag = serde_json::Value::from(event.event_type.as_str());
            WishedEvent {
                event_type: event.event_type.clone(),
                event_version: event.schema_version.to_string(),
                payload: format!(r#"{{"type":{tag},"data":{}}}"#, event.data.get()),
                metadata: metadata.clone(),
            }
        };
        let wish = Self {
            aggregate_type,
            aggregate_id,
            expected: i64::try_from(append.expected.0)
                .map_err(|_| Unstorable("no stream has so many events".to_owned()))?,
            events: append.events.iter().map(event).collect(),
            key: append.key.clone(),
        };
        wish.check()?;
        Ok(wish)
    }

    /// Refuses alone what would otherwise spoil a whole batch.
    pub(crate) fn check(&self) -> Result<(), Unstorable> {
        let refuse = |why: String| Err(Unstorable(why));
        if self.events.len() > APPEND_EVENTS_MAX {
            let events = self.events.len();
            return refuse(format!(
                "{events} events are more than the {APPEND_EVENTS_MAX} of an append"
            ));
        }
        if self.bytes() > APPEND_BYTES_MAX {
            let bytes = self.bytes();
            return refuse(format!(
                "{bytes} bytes are more than the {APPEND_BYTES_MAX} of an append"
            ));
        }
        if self.events.iter().any(|event| event.event_type.is_empty()) {
            return refuse("an event has no type".to_owned());
        }
        if self.texts().any(|text| text.contains('\0')) {
            return refuse("a text contains a null character".to_owned());
        }
        Ok(())
    }

    pub(crate) fn bytes(&self) -> usize {
        self.texts().map(str::len).sum::<usize>() + EVENT_OVERHEAD_BYTES * (1 + self.events.len())
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let stream = [&self.aggregate_type, &self.aggregate_id];
        let key = self.key.iter().flat_map(|key| [&key.scope, &key.key, &key.fingerprint]);
        let events = self.events.iter().flat_map(|event| {
            [&event.event_type, &event.event_version, &event.payload, &event.metadata]
        });
        stream.into_iter().chain(key).chain(events).map(String::as_str)
    }
}
