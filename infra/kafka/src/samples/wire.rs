//! A sample in Avro.
//!
//! The samples of a waveform are bytes, f32 little-endian: as large as `array<float>`, but copied as a whole instead
//! of value by value. Devices may also send i16 with a scale, which is half as large.

use std::sync::LazyLock;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use ports::clock::Timestamp;
use ports::samples::Sample;
use uuid::Uuid;

use super::building::{Origin, measurement, waveform};
use super::refusal::Refusal;

/// The schema of a sample, as it is registered.
pub const SCHEMA: &str = include_str!("sample.v1.avsc");

static PARSED: LazyLock<Schema> =
    LazyLock::new(|| Schema::parse_str(SCHEMA).expect("a test parses it"));

static DATUM_WRITER: LazyLock<GenericDatumWriter<'static>> = LazyLock::new(|| {
    GenericDatumWriter::builder(&PARSED).build().expect("it refers to nothing but itself")
});

const WAVEFORM: u32 = 0;
const VALUE: u32 = 1;

/// The schema that a record was written by: ours, another version of it, or one of a device's maker that can be read
/// as ours.
pub(super) struct WriterSchema {
    schema: Schema,
    is_ours: bool,
}

impl WriterSchema {
    pub(super) fn of(schema: Schema) -> Self {
        let is_ours = schema == *PARSED;
        Self { schema, is_ours }
    }

    #[cfg(test)]
    pub(super) fn parse(text: &str) -> Result<Self, apache_avro::Error> {
        Schema::parse_str(text).map(Self::of)
    }

    fn read(&self, bytes: &mut &[u8]) -> Result<Value, apache_avro::Error> {
        let ours = (!self.is_ours).then_some(&*PARSED);
        GenericDatumReader::builder(&self.schema)
            .maybe_reader_schema(ours)
            .build()?
            .read_value(bytes)
    }
}

/// The sample without the header of the wire format.
pub(super) fn encode(motor_id: Uuid, sample: &Sample) -> Result<Vec<u8>, apache_avro::Error> {
    DATUM_WRITER.write_value_to_vec(value_of(motor_id, sample))
}

fn value_of(motor_id: Uuid, sample: &Sample) -> Value {
    let (sensor, axis, unit, started_at, speed_rpm) = match sample {
        Sample::Block(it) => (&it.sensor, it.axis, it.unit, it.started_at, it.speed_rpm),
        Sample::Measurement(it) => (&it.sensor, it.axis, it.unit, it.started_at, it.speed_rpm),
    };
    let content = match sample {
        Sample::Block(block) => {
            let bytes = block.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            let fields = [
                ("sample_rate_hz", Value::Double(block.sample_rate_hz)),
                ("encoding", Value::Enum(0, "f32le".to_owned())),
                ("scale", nullable(None)),
                ("samples", Value::Bytes(bytes)),
            ];
            Value::Union(WAVEFORM, Box::new(record(fields)))
        }
        Sample::Measurement(measurement) => {
            // There is one statistic; a second one is a variant here, and a text there.
            let fields = [
                ("statistic", Value::String("rms".to_owned())),
                ("value", Value::Double(measurement.value)),
            ];
            Value::Union(VALUE, Box::new(record(fields)))
        }
    };
    record([
        ("motor_id", Value::String(motor_id.to_string())),
        ("sensor", Value::String(sensor.clone())),
        ("axis", Value::String(axis.name().to_owned())),
        ("unit", Value::String(unit.name().to_owned())),
        ("started_at", Value::TimestampMicros(started_at.as_micros())),
        ("speed_rpm", nullable(speed_rpm)),
        ("content", content),
    ])
}

fn record<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn nullable(number: Option<f64>) -> Value {
    match number {
        None => Value::Union(0, Box::new(Value::Null)),
        Some(number) => Value::Union(1, Box::new(Value::Double(number))),
    }
}

/// The sample without the header of the wire format, and whose it is.
pub(super) fn decode(mut bytes: &[u8], writer: &WriterSchema) -> Result<(Uuid, Sample), Refusal> {
    let value = writer.read(&mut bytes).map_err(|error| Refusal::Avro(error.to_string()))?;
    if !bytes.is_empty() {
        return Err(Refusal::Avro(format!("{} bytes are left over", bytes.len())));
    }
    let mut fields = Parts::of(value)?;
    let motor_id = fields.text("motor_id")?;
    let motor_id = motor_id.parse().map_err(|error: uuid::Error| {
        Refusal::MotorId(format!("{:?}: {error}", motor_id.chars().take(64).collect::<String>()))
    })?;
    let (axis, unit) = (fields.text("axis")?, fields.text("unit")?);
    let origin = Origin {
        sensor: fields.text("sensor")?,
        started_at: fields.moment("started_at")?,
        speed_rpm: fields.optional_number("speed_rpm")?,
    };
    let (kind, content) = match fields.take("content")? {
        Value::Union(kind, content) => (kind, Parts::of(*content)?),
        _ => return Err(mismatch("content")),
    };
    let sample = match kind {
        WAVEFORM => waveform_of(&origin, &axis, &unit, content),
        VALUE => value_from(&origin, &axis, &unit, content),
        _ => Err(mismatch("content")),
    }?;
    Ok((motor_id, sample))
}

fn waveform_of(
    origin: &Origin,
    axis: &str,
    unit: &str,
    mut content: Parts,
) -> Result<Sample, Refusal> {
    let rate = content.number("sample_rate_hz")?;
    let Value::Bytes(bytes) = content.take("samples")? else { return Err(mismatch("samples")) };
    let Value::Enum(_, encoding) = content.take("encoding")? else {
        return Err(mismatch("encoding"));
    };
    let scale = content.optional_number("scale")?;
    let samples = match (encoding.as_str(), scale) {
        ("f32le", None) => numbers(&bytes, f32::from_le_bytes)?,
        ("i16le", Some(scale)) => {
            numbers(&bytes, |pair| (f64::from(i16::from_le_bytes(pair)) * scale) as f32)?
        }
        (_, scale) => {
            let with = if scale.is_some() { "with" } else { "without" };
            return Err(Refusal::field("encoding", format!("{encoding} {with} a scale")));
        }
    };
    waveform(origin, axis, unit, rate, "", Some(samples))
}

fn value_from(
    origin: &Origin,
    axis: &str,
    unit: &str,
    mut content: Parts,
) -> Result<Sample, Refusal> {
    measurement(origin, axis, unit, &content.text("statistic")?, content.number("value")?)
}

fn numbers<const N: usize>(
    bytes: &[u8],
    read: impl Fn([u8; N]) -> f32,
) -> Result<Vec<f32>, Refusal> {
    let (chunks, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        let fault = format!("{} bytes are no whole number of {N}-byte samples", bytes.len());
        return Err(Refusal::field("samples", fault));
    }
    Ok(chunks.iter().copied().map(read).collect())
}

/// The fields of a record, each to be taken once.
struct Parts(Vec<(String, Value)>);

impl Parts {
    fn of(value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Record(fields) => Ok(Self(fields)),
            _ => Err(Refusal::Avro("not a record".to_owned())),
        }
    }

    fn take(&mut self, name: &'static str) -> Result<Value, Refusal> {
        let found = self.0.iter_mut().find(|(known, _)| known == name);
        let (_, value) = found.ok_or_else(|| mismatch(name))?;
        Ok(std::mem::replace(value, Value::Null))
    }

    fn text(&mut self, name: &'static str) -> Result<String, Refusal> {
        match self.take(name)? {
            Value::String(text) => Ok(text),
            _ => Err(mismatch(name)),
        }
    }

    fn number(&mut self, name: &'static str) -> Result<f64, Refusal> {
        match self.take(name)? {
            Value::Double(number) => Ok(number),
            _ => Err(mismatch(name)),
        }
    }

    fn optional_number(&mut self, name: &'static str) -> Result<Option<f64>, Refusal> {
        match self.take(name)? {
            Value::Union(_, inner) => match *inner {
                Value::Null => Ok(None),
                Value::Double(number) => Ok(Some(number)),
                _ => Err(mismatch(name)),
            },
            _ => Err(mismatch(name)),
        }
    }

    fn moment(&mut self, name: &'static str) -> Result<Timestamp, Refusal> {
        match self.take(name)? {
            Value::TimestampMicros(micros) => Ok(Timestamp::from_micros(micros)),
            _ => Err(mismatch(name)),
        }
    }
}

fn mismatch(name: &'static str) -> Refusal {
    Refusal::field(name, "is not what the schema of a sample says")
}

#[cfg(test)]
mod tests;
