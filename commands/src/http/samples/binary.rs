//! A block of samples as plain numbers (f32 little-endian), described by the query.

use axum::http::Uri;
use domain::time::Timestamp;
use domain::vibration::{Axis, Statistic, Unit};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use super::{Received, Values, fault};
use crate::http::problem::Refused;
use crate::http::query::Parameters;

pub(super) fn read(uri: &Uri, bytes: &[u8]) -> Result<Received, Refused> {
    let mut query = Parameters::of(uri)?;
    let sensor: Option<String> = query.required("sensor");
    let axis: Option<Axis> = query.required("axis");
    let unit: Option<Unit> = query.required("unit");
    let started_at: Option<Timestamp> = query.required("started_at");
    let sample_rate_hz: Option<f64> = query.optional("sample_rate_hz");
    let speed_rpm: Option<f64> = query.optional("speed_rpm");
    let statistic: Option<Named> = query.optional("statistic");
    query.finish()?;
    let values = values(bytes).map_err(|detail| fault("/samples", &detail))?;
    Ok(Received {
        sensor: sensor.expect(REQUIRED),
        axis: axis.expect(REQUIRED),
        unit: unit.expect(REQUIRED),
        sample_rate_hz,
        started_at: started_at.expect(REQUIRED),
        speed_rpm,
        statistic: statistic.map(|Named(statistic)| statistic),
        values,
    })
}

const REQUIRED: &str = "a required parameter that is missing or wrong is a fault";

/// f32 little-endian, one after the other.
pub(super) fn values(bytes: &[u8]) -> Result<Values, String> {
    let (chunks, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(format!("{} bytes are no whole number of samples of four bytes", bytes.len()));
    }
    let samples: Vec<f32> = chunks.iter().copied().map(f32::from_le_bytes).collect();
    let first = samples.first().copied().map(f64::from);
    Ok(Values { samples, first })
}

/// A statistic by its name on the wire.
struct Named(Statistic);

impl std::str::FromStr for Named {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let name: StrDeserializer<'_, Error> = name.into_deserializer();
        Statistic::deserialize(name).map(Self)
    }
}
