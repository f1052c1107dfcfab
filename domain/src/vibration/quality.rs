//! Whether samples can be trusted: clipping, flat lines, spikes, and what happened to the stream before them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that a reader of a result should know about its samples.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The signal stands at a rail of the sensor: what lies beyond is unknown. Bad.
    Clipped,
    /// The sensor says the same for half of the window or longer. Bad.
    FlatLine,
    /// A sample is no finite number. Bad.
    NonFinite,
    /// Single samples far outside their neighbours. Persistence in the alarm, not distrust, deals with them: at a low
    /// sample rate a true impact looks the same.
    Spike,
    /// Samples are missing before this window.
    GapBefore,
    /// The stream jumped back in time before this window.
    OverlapBefore,
    /// The sample rate changed before this window.
    RateChanged,
    /// The unit changed before this window.
    UnitChanged,
    /// The sensor's clock slipped by up to two samples within this window.
    Reanchored,
    /// The speed changed by more than 2 % within this window, so that its lines are smeared.
    SpeedDrift,
}

/// The flags of a window or of a result. On the wire a list of names in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Quality(BTreeSet<Flag>);

impl Quality {
    /// Adds a flag.
    pub fn insert(&mut self, flag: Flag) {
        self.0.insert(flag);
    }

    /// Adds all flags of another.
    pub fn extend(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    /// Whether the flag is there.
    pub fn contains(&self, flag: Flag) -> bool {
        self.0.contains(&flag)
    }

    /// Whether there is no flag.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The flags, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Flag> + '_ {
        self.0.iter().copied()
    }

    /// Whether the values mean too little to raise or to clear an alarm.
    pub fn is_bad(&self) -> bool {
        [Flag::Clipped, Flag::FlatLine, Flag::NonFinite].iter().any(|flag| self.0.contains(flag))
    }
}

impl FromIterator<Flag> for Quality {
    fn from_iter<I: IntoIterator<Item = Flag>>(flags: I) -> Self {
        Self(flags.into_iter().collect())
    }
}

/// What an inspection of samples found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// The flags that follow from the numbers below.
    pub quality: Quality,
    /// The share of samples that equal the maximum or the minimum.
    pub rail_share: f64,
    /// How many single samples stand far outside their neighbours.
    pub spikes: usize,
}

/// So many equal samples in a row at an extreme are a rail.
const RAIL_RUN_MIN: usize = 3;
/// So large a share of samples at an extreme is a rail.
const RAIL_SHARE_MIN: f64 = 0.01;
/// A rail lies at least so many standard deviations from the mean; the floor of a signal of impulses does not.
const RAIL_SIGMAS_MIN: f64 = 0.5;
/// The share of a window that a constant run must have to make it a flat line.
const FLAT_RUN_SHARE_MIN: f64 = 0.5;
/// How far a spike lies from the mean, in standard deviations.
const SPIKE_SIGMAS_MIN: f64 = 10.0;
/// How far its two neighbours may lie from the mean.
const SPIKE_NEIGHBOUR_SIGMAS_MAX: f64 = 3.0;

/// Looks at samples one by one, given their mean and standard deviation.
pub fn inspect(samples: &[f32], mean: f64, std: f64) -> Inspection {
    if samples.iter().any(|sample| !sample.is_finite()) {
        let quality = Quality::from_iter([Flag::NonFinite]);
        return Inspection { quality, ..Inspection::default() };
    }
    let scan = Scan::of(samples);
    let spikes = spikes(samples, mean, std);
    let flat = is_flat(samples, std, scan.longest_run);
    // A dead sensor is at both of its extremes all the time, which is no news beside its being dead.
    let clipped = !flat && scan.is_clipped(samples, mean, std);
    let flags = [(flat, Flag::FlatLine), (clipped, Flag::Clipped), (spikes > 0, Flag::Spike)];
    let quality = flags.into_iter().filter_map(|(is, flag)| is.then_some(flag)).collect();
    Inspection { quality, rail_share: scan.rail_share(samples.len()), spikes }
}

/// Extremes, steps and runs of a window.
struct Scan {
    max: f32,
    min: f32,
    /// The smallest step between two samples that differ: the resolution of the sensor, or finer.
    code: f32,
    longest_run: usize,
    at_max: usize,
    at_min: usize,
}

impl Scan {
    fn of(samples: &[f32]) -> Self {
        let max = samples.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let min = samples.iter().copied().fold(f32::INFINITY, f32::min);
        let mut code = f32::INFINITY;
        let (mut run, mut longest_run) = (1, 1);
        for pair in samples.windows(2) {
            let step = (pair[1] - pair[0]).abs();
            if step == 0.0 {
                run += 1;
                longest_run = longest_run.max(run);
            } else {
                run = 1;
                code = code.min(step);
            }
        }
        let count = |extreme: f32| samples.iter().filter(|sample| **sample == extreme).count();
        Self { max, min, code, longest_run, at_max: count(max), at_min: count(min) }
    }

    fn rail_share(&self, samples: usize) -> f64 {
        let at_rails = if self.max == self.min { self.at_max } else { self.at_max + self.at_min };
        at_rails as f64 / samples.max(1) as f64
    }

    fn is_clipped(&self, samples: &[f32], mean: f64, std: f64) -> bool {
        [self.max, self.min].into_iter().any(|extreme| {
            let far = (f64::from(extreme) - mean).abs() >= RAIL_SIGMAS_MIN * std;
            far && self.is_rail(samples, extreme)
        })
    }

    /// Whether the extreme is held, in one run long enough or often enough, in a way that no crest is.
    fn is_rail(&self, samples: &[f32], extreme: f32) -> bool {
        let (mut held, mut longest, mut start) = (0, 0, 0);
        for run in samples.chunk_by(|a, b| a == b) {
            let end = start + run.len();
            if run[0] == extreme && run.len() > 1 && self.is_cut(samples, start, end) {
                held += run.len();
                longest = longest.max(run.len());
            }
            start = end;
        }
        longest >= RAIL_RUN_MIN || held as f64 >= RAIL_SHARE_MIN * samples.len() as f64 && held > 0
    }

    /// Whether the signal meets the run `start..end` too steeply for a rounded crest.
    ///
    /// The crest of a slow wave in few codes is also a run of equal samples. But it is a parabola that loses less than
    /// one code over half the run, so two samples further out it has lost little more; a cut wave comes with its slope.
    fn is_cut(&self, samples: &[f32], start: usize, end: usize) -> bool {
        const OUTSIDE: usize = 2;
        let half = (end - start - 1).max(1) as f64 / 2.0;
        let codes_max = ((half + OUTSIDE as f64) / half).powi(2) + 1.0;
        let drop_max = codes_max * f64::from(self.code);
        let before = start.checked_sub(OUTSIDE).and_then(|i| samples.get(i));
        let after = samples.get(end + OUTSIDE - 1);
        [before, after]
            .into_iter()
            .flatten()
            .any(|outside| f64::from((samples[start] - outside).abs()) > drop_max)
    }
}

/// Flat is what varies less than f32 can tell at its magnitude, or stands still for half of the time.
fn is_flat(samples: &[f32], std: f64, longest_run: usize) -> bool {
    let magnitude = samples.iter().fold(0.0_f32, |max, sample| max.max(sample.abs()));
    let still = longest_run as f64 >= FLAT_RUN_SHARE_MIN * samples.len() as f64;
    std < f64::from(magnitude) * f64::from(f32::EPSILON) || std == 0.0 || still
}

fn spikes(samples: &[f32], mean: f64, std: f64) -> usize {
    let sigmas = |sample: f32| (f64::from(sample) - mean).abs() / std;
    samples
        .windows(3)
        .filter(|three| {
            sigmas(three[1]) > SPIKE_SIGMAS_MIN
                && sigmas(three[0]) < SPIKE_NEIGHBOUR_SIGMAS_MAX
                && sigmas(three[2]) < SPIKE_NEIGHBOUR_SIGMAS_MAX
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vibration::features::Features;
    use std::f64::consts::TAU;

    fn wave(samples: usize, value: impl Fn(f64) -> f64) -> Vec<f32> {
        (0..samples).map(|i| value(i as f64) as f32).collect()
    }

    fn flags(samples: &[f32]) -> Vec<Flag> {
        let features = Features::of(samples);
        let (mean, std) = features.map_or((0.0, 0.0), |features| (features.mean, features.std));
        inspect(samples, mean, std).quality.iter().collect()
    }

    #[test]
    fn a_sine_has_nothing_to_report() {
        for hz in [5.0, 49.7, 50.0, 1000.0, 3200.0] {
            let samples = wave(12_800, |i| (TAU * hz * i / 12_800.0).sin());
            assert_eq!(flags(&samples), [], "{hz} Hz");
        }
    }

    #[test]
    fn a_cut_sine_is_clipped() {
        for rail in [0.5, 0.8, 0.99] {
            let samples = wave(12_800, |i| (TAU * 50.0 * i / 12_800.0).sin().clamp(-rail, rail));
            assert_eq!(flags(&samples), [Flag::Clipped], "{rail}");
        }
    }

    #[test]
    fn a_sine_cut_on_one_side_is_clipped() {
        let samples = wave(12_800, |i| (TAU * 50.0 * i / 12_800.0).sin().min(0.7));
        assert_eq!(flags(&samples), [Flag::Clipped]);
    }

    #[test]
    fn a_slow_wave_of_few_codes_is_not_clipped() {
        for (codes, hz) in
            [(20.0, 20.3), (100.0, 20.3), (400.0, 20.3), (400.0, 122.7), (20.0, 501.3)]
        {
            let samples =
                wave(12_800, |i| ((TAU * hz * i / 12_800.0).sin() * codes).round() / codes);
            assert_eq!(flags(&samples), [], "{codes} codes, {hz} Hz");
        }
    }

    #[test]
    fn a_sensor_that_stands_still_is_flat_and_nothing_else() {
        assert_eq!(flags(&[9.81; 1000]), [Flag::FlatLine]);
        let died = wave(1000, |i| if i < 400.0 { (i * 0.7).sin() } else { 0.3 });
        assert_eq!(flags(&died), [Flag::FlatLine]);
    }

    #[test]
    fn single_samples_far_out_are_spikes_and_a_ringing_impact_is_none() {
        let mut samples = wave(12_800, |i| (TAU * 50.0 * i / 12_800.0).sin());
        samples[4000] = 60.0;
        assert_eq!(flags(&samples), [Flag::Spike]);
        let ringing = wave(12_800, |i| {
            let t = (i - 4000.0).max(0.0) / 12_800.0;
            20.0 * (-400.0 * t).exp() * (TAU * 2000.0 * t).sin() + 0.1 * (i * 0.9).sin()
        });
        assert_eq!(flags(&ringing), []);
    }

    #[test]
    fn what_is_not_finite_is_flagged() {
        assert_eq!(flags(&[0.0, f32::NAN, 1.0]), [Flag::NonFinite]);
    }

    #[test]
    fn flags_are_a_list_of_names_on_the_wire() {
        let quality = Quality::from_iter([Flag::GapBefore, Flag::FlatLine]);
        let json = serde_json::to_string(&quality).unwrap();
        assert_eq!(json, r#"["flat_line","gap_before"]"#);
        assert!(quality.is_bad());
        assert!(!Quality::from_iter([Flag::Spike, Flag::GapBefore]).is_bad());
    }
}
