//! Where an event stands: in its stream, and in the log of all streams.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The events of one aggregate. Written `motor-018f3c…`: its category, a hyphen, its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName {
    /// What kind of aggregate: `motor`. Lower-case letters and `_`.
    pub category: String,
    /// Which one.
    pub id: Uuid,
}

impl StreamName {
    /// The stream of aggregate `id` in `category`.
    pub fn new(category: impl Into<String>, id: Uuid) -> Self {
        Self { category: category.into(), id }
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.category, self.id)
    }
}

/// The text is not `category-uuid`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a stream name such as motor-018f3c5e-0000-7000-8000-000000000000")]
pub struct NoStreamName;

impl FromStr for StreamName {
    type Err = NoStreamName;

    fn from_str(text: &str) -> Result<Self, NoStreamName> {
        let (category, id) = text.split_once('-').ok_or(NoStreamName)?;
        let lower = |c: char| c.is_ascii_lowercase() || c == '_';
        if category.is_empty() || !category.chars().all(lower) {
            return Err(NoStreamName);
        }
        Ok(Self::new(category, id.parse().map_err(|_| NoStreamName)?))
    }
}

impl Serialize for StreamName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StreamName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How many events a stream has, and so the place of its last one: 1, 2, 3 … without gaps. 0: no stream yet.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct StreamVersion(pub u64);

/// The place of an event in the log of all streams: 1, 2, 3 … in commit order, without gaps. 0: before all.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct GlobalPosition(pub u64);

impl fmt::Display for StreamVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for GlobalPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_name_is_read_as_it_is_written() {
        let name = StreamName::new("motor", Uuid::from_u128(7));
        assert_eq!(name.to_string().parse(), Ok(name));
    }

    #[test]
    fn a_name_that_could_be_a_path_is_no_stream_name() {
        for text in [
            "",
            "motor",
            "-",
            "../motor-1",
            "motor-../x",
            "Motor-00000000-0000-0000-0000-000000000007",
        ] {
            assert_eq!(text.parse::<StreamName>(), Err(NoStreamName), "{text}");
        }
    }
}
