//! Reads input, and says by JSON pointer where it is wrong.

use std::fmt::Write as _;

use domain::invalid::FieldError;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

/// How much of a message goes into an answer; it may quote the input.
const DETAIL_CHARACTERS_MAX: usize = 300;
/// How much of a field's name does.
const NAME_CHARACTERS_MAX: usize = 100;
/// How many faults of one input are named.
pub(crate) const FAULTS_MAX: usize = 50;

/// Reads a command in its serialised form, `{"register": {…}}`. Pointers begin within its content.
pub(crate) fn command<C: DeserializeOwned>(tagged: &Value) -> Result<C, FieldError> {
    // Nearly all commands are well formed; only for the others the way to the fault is tracked.
    C::deserialize(tagged).or_else(|_| {
        // The first step of the way is the command's tag.
        tracked(tagged).map_err(|(path, error)| fault(path.iter().skip(1), &error))
    })
}

/// The value, or the way to what is wrong in it and why.
pub(crate) fn tracked<'de, T: serde::Deserialize<'de>, D: Deserializer<'de>>(
    input: D,
) -> Result<T, (Path, D::Error)> {
    serde_path_to_error::deserialize(input)
        .map_err(|error| (error.path().clone(), error.into_inner()))
}

/// The fault at the end of a way. A field that is missing is pointed to as if it were there.
pub(crate) fn fault<'a>(
    way: impl Iterator<Item = &'a Segment>,
    error: &serde_json::Error,
) -> FieldError {
    let (pointer, detail) = (pointer(way), detail(error));
    let missing = detail.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    match missing {
        Some(name) => FieldError::at(member(&pointer, name), "is missing"),
        None => FieldError::at(pointer, detail),
    }
}

/// What an error says, without its place in a text and not longer than it may be.
fn detail(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).chars().take(DETAIL_CHARACTERS_MAX).collect()
}

/// The JSON pointer (RFC 6901) of a way. Names of enum variants are no part of it, unless they are keys in the input.
fn pointer<'a>(segments: impl Iterator<Item = &'a Segment>) -> String {
    let mut pointer = String::new();
    for segment in segments {
        match segment {
            Segment::Seq { index } => write!(pointer, "/{index}").expect("a string takes all"),
            Segment::Map { key } => pointer = member(&pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// The pointer of the member `name` of what is at `parent`. A name that no field of ours could have is cut.
pub(crate) fn member(parent: &str, name: &str) -> String {
    let name: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}
