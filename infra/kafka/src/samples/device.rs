//! What devices send as JSON: three kinds of messages, told apart by their fields.
//!
//! ```text
//! samples | samples_base64     a waveform, in the shape of the HTTP interface with motor_id beside
//! x | y | z                    a reading: one value per axis
//! value                        one value of one axis; Medicion or unit tells what it is
//! ```
//!
//! The names of fields are taken whatever their case, with and without `_`; fields that nobody knows are passed over.

mod fields;
mod moment;

use ports::clock::Timestamp;
use ports::samples::Sample;
use uuid::Uuid;

use super::building::{Origin, measurement, waveform};
use super::refusal::Refusal;
use fields::Fields;

/// What is meant where a message does not say it. Nothing is guessed from how large a value is.
#[derive(Clone, Debug)]
pub struct DeviceConventions {
    /// The unit of an acceleration: `m/s2` or `g`.
    pub acceleration_unit: String,
    /// The unit of a velocity.
    pub velocity_unit: String,
    /// The name of a sensor that does not name itself.
    pub sensor: String,
}

impl Default for DeviceConventions {
    fn default() -> Self {
        Self {
            acceleration_unit: "m/s2".to_owned(),
            velocity_unit: "mm/s".to_owned(),
            sensor: "unnamed".to_owned(),
        }
    }
}

/// What a message holds.
#[derive(Debug, PartialEq)]
pub(super) struct Message {
    pub(super) motor_id: Uuid,
    pub(super) samples: Vec<Sample>,
    /// It did not tell its time, so that its record's was taken.
    pub(super) record_time: bool,
    /// So many values are none of a vibration.
    pub(super) not_vibration: u64,
}

/// What a record has beside its value.
pub(super) struct Record<'a> {
    pub(super) key: Option<&'a [u8]>,
    pub(super) time: Timestamp,
}

const AXES: [&str; 3] = ["x", "y", "z"];

pub(super) fn read(
    bytes: &[u8],
    record: &Record<'_>,
    conventions: &DeviceConventions,
) -> Result<Message, Refusal> {
    let fields = Fields::read(bytes)?;
    let motor_id = motor_id(&fields, record.key)?;
    let started_at = match fields.find(&["startedat", "timestamp"]) {
        Some(raw) => Some(moment::read(raw).map_err(|fault| Refusal::field("timestamp", fault))?),
        None => None,
    };
    let origin = Origin {
        sensor: fields.text("sensor", &["sensor"])?.unwrap_or_else(|| conventions.sensor.clone()),
        started_at: started_at.unwrap_or(record.time),
        speed_rpm: fields.number("rpm", &["speedrpm", "rpm"])?,
    };
    let (samples, not_vibration) = if fields.has("samples") || fields.has("samplesbase64") {
        (vec![block(&fields, origin)?], 0)
    } else if AXES.iter().any(|axis| fields.has(axis)) {
        reading(&fields, &origin, conventions)?
    } else if fields.has("value") {
        value(&fields, &origin, conventions)?
    } else if fields.has("temperature") {
        (Vec::new(), 1)
    } else {
        return Err(Refusal::UnknownShape(fields.names()));
    };
    Ok(Message { motor_id, samples, record_time: started_at.is_none(), not_vibration })
}

/// Whose message it is: what it says itself comes before its key.
fn motor_id(fields: &Fields<'_>, key: Option<&[u8]>) -> Result<Uuid, Refusal> {
    let refused = |fault: String| Refusal::MotorId(fault);
    let named = fields.text("MotorId", &["motorid", "idmotor"]);
    let named = named.map_err(|refusal| refused(refusal.to_string()))?;
    let text = match named {
        Some(named) => named,
        None => {
            let key = key.ok_or_else(|| refused("neither in the message nor as its key".into()))?;
            String::from_utf8_lossy(key).into_owned()
        }
    };
    let id = text.trim().parse();
    id.map_err(|error| refused(format!("{:?} is no UUID: {error}", beginning(&text))))
}

/// A waveform; or a value, where a statistic is named.
fn block(fields: &Fields<'_>, origin: Origin) -> Result<Sample, Refusal> {
    let axis = fields.required("axis", fields.text("axis", &["axis"])?)?.to_lowercase();
    let unit = fields.required("unit", fields.text("unit", &["unit"])?)?;
    if let Some(statistic) = fields.text("statistic", &["statistic"])? {
        let values: Vec<f64> =
            fields.required("samples", fields.parsed("samples", &["samples"])?)?;
        let [value] = values[..] else {
            let fault = "must be exactly one value where a statistic is named";
            return Err(Refusal::field("samples", fault));
        };
        return measurement(&origin, &axis, &unit, &statistic.to_lowercase(), value);
    }
    let rate = fields.number("sample_rate_hz", &["sampleratehz"])?;
    let rate = fields.required("sample_rate_hz", rate)?;
    let packed = fields.text("samples_base64", &["samplesbase64"])?;
    let numbers: Option<Vec<f32>> = fields.parsed("samples", &["samples"])?;
    match (numbers, packed) {
        (Some(samples), None) => waveform(&origin, &axis, &unit, rate, "", Some(samples)),
        (None, Some(packed)) => waveform(&origin, &axis, &unit, rate, &packed, None),
        _ => Err(Refusal::field("samples", "give either samples or samples_base64")),
    }
}

/// One value per axis, of what its quantity or unit tells, or else of acceleration.
fn reading(
    fields: &Fields<'_>,
    origin: &Origin,
    conventions: &DeviceConventions,
) -> Result<(Vec<Sample>, u64), Refusal> {
    let unit = unit(fields, conventions)?;
    let unit = unit.unwrap_or_else(|| Some(conventions.acceleration_unit.clone()));
    let mut samples = Vec::new();
    for axis in AXES {
        let value = fields.number(axis, &[axis])?;
        if let (Some(value), Some(unit)) = (value, &unit) {
            samples.push(measurement(origin, axis, unit, RMS, value)?);
        }
    }
    let temperature = fields.number("temperature", &["temperature"])?;
    Ok((samples, u64::from(temperature.is_some() || unit.is_none())))
}

/// One value of one axis.
fn value(
    fields: &Fields<'_>,
    origin: &Origin,
    conventions: &DeviceConventions,
) -> Result<(Vec<Sample>, u64), Refusal> {
    let unit = unit(fields, conventions)?.ok_or_else(|| {
        Refusal::field(
            "Medicion",
            "is missing, and so is a unit: nobody can tell what the value is",
        )
    })?;
    let Some(unit) = unit else { return Ok((Vec::new(), 1)) };
    let axis = fields.required("Axis", fields.text("Axis", &["axis"])?)?.to_lowercase();
    let value = fields.required("Value", fields.number("Value", &["value"])?)?;
    let statistic = fields.text("statistic", &["statistic"])?;
    let statistic = statistic.map_or_else(|| RMS.to_owned(), |named| named.to_lowercase());
    Ok((vec![measurement(origin, &axis, &unit, &statistic, value)?], 0))
}

/// A single value can only be judged as what it is meant to be, an RMS; one that is negative is found out by the rules.
const RMS: &str = "rms";

/// The unit that a message names, or that its quantity has by convention: `None` when neither is there, `Some(None)`
/// when it is no vibration.
fn unit(
    fields: &Fields<'_>,
    conventions: &DeviceConventions,
) -> Result<Option<Option<String>>, Refusal> {
    let quantity = fields.text("Medicion", &["medicion", "quantity"])?;
    let quantity = quantity.map(|quantity| quantity.to_lowercase());
    if quantity.as_deref() == Some("temperature") {
        return Ok(Some(None));
    }
    if let Some(unit) = fields.text("unit", &["unit"])? {
        return Ok(Some(Some(unit)));
    }
    match quantity.as_deref() {
        None => Ok(None),
        Some("acceleration") => Ok(Some(Some(conventions.acceleration_unit.clone()))),
        Some("velocity") => Ok(Some(Some(conventions.velocity_unit.clone()))),
        Some(other) => {
            let other = beginning(other);
            let fault = format!("{other:?} is none of acceleration, velocity, temperature");
            Err(Refusal::field("Medicion", fault))
        }
    }
}

/// As much of a foreign text as a person needs to know it again.
fn beginning(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests;
