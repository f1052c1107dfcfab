//! What every aggregate shares: deciding, its commands as HTTP offers them, and its events as they are stored.

use std::future::Future;

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::rejection::Rejection;

/// An aggregate whose decisions are a pure function.
///
/// A command's serialised form is externally tagged (`{"register": {…}}`), an event's adjacently
/// (`{"type": "registered", "data": {…}}`) with an object as `data`, so that fields can be added later.
pub trait Decide:
    Aggregate<
        Services = (),
        Error = Rejection,
        Command: Serialize + DeserializeOwned + JsonSchema + Send,
    >
{
    /// The field that carries the aggregate's id in requests and answers: `motor_id`.
    const ID_FIELD: &'static str;
    /// The commands that HTTP offers. Commands that only processors send are not among them.
    const ENDPOINTS: &'static [Endpoint];
    /// From the old shapes of stored events to the current ones, oldest first.
    const UPCASTERS: &'static [Upcaster] = &[];

    /// All events of one command, decided from one state. The same state and command give the same events.
    ///
    /// # Errors
    /// The reason for which the rules say no; nothing has happened then.
    fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Rejection>;
}

/// Carries [`Decide::decide`] into cqrs-es: each event is recorded and applied. Nothing is decided here.
///
/// # Errors
/// Those of [`Decide::decide`].
pub fn carry<'a, A: Decide>(
    aggregate: &'a mut A,
    command: A::Command,
    sink: &'a EventSink<A>,
) -> impl Future<Output = Result<(), Rejection>> + Send + use<'a, A> {
    let decided = aggregate.decide(command);
    async move {
        for event in decided? {
            sink.write(event, aggregate).await;
        }
        Ok(())
    }
}

/// A command as HTTP offers it.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// How it is sent.
    pub method: Method,
    /// Where, with `{id}` for the aggregate's id: `/v1/motors/{id}`.
    pub path: &'static str,
    /// The command's tag; the request's body is its content.
    pub command: &'static str,
    /// One line for the API's description.
    pub summary: &'static str,
    /// The schema of the body; `None` for commands without content.
    pub body: Option<fn(&mut SchemaGenerator) -> Schema>,
}

/// The HTTP methods that commands use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Creates (without `{id}` in the path) or acts.
    Post,
    /// Changes some fields.
    Patch,
    /// Ends the aggregate's life; its history stays.
    Delete,
}

/// Turns a stored event of one schema version into the next one, on reading.
#[derive(Clone, Copy, Debug)]
pub struct Upcaster {
    /// The event type that changed.
    pub event_type: &'static str,
    /// The schema version that it reads; it gives the next one.
    pub from: u32,
    /// The event's data in the old shape → in the new one.
    pub change: fn(Value) -> Value,
}

impl Upcaster {
    fn applies(&self, event_type: &str, schema_version: u32) -> bool {
        self.event_type == event_type && self.from == schema_version
    }
}

/// For reads that go through cqrs-es's own stores: the same change over its stored form.
impl EventUpcaster for Upcaster {
    fn can_upcast(&self, event_type: &str, event_version: &str) -> bool {
        event_version.parse().is_ok_and(|version| self.applies(event_type, version))
    }

    fn upcast(&self, mut event: SerializedEvent) -> SerializedEvent {
        let data = event.payload.get_mut("data").map(Value::take).unwrap_or_default();
        event.payload["data"] = (self.change)(data);
        event.event_version = (self.from + 1).to_string();
        event
    }
}

/// An event as it is stored: its type, the version of its schema, and its data as JSON text.
#[derive(Clone, Debug)]
pub struct EncodedEvent {
    /// `registered`
    pub event_type: String,
    /// Counts from 1.
    pub schema_version: u32,
    /// A JSON object.
    pub data: Box<RawValue>,
}

/// The stored form of an event.
pub fn encode<E: DomainEvent>(event: &E) -> EncodedEvent {
    #[derive(serde::Deserialize)]
    struct Tagged {
        data: Box<RawValue>,
    }
    let text = serde_json::to_string(event).expect("events are plain data");
    let Tagged { data } =
        serde_json::from_str(&text).expect("events are tagged with `type` and `data`");
    EncodedEvent {
        event_type: event.event_type(),
        schema_version: event.event_version().parse().expect("schema versions are whole numbers"),
        data,
    }
}

/// A stored event cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("an event `{event_type}` of schema version {schema_version} cannot be read: {reason}")]
pub struct DecodeError {
    event_type: String,
    schema_version: u32,
    reason: serde_json::Error,
}

/// Reads a stored event, in whatever shape it was once written.
///
/// # Errors
/// The type is unknown, or the data has not the shape of its schema version. Never skipped by the caller.
pub fn decode<A: Decide>(
    event_type: &str,
    schema_version: u32,
    data: &RawValue,
) -> Result<A::Event, DecodeError> {
    let failed = |reason| DecodeError { event_type: event_type.to_owned(), schema_version, reason };
    let outdated = A::UPCASTERS.iter().any(|upcaster| upcaster.applies(event_type, schema_version));
    let tag = Value::from(event_type);
    // The tag comes first, so that serde reads the data straight into the event, with no tree between.
    let tagged = if outdated {
        let data = serde_json::from_str(data.get()).map_err(failed)?;
        let data = upcast(A::UPCASTERS, event_type, schema_version, data);
        format!(r#"{{"type":{tag},"data":{data}}}"#)
    } else {
        format!(r#"{{"type":{tag},"data":{}}}"#, data.get())
    };
    serde_json::from_str(&tagged).map_err(failed)
}

fn upcast(upcasters: &[Upcaster], event_type: &str, schema_version: u32, data: Value) -> Value {
    let step = |(version, data), upcaster: &Upcaster| {
        if upcaster.applies(event_type, version) {
            (version + 1, (upcaster.change)(data))
        } else {
            (version, data)
        }
    };
    upcasters.iter().fold((schema_version, data), step).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A thermometer once stored Fahrenheit as a bare `degrees`, then named the unit, then changed it.
    const UPCASTERS: &[Upcaster] = &[
        Upcaster {
            event_type: "read",
            from: 1,
            change: |data| json!({ "degrees_fahrenheit": data["degrees"] }),
        },
        Upcaster {
            event_type: "read",
            from: 2,
            change: |data| {
                let fahrenheit = data["degrees_fahrenheit"].as_f64().unwrap_or(f64::NAN);
                json!({ "degrees_celsius": (fahrenheit - 32.0) / 1.8 })
            },
        },
    ];

    #[test]
    fn an_event_of_the_oldest_shape_passes_every_step() {
        let newest = upcast(UPCASTERS, "read", 1, json!({ "degrees": 212.0 }));
        assert_eq!(newest, json!({ "degrees_celsius": 100.0 }));
    }

    #[test]
    fn an_event_of_the_current_shape_or_another_type_is_left_alone() {
        let data = json!({ "degrees_celsius": 1.0 });
        assert_eq!(upcast(UPCASTERS, "read", 3, data.clone()), data);
        assert_eq!(upcast(UPCASTERS, "moved", 1, data.clone()), data);
    }

    #[test]
    fn cqrs_es_sees_the_same_change() {
        let stored = |version: &str, data| {
            let payload = json!({ "type": "read", "data": data });
            SerializedEvent::new(
                "t-1".into(),
                1,
                "thermometer".into(),
                "read".into(),
                version.into(),
                payload,
                json!({}),
            )
        };
        let old = stored("2", json!({ "degrees_fahrenheit": 212.0 }));
        assert!(UPCASTERS[1].can_upcast("read", "2") && !UPCASTERS[1].can_upcast("read", "3"));
        assert_eq!(UPCASTERS[1].upcast(old), stored("3", json!({ "degrees_celsius": 100.0 })));
    }
}
