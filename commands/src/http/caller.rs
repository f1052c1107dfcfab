//! What a request says beside its body: who asks, in which conversation, on which condition, under which key.

mod key;
mod precondition;

use axum::http::header::{AsHeaderName, HeaderMap};
use axum::http::request::Parts;
use ports::event::Metadata;
use ports::event_store::CommandKey;
use ports::problem::Problem;
use ports::stream::StreamVersion;

use super::fingerprint::fingerprint;
use precondition::Precondition;

/// The longest correlation id that is taken over.
const CORRELATION_CHARACTERS_MAX: usize = 128;

/// Who asks: the name of an API key. A layer in front puts it among the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor(pub String);

impl Default for Actor {
    fn default() -> Self {
        Self("anonymous".to_owned())
    }
}

/// The sender of a command, and what it asks beside the command.
pub(super) struct Caller {
    pub(super) metadata: Metadata,
    precondition: Option<Precondition>,
    actor: String,
    key: Option<String>,
}

impl Caller {
    pub(super) fn of(parts: &Parts) -> Result<Self, Problem> {
        let Actor(actor) = parts.extensions.get().cloned().unwrap_or_default();
        let headers = &parts.headers;
        let metadata = Metadata {
            command_id: None,
            correlation_id: printable(headers, "x-correlation-id"),
            causation_id: printable(headers, "x-request-id"),
            traceparent: only(headers, "traceparent")
                .ok()
                .flatten()
                .filter(|text| is_traceparent(text))
                .map(str::to_owned),
            actor: Some(actor.clone()),
        };
        Ok(Self {
            metadata,
            precondition: precondition::read(headers)?,
            actor,
            key: key::read(headers)?,
        })
    }

    /// The name under which the command is remembered. `asked` is all that makes it another wish.
    pub(super) fn command_key(&self, route: &str, asked: &[&str]) -> Option<CommandKey> {
        let key = self.key.clone()?;
        let scope = format!("{} {route}", self.actor);
        Some(CommandKey { scope, key, fingerprint: fingerprint(asked) })
    }

    /// The version that something must have which does not exist before.
    pub(super) fn expected_before_creation(&self) -> Result<Option<StreamVersion>, Problem> {
        match self.precondition {
            None => Ok(None),
            Some(Precondition::Version(version)) => Ok(Some(version)),
            Some(Precondition::Exists) => Err(Problem::new(
                412,
                "version_mismatch",
                "The version has changed",
                "If-Match: * asks for something that exists, and this request creates",
            )),
        }
    }

    /// The version that an aggregate must have; that it exists is asked by the rules.
    pub(super) fn expected(&self) -> Option<StreamVersion> {
        match self.precondition {
            Some(Precondition::Version(version)) => Some(version),
            Some(Precondition::Exists) | None => None,
        }
    }
}

/// The value of a header that may come once. `Err` when it comes more often or is not printable ASCII.
fn only(headers: &HeaderMap, name: impl AsHeaderName) -> Result<Option<&str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(|text| Some(text.trim())).map_err(|_| ()),
        (Some(_), Some(_)) => Err(()),
    }
}

fn printable(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = only(headers, name).ok()??;
    let fits = (1..=CORRELATION_CHARACTERS_MAX).contains(&text.len());
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    (fits && plain).then(|| text.to_owned())
}

/// W3C trace context, version 00: `00-{32 hex digits}-{16 hex digits}-{2 hex digits}`, no id all zeros.
fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, span, flags] = parts[..] else { return false };
    let hex = |part: &str, digits: usize| {
        let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        part.len() == digits && part.bytes().all(lower)
    };
    let filled = |part: &str| part.bytes().any(|digit| digit != b'0');
    version == "00"
        && hex(trace, 32)
        && hex(span, 16)
        && hex(flags, 2)
        && filled(trace)
        && filled(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sound_traceparent_is_handed_on() {
        let sound = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(is_traceparent(sound));
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert!(!is_traceparent(bad), "{bad}");
        }
    }
}
