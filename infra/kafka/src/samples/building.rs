//! Makes samples out of their parts. Names and values are checked by the sample's own written form.

use ports::clock::Timestamp;
use ports::samples::Sample;
use serde_json::{Value, json};

use super::refusal::Refusal;

/// Where and when something was measured.
pub(super) struct Origin {
    pub(super) sensor: String,
    pub(super) started_at: Timestamp,
    pub(super) speed_rpm: Option<f64>,
}

/// A value that the sensor computed itself.
pub(super) fn measurement(
    origin: &Origin,
    axis: &str,
    unit: &str,
    statistic: &str,
    value: f64,
) -> Result<Sample, Refusal> {
    build(json!({ "measurement": {
        "sensor": origin.sensor,
        "axis": axis,
        "unit": unit,
        "started_at": origin.started_at,
        "speed_rpm": origin.speed_rpm,
        "statistic": statistic,
        "value": value,
    } }))
}

/// A waveform: `samples`, or else what `packed` holds, f32 little-endian as base64.
pub(super) fn waveform(
    origin: &Origin,
    axis: &str,
    unit: &str,
    sample_rate_hz: f64,
    packed: &str,
    samples: Option<Vec<f32>>,
) -> Result<Sample, Refusal> {
    let mut sample = build(json!({ "block": {
        "sensor": origin.sensor,
        "axis": axis,
        "unit": unit,
        "sample_rate_hz": sample_rate_hz,
        "started_at": origin.started_at,
        "speed_rpm": origin.speed_rpm,
        "samples_base64": packed,
    } }))?;
    if let (Sample::Block(block), Some(samples)) = (&mut sample, samples) {
        block.samples = samples;
    }
    Ok(sample)
}

fn build(parts: Value) -> Result<Sample, Refusal> {
    serde_json::from_value(parts).map_err(|error| Refusal::Invalid(error.to_string()))
}

/// Whether it may be taken in, having come at that time.
pub(super) fn validate(sample: &Sample, received_at: Timestamp) -> Result<(), Refusal> {
    const FAULTS_SHOWN_MAX: usize = 5;
    let faults = match sample {
        Sample::Block(block) => block.validate(received_at),
        Sample::Measurement(measurement) => measurement.validate(received_at),
    };
    faults.map_err(|faults| {
        let shown = faults.iter().take(FAULTS_SHOWN_MAX);
        let texts: Vec<_> = shown.map(|it| format!("{} {}", it.pointer, it.detail)).collect();
        Refusal::Invalid(texts.join("; "))
    })
}
