//! A moment, to the microsecond, in UTC.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MICROS_PER_SECOND: f64 = 1e6;

/// A moment in microseconds since 1970-01-01T00:00:00Z.
///
/// Written as RFC 3339 in UTC with exactly six decimals, so that the written form sorts as time does.
/// Read from any RFC 3339 text; what is finer than a microsecond is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest moment that can be written: 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// The latest moment that can be written: 9999-12-30T00:00:00Z.
    pub const MAX: Self = Self(253_402_128_000_000_000);

    /// The moment `micros` after the epoch, held within [`Timestamp::MIN`] and [`Timestamp::MAX`].
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This moment and `seconds` more; fractions of a microsecond are rounded.
    pub fn plus_seconds(self, seconds: f64) -> Self {
        // A float cast saturates, so that an absurd distance ends at the limit instead of wrapping.
        let micros = (seconds * MICROS_PER_SECOND).round() as i64;
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// Seconds from `earlier` to this moment; negative when `earlier` is later.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / MICROS_PER_SECOND
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment =
            jiff::Timestamp::from_microsecond(self.0).expect("MIN and MAX lie within jiff's range");
        write!(f, "{moment:.6}")
    }
}

/// The text is no RFC 3339 moment between years 1 and 9999.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as 2026-01-31T12:00:00Z")]
pub struct NoTimestamp;

impl FromStr for Timestamp {
    type Err = NoTimestamp;

    fn from_str(text: &str) -> Result<Self, NoTimestamp> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| NoTimestamp)?;
        let micros = moment.as_microsecond();
        if (Self::MIN.0..=Self::MAX.0).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(NoTimestamp)
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }

    fn inline_schema() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_form_sorts_as_time_does() {
        let moments = [-1, 0, 1, 999_999, 1_000_000, 1_767_225_600_000_000].map(Timestamp);
        let written = moments.map(|moment| moment.to_string());
        assert!(written.is_sorted(), "{written:?}");
        assert_eq!(written[5], "2026-01-01T00:00:00.000000Z");
    }

    #[test]
    fn what_is_written_is_read_back() {
        for micros in [i64::MIN, -1, 0, 1_767_225_600_123_456, i64::MAX] {
            let moment = Timestamp::from_micros(micros);
            assert_eq!(moment.to_string().parse(), Ok(moment));
        }
    }

    #[test]
    fn an_offset_is_turned_into_utc() {
        let moment: Timestamp = "2026-01-01T01:00:00+01:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-01-01T00:00:00.000000Z");
        assert!("2026-01-01".parse::<Timestamp>().is_err());
    }
}
