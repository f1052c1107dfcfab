//! What a sensor sends: a block of samples, or a single value that it computed itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::packed;
use super::unit::Unit;
use crate::invalid::{Faults, FieldError};
use crate::time::Timestamp;

/// The highest sample rate in Hz.
pub const SAMPLE_RATE_HZ_MAX: f64 = 1e6;
/// The most samples in one block.
pub const SAMPLES_MAX: usize = 1_000_000;
/// The highest speed of a shaft in revolutions per minute.
pub const SPEED_RPM_MAX: f64 = 100_000.0;
/// The longest name of a sensor, in characters.
pub const SENSOR_CHARACTERS_MAX: usize = 64;
/// How far a sensor's clock may be ahead of ours, in seconds.
pub const CLOCK_AHEAD_S_MAX: f64 = 300.0;
/// How many bad samples are reported one by one before the rest is only counted.
pub const SAMPLE_FAULTS_MAX: usize = 100;

/// Samples of one axis of one sensor, equally spaced in time.
///
/// Written, the samples are base64 of f32 little-endian in the field `samples_base64`, which keeps
/// every bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleBlock {
    /// The name of the sensor on its motor, such as `DE`: 1 to 64 characters of `A-Z a-z 0-9 . _
    /// -`.
    pub sensor: String,
    /// The axis of the sensor.
    pub axis: Axis,
    /// The unit of every sample.
    pub unit: Unit,
    /// Samples per second.
    pub sample_rate_hz: f64,
    /// When the first sample was taken; sample `n` was taken `n / sample_rate_hz` later.
    pub started_at: Timestamp,
    /// The speed of the shaft in revolutions per minute, when it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_rpm: Option<f64>,
    /// The samples, oldest first.
    #[serde(rename = "samples_base64", with = "packed")]
    pub samples: Vec<f32>,
}

/// How a sensor made one value out of many samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// The root of the mean of the squares.
    Rms,
}

/// One value that a sensor computed itself. It has a zone when it is a velocity, and never a
/// spectrum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// The name of the sensor on its motor, as in [`SampleBlock::sensor`].
    pub sensor: String,
    /// The axis of the sensor.
    pub axis: Axis,
    /// The unit of the value.
    pub unit: Unit,
    /// When it was measured.
    pub started_at: Timestamp,
    /// The speed of the shaft in revolutions per minute, when it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_rpm: Option<f64>,
    /// What the value is.
    pub statistic: Statistic,
    /// The value.
    pub value: f64,
}

impl SampleBlock {
    /// How long the block lasts, in seconds.
    pub fn duration_s(&self) -> f64 {
        self.samples.len() as f64 / self.sample_rate_hz
    }

    /// Whether the block may be taken in at the moment `now`.
    ///
    /// # Errors
    /// Every fault with a JSON pointer into the request, such as `/samples/17`. Of bad samples the
    /// first [`SAMPLE_FAULTS_MAX`] are named, and the rest is counted in one more fault at
    /// `/samples`.
    pub fn validate(&self, now: Timestamp) -> Result<(), Vec<FieldError>> {
        let mut faults = Faults::default();
        require_source(&mut faults, &self.sensor, self.started_at, self.speed_rpm, now);
        let rate = self.sample_rate_hz;
        faults.require(
            rate > 0.0 && rate <= SAMPLE_RATE_HZ_MAX,
            "/sample_rate_hz",
            &format!("must be a number above 0 and at most {SAMPLE_RATE_HZ_MAX}"),
        );
        faults.require(
            (1..=SAMPLES_MAX).contains(&self.samples.len()),
            "/samples",
            &format!("must be 1 to {SAMPLES_MAX} samples"),
        );
        require_finite(&mut faults, &self.samples);
        faults.into_result()
    }
}

impl Measurement {
    /// Whether the value may be taken in at the moment `now`.
    ///
    /// # Errors
    /// Every fault with a JSON pointer into the request; the value itself is `/samples/0` there.
    pub fn validate(&self, now: Timestamp) -> Result<(), Vec<FieldError>> {
        let mut faults = Faults::default();
        require_source(&mut faults, &self.sensor, self.started_at, self.speed_rpm, now);
        faults.require(
            self.value.is_finite() && self.value >= 0.0,
            "/samples/0",
            "must be a number of at least 0: an RMS is never negative",
        );
        faults.into_result()
    }
}

fn require_source(
    faults: &mut Faults,
    sensor: &str,
    started_at: Timestamp,
    speed_rpm: Option<f64>,
    now: Timestamp,
) {
    let length_fits = (1..=SENSOR_CHARACTERS_MAX).contains(&sensor.len());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    faults.require(
        length_fits && sensor.bytes().all(plain),
        "/sensor",
        &format!(
            "must be 1 to {SENSOR_CHARACTERS_MAX} of the characters A-Z, a-z, 0-9, '.', '_' and '-'"
        ),
    );
    faults.require(
        started_at.seconds_since(now) <= CLOCK_AHEAD_S_MAX,
        "/started_at",
        "must not lie more than 5 minutes in the future",
    );
    if let Some(speed) = speed_rpm {
        faults.require_range(speed, 0.0, SPEED_RPM_MAX, "/speed_rpm");
    }
}

fn require_finite(faults: &mut Faults, samples: &[f32]) {
    let bad = || samples.iter().enumerate().filter(|(_, sample)| !sample.is_finite());
    for (i, _) in bad().take(SAMPLE_FAULTS_MAX) {
        faults.require(false, &format!("/samples/{i}"), "must be a finite number");
    }
    let more = bad().count().saturating_sub(SAMPLE_FAULTS_MAX);
    faults.require(more == 0, "/samples", &format!("{more} more samples are not finite numbers"));
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_225_600_000_000;

    fn block() -> SampleBlock {
        SampleBlock {
            sensor: "DE".to_owned(),
            axis: Axis::RadialH,
            unit: Unit::StandardGravity,
            sample_rate_hz: 12_800.0,
            started_at: Timestamp::from_micros(NOW),
            speed_rpm: Some(1480.0),
            samples: vec![0.1, -0.0, f32::MIN_POSITIVE],
        }
    }

    fn pointers(block: &SampleBlock) -> Vec<String> {
        let faults = block.validate(Timestamp::from_micros(NOW)).err().unwrap_or_default();
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn a_sound_block_has_no_faults() {
        assert_eq!(pointers(&block()), Vec::<String>::new());
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let faulty = SampleBlock {
            sensor: "drive end".to_owned(),
            sample_rate_hz: f64::NAN,
            started_at: Timestamp::from_micros(NOW + 301_000_000),
            speed_rpm: Some(-1.0),
            samples: vec![0.0, f32::NAN, 1.0, f32::INFINITY],
            ..block()
        };
        let expected =
            ["/sensor", "/started_at", "/speed_rpm", "/sample_rate_hz", "/samples/1", "/samples/3"];
        assert_eq!(pointers(&faulty), expected);
    }

    #[test]
    fn rates_are_bounded_on_both_sides() {
        for (sample_rate_hz, sound) in [(0.0, false), (1e-3, true), (1e6, true), (1e6 + 1.0, false)]
        {
            let block = SampleBlock { sample_rate_hz, ..block() };
            assert_eq!(pointers(&block).is_empty(), sound, "{sample_rate_hz}");
        }
    }

    #[test]
    fn five_minutes_ahead_is_the_furthest() {
        let ahead = |seconds: f64| SampleBlock {
            started_at: Timestamp::from_micros(NOW).plus_seconds(seconds),
            ..block()
        };
        assert!(pointers(&ahead(300.0)).is_empty());
        assert_eq!(pointers(&ahead(300.000_001)), ["/started_at"]);
    }

    #[test]
    fn the_number_of_samples_is_bounded() {
        let of = |samples: usize| SampleBlock { samples: vec![0.0; samples], ..block() };
        assert_eq!(pointers(&of(0)), ["/samples"]);
        assert!(pointers(&of(SAMPLES_MAX)).is_empty());
        assert_eq!(pointers(&of(SAMPLES_MAX + 1)), ["/samples"]);
    }

    #[test]
    fn a_million_bad_samples_make_a_bounded_answer() {
        let bad = SampleBlock { samples: vec![f32::NAN; SAMPLES_MAX], ..block() };
        let faults = bad.validate(Timestamp::from_micros(NOW)).unwrap_err();
        assert_eq!(faults.len(), SAMPLE_FAULTS_MAX + 1);
        assert_eq!(faults[99].pointer, "/samples/99");
        assert!(faults[100].detail.starts_with("999900 more"));
    }

    #[test]
    fn the_written_form_keeps_every_bit() {
        let text = serde_json::to_string(&block()).unwrap();
        assert!(text.contains(r#""samples_base64":"zczMPQAAAIAAAIAA""#), "{text}");
        let back: SampleBlock = serde_json::from_str(&text).unwrap();
        assert_eq!(back.samples[1].to_bits(), (-0.0_f32).to_bits());
        assert_eq!(back, block());
    }

    #[test]
    fn a_negative_rms_is_a_fault_of_its_value() {
        let measurement = Measurement {
            sensor: "DE".to_owned(),
            axis: Axis::X,
            unit: Unit::MillimetrePerSecond,
            started_at: Timestamp::from_micros(NOW),
            speed_rpm: None,
            statistic: Statistic::Rms,
            value: -2.0,
        };
        let faults = measurement.validate(Timestamp::from_micros(NOW)).unwrap_err();
        assert_eq!(faults[0].pointer, "/samples/0");
    }
}
