//! Motors, and appends to their streams.
#![allow(dead_code, reason = "every test file uses another part of it")]

use domain::aggregate::encode;
use domain::motor::{Command, Motor, MotorEvent};
use ports::event::{Metadata, NewEvent};
use ports::event_store::{Append, CommandKey};
use ports::stream::{StreamName, StreamVersion};
use serde_json::{from_value, json};
use uuid::Uuid;

pub(crate) fn motor(number: u64) -> StreamName {
    StreamName::new("motor", Uuid::from_u64_pair(0, number))
}

pub(crate) fn register(name: &str) -> Command {
    let nameplate = json!({ "name": name, "rated_power_kw": 11.0, "rated_speed_rpm": 1480.0 });
    from_value(json!({ "register": nameplate })).expect("a command")
}

pub(crate) fn rename(name: &str) -> Command {
    from_value(json!({ "revise": { "name": name } })).expect("a command")
}

/// What a motor that was never heard of answers to being registered.
pub(crate) fn registered(name: &str) -> MotorEvent {
    let decided = domain::aggregate::Decide::decide(&Motor::default(), register(name));
    decided.expect("the nameplate is in order").remove(0)
}

pub(crate) fn event() -> NewEvent {
    encode(&registered("P-101"))
}

/// One event.
pub(crate) fn append(stream: StreamName, expected: u64) -> Append {
    Append {
        stream,
        expected: StreamVersion(expected),
        events: vec![event()],
        metadata: Metadata { actor: Some("a test".to_owned()), ..Metadata::default() },
        key: None,
    }
}

pub(crate) fn key(key: impl ToString) -> CommandKey {
    CommandKey { scope: "a test".to_owned(), key: key.to_string(), fingerprint: "f".repeat(64) }
}
