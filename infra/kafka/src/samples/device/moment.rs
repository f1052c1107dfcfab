//! A moment as devices write it: RFC 3339, or a number since 1970 whose size tells its unit.

use ports::clock::Timestamp;
use serde_json::value::RawValue;

use super::beginning;

/// Below so many, numbers are seconds: they reach to the year 5138.
const SECONDS_BELOW: f64 = 1e11;
/// Below so many, they are milliseconds: they begin in 1973.
const MILLIS_BELOW: f64 = 1e14;
/// Below so many, they are microseconds; what is more is refused.
const MICROS_BELOW: f64 = 1e17;

/// The moment, or what is wrong with it.
pub(super) fn read(raw: &RawValue) -> Result<Timestamp, String> {
    let text = raw.get();
    if text.starts_with('"') {
        let text: String = serde_json::from_str(text).map_err(|error| error.to_string())?;
        return text.parse().map_err(|error| format!("{:?}: {error}", beginning(&text)));
    }
    let number: f64 = serde_json::from_str(text).map_err(|_| "is no moment".to_owned())?;
    let micros = match number.abs() {
        seconds if seconds < SECONDS_BELOW => number * 1e6,
        millis if millis < MILLIS_BELOW => number * 1e3,
        micros if micros < MICROS_BELOW => number,
        _ => return Err(format!("{number} is no moment since 1970 in s, ms or µs")),
    };
    Ok(Timestamp::from_micros(micros.round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(json: &str) -> Result<Timestamp, String> {
        read(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn the_unit_of_a_number_follows_from_its_size() {
        let moment = Timestamp::from_micros(1_767_225_600_250_000);
        for json in [
            r#""2026-01-01T00:00:00.25Z""#,
            r#""2026-01-01T01:00:00.25+01:00""#,
            "1767225600.25",
            "1767225600250",
            "1767225600250000",
        ] {
            assert_eq!(read_text(json), Ok(moment), "{json}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for json in [r#""yesterday""#, r#""2026-01-01T00:00:00""#, "1e300", "true", "[]", "{}"] {
            assert!(read_text(json).is_err(), "{json}");
        }
    }
}
