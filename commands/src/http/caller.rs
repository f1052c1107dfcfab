//! What a request says beside its body: who asks, in which conversation, on which condition, under which key.

use std::fmt::Write as _;

use axum::http::header::{self, AsHeaderName, HeaderMap};
use axum::http::request::Parts;
use ports::event::Metadata;
use ports::event_store::CommandKey;
use ports::problem::Problem;
use ports::stream::StreamVersion;
use sha2::{Digest, Sha256};

/// The longest idempotency key.
const KEY_CHARACTERS_MAX: usize = 255;
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
    pub(super) precondition: Option<Precondition>,
    actor: String,
    key: Option<String>,
}

/// `If-Match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precondition {
    /// `*`
    Exists,
    /// `"3"`
    Version(StreamVersion),
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
        Ok(Self { metadata, precondition: precondition(headers)?, actor, key: key(headers)? })
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

fn precondition(headers: &HeaderMap) -> Result<Option<Precondition>, Problem> {
    let malformed = || {
        Problem::malformed(
            r#"If-Match must be one strong entity tag as in our ETag headers, such as "3", or *"#,
        )
    };
    let Some(text) = only(headers, header::IF_MATCH).map_err(|()| malformed())? else {
        return Ok(None);
    };
    if text == "*" {
        return Ok(Some(Precondition::Exists));
    }
    let digits = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    let version = digits.and_then(|digits| digits.parse().ok()).ok_or_else(malformed)?;
    Ok(Some(Precondition::Version(StreamVersion(version))))
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let malformed = || {
        Problem::malformed(format!(
            r#"Idempotency-Key must be 1 to {KEY_CHARACTERS_MAX} characters, such as "8e03978e-40d5""#
        ))
    };
    let Some(text) = only(headers, "idempotency-key").map_err(|()| malformed())? else {
        return Ok(None);
    };
    let key = if text.starts_with('"') { quoted(text) } else { bare(text) };
    let key = key.filter(|key| (1..=KEY_CHARACTERS_MAX).contains(&key.len()));
    key.map(Some).ok_or_else(malformed)
}

/// A string of RFC 9651: in quotes, printable ASCII, with `\"` and `\\`.
fn quoted(text: &str) -> Option<String> {
    let mut characters = text.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut content = String::new();
    while let Some(character) = characters.next() {
        content.push(match character {
            '\\' => characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?,
            '"' => return None,
            ' '..='~' => character,
            _ => return None,
        });
    }
    Some(content)
}

/// A token of RFC 9651, or a UUID: those may begin with a digit, and many clients send them without quotes.
fn bare(text: &str) -> Option<String> {
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/=".contains(&byte);
    text.bytes().all(in_token).then(|| text.to_owned())
}

/// SHA-256 in hex, of each part with its length, so that no two lists of parts run together.
pub(super) fn fingerprint(parts: &[&str]) -> String {
    let digest = parts.iter().fold(Sha256::new(), |digest, part| {
        digest.chain_update(part.len().to_be_bytes()).chain_update(part)
    });
    hex(&digest.finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let pairs = values
            .iter()
            .map(|value| (axum::http::HeaderName::from_static(name), value.parse().unwrap()));
        pairs.collect()
    }

    fn read_key(text: &str) -> Option<String> {
        key(&headers("idempotency-key", &[text])).ok().flatten()
    }

    #[test]
    fn a_key_is_the_same_with_quotes_and_without() {
        for text in ["8e03978e-40d5", r#""8e03978e-40d5""#, "  8e03978e-40d5 "] {
            assert_eq!(read_key(text).as_deref(), Some("8e03978e-40d5"), "{text}");
        }
        assert_eq!(read_key(r#""a \"b\" \\ c""#).as_deref(), Some(r#"a "b" \ c"#));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "k".repeat(256);
        let bad =
            ["", r#""""#, "a b", "a,b", r#""a"#, r#"a""#, r#""a";b=1"#, r#""a\n""#, r#""a"b""#];
        for text in bad.into_iter().chain([long.as_str()]) {
            assert!(key(&headers("idempotency-key", &[text])).is_err(), "{text}");
        }
        assert!(read_key(&long[1..]).is_some());
        assert!(key(&headers("idempotency-key", &["a", "b"])).is_err());
        assert_eq!(key(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn a_precondition_is_a_version_or_a_star() {
        let read = |text: &str| precondition(&headers("if-match", &[text]));
        assert_eq!(read("*").unwrap(), Some(Precondition::Exists));
        assert_eq!(read(r#""3""#).unwrap(), Some(Precondition::Version(StreamVersion(3))));
        let bad = [
            "",
            "3",
            r#"W/"3""#,
            r#"""#,
            r#""""#,
            r#""a""#,
            r#""-1""#,
            r#""+1""#,
            r#""3", "4""#,
            r#""99999999999999999999999""#,
        ];
        for text in bad {
            assert!(read(text).is_err(), "{text}");
        }
    }

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

    #[test]
    fn no_two_wishes_run_together() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_eq!(hex(&[0x0f, 0xa0]), "0fa0");
    }
}
