//! A block of samples as JSON: numbers, or base64 of plain numbers.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::invalid::FieldError;
use domain::time::Timestamp;
use domain::vibration::block::SAMPLES_MAX;
use domain::vibration::{Axis, Statistic, Unit};
use ports::problem::Problem;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::{Received, Values, binary, fault};
use crate::reading;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    sensor: String,
    axis: Axis,
    unit: Unit,
    sample_rate_hz: Option<f64>,
    started_at: Timestamp,
    speed_rpm: Option<f64>,
    statistic: Option<Statistic>,
    samples: Option<Values>,
    samples_base64: Option<String>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Received, Problem> {
    let body: Body = serde_json::from_slice(bytes).map_err(|error| explain(bytes, &error))?;
    let values = match (body.samples, body.samples_base64) {
        (Some(values), None) => values,
        (None, Some(text)) => decode(&text).map_err(Problem::invalid)?,
        _ => {
            let detail = "give either samples or samples_base64";
            return Err(Problem::invalid(fault("/samples", detail)));
        }
    };
    Ok(Received {
        sensor: body.sensor,
        axis: body.axis,
        unit: body.unit,
        sample_rate_hz: body.sample_rate_hz,
        started_at: body.started_at,
        speed_rpm: body.speed_rpm,
        statistic: body.statistic,
        values,
    })
}

fn decode(text: &str) -> Result<Values, Vec<FieldError>> {
    let at = "/samples_base64";
    let bytes = BASE64_STANDARD
        .decode(text)
        .map_err(|error| fault(at, &format!("is not base64: {error}")))?;
    binary::values(&bytes).map_err(|detail| fault(at, &detail))
}

/// Reads the body again, now with an eye on the way to the fault.
fn explain(bytes: &[u8], error: &serde_json::Error) -> Problem {
    let mut again = serde_json::Deserializer::from_slice(bytes);
    let faults = match reading::tracked::<Body, _>(&mut again) {
        Err((path, error)) => vec![reading::fault(path.iter(), &error)],
        Ok(_) => Vec::new(),
    };
    if error.is_data() {
        return Problem::invalid(faults);
    }
    let detail = format!("the body is not JSON, which knows no NaN either: {error}");
    Problem::malformed(detail).with_errors(faults)
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Numbers)
    }
}

struct Numbers;

impl<'de> Visitor<'de> for Numbers {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers")
    }

    /// `null` becomes NaN, so that all of them are named at once by whoever checks the samples. One more than may
    /// be is kept, so that their number is seen to be too large; the rest is only read over.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Values, A::Error> {
        let mut values = Values::default();
        while values.samples.len() <= SAMPLES_MAX {
            let Some(number) = seq.next_element::<Option<f64>>()? else { return Ok(values) };
            let number = number.unwrap_or(f64::NAN);
            values.first.get_or_insert(number);
            values.samples.push(number as f32);
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(values)
    }
}
