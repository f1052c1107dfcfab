//! Holds the diagnosis to what is put into simulated recordings, and to silence on healthy ones.
#![allow(clippy::print_stderr, reason = "how often it is right is the result of these tests")]

#[path = "diagnosis/envelope.rs"]
mod envelope;
#[path = "diagnosis/noise.rs"]
mod noise;
#[path = "diagnosis/rigs.rs"]
mod rigs;
#[path = "diagnosis/shaft.rs"]
mod shaft;
#[path = "diagnosis/truth.rs"]
mod truth;

use domain::time::Timestamp;
use domain::vibration::bearing::{FaultOrders, by_designation};
use domain::vibration::{
    Analyser, Axis, Band, Demodulator, Diagnosis, MachineGroup, Mounting, Record, RecordSettings,
    Sight, Subject, Taper, Unit, boundaries, window_samples,
};

/// A motor with a 6205 at its drive end, on the European or the American mains.
fn subject(line_frequency_hz: f64) -> Subject {
    Subject {
        axis: Axis::RadialH,
        boundaries: boundaries(MachineGroup::Group2, Mounting::Rigid),
        line_frequency_hz,
        bearings: vec![("DE".to_owned(), orders())],
    }
}

fn orders() -> FaultOrders {
    by_designation("6205").expect("in the catalogue").fault_orders()
}

/// With what recordings are judged.
#[derive(Default)]
struct Bench {
    analyser: Analyser,
    demodulator: Demodulator,
    settings: RecordSettings,
}

impl Bench {
    /// The last verdict on samples in m/s², cut into half-overlapping windows of a second.
    fn diagnose(
        &mut self,
        samples: &[f32],
        rate_hz: f64,
        shaft_hz: f64,
        subject: &Subject,
    ) -> Diagnosis {
        let mut record = Record::default();
        let window = window_samples(rate_hz, 1);
        for samples in samples.windows(window).step_by(window / 2) {
            let spectrum = self.analyser.spectrum(samples, rate_hz, Taper::Hann);
            let unit = Unit::MetrePerSecondSquared;
            let velocity_rms_mm_s = spectrum.velocity_rms_mm_s(unit, Band::STANDARD);
            let ended_at = Timestamp::from_micros(0);
            let sight = Sight { spectrum, unit, velocity_rms_mm_s, shaft_hz, ended_at };
            if !record.takes(&sight) {
                break;
            }
            record.add(&sight, subject, &self.settings, &mut self.demodulator);
        }
        record.judge(subject, &self.settings)
    }
}
