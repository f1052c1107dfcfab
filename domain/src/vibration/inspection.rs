//! Looks at samples one by one: clipping, flat lines, spikes.

use super::quality::{Flag, Quality};

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
/// A rail lies at least so many standard deviations from the mean; the floor of a signal of
/// impulses does not.
const RAIL_SIGMAS_MIN: f64 = 0.5;
/// The share of a window that a constant run must have to make it a flat line.
const FLAT_RUN_SHARE_MIN: f64 = 0.5;
/// How far a spike lies from the mean, in standard deviations.
const SPIKE_SIGMAS_MIN: f64 = 10.0;
/// How far its two neighbours may lie from the mean.
const SPIKE_NEIGHBOUR_SIGMAS_MAX: f64 = 3.0;

/// Looks at samples one by one, given their mean and standard deviation.
pub fn inspect(samples: &[f32], mean: f64, std: f64) -> Inspection {
    // Without a branch per sample, so that the compiler takes many at a time; so are the other
    // loops over all samples.
    if !samples.iter().fold(true, |finite, sample| finite & sample.is_finite()) {
        let quality = Quality::from_iter([Flag::NonFinite]);
        return Inspection { quality, ..Inspection::default() };
    }
    let rails = Rails::of(samples);
    let flat = is_flat(samples, std, &rails);
    // A dead sensor is at both of its extremes all the time, which is no news beside its being
    // dead.
    let clipped = !flat && rails.is_clipped(samples, mean, std);
    let spikes =
        if rails.farthest(mean) > SPIKE_SIGMAS_MIN * std { spikes(samples, mean, std) } else { 0 };
    let flags = [(flat, Flag::FlatLine), (clipped, Flag::Clipped), (spikes > 0, Flag::Spike)];
    let quality = flags.into_iter().filter_map(|(is, flag)| is.then_some(flag)).collect();
    Inspection { quality, rail_share: rails.share(samples.len()), spikes }
}

/// The extremes of a window, and how many samples equal them.
struct Rails {
    max: f32,
    min: f32,
    at_max: usize,
    at_min: usize,
}

impl Rails {
    fn of(samples: &[f32]) -> Self {
        let (min, max) = extremes(samples);
        let count = |extreme: f32| count(samples.iter().map(|sample| *sample == extreme));
        Self { max, min, at_max: count(max), at_min: count(min) }
    }

    fn farthest(&self, mean: f64) -> f64 {
        (f64::from(self.max) - mean).max(mean - f64::from(self.min))
    }

    fn share(&self, samples: usize) -> f64 {
        let at_rails = if self.max == self.min { self.at_max } else { self.at_max + self.at_min };
        at_rails as f64 / samples.max(1) as f64
    }

    fn is_clipped(&self, samples: &[f32], mean: f64, std: f64) -> bool {
        let is_rail = |extreme: f32, held: usize| {
            let far = (f64::from(extreme) - mean).abs() >= RAIL_SIGMAS_MIN * std;
            far && held > 1 && is_held(samples, extreme)
        };
        is_rail(self.max, self.at_max) || is_rail(self.min, self.at_min)
    }
}

/// Whether the extreme is held, in one run long enough or often enough, in a way that no crest is.
fn is_held(samples: &[f32], extreme: f32) -> bool {
    let code = smallest_step(samples);
    let (mut held, mut longest, mut start) = (0, 0, 0);
    for run in samples.chunk_by(|a, b| a == b) {
        let end = start + run.len();
        if run[0] == extreme && run.len() > 1 && is_cut(samples, start, end, code) {
            held += run.len();
            longest = longest.max(run.len());
        }
        start = end;
    }
    longest >= RAIL_RUN_MIN || (held > 0 && held as f64 >= RAIL_SHARE_MIN * samples.len() as f64)
}

/// Whether the signal meets the run `start..end` too steeply for a rounded crest.
///
/// The crest of a slow wave in few codes is also a run of equal samples. But it is a parabola that
/// loses less than one code over half the run, so two samples further out it has lost little more;
/// a cut wave comes with its slope.
fn is_cut(samples: &[f32], start: usize, end: usize, code: f32) -> bool {
    const OUTSIDE: usize = 2;
    let half = (end - start - 1) as f64 / 2.0;
    let codes_max = ((half + OUTSIDE as f64) / half).powi(2) + 1.0;
    let drop_max = codes_max * f64::from(code);
    let before = start.checked_sub(OUTSIDE).and_then(|i| samples.get(i));
    let after = samples.get(end + OUTSIDE - 1);
    [before, after]
        .into_iter()
        .flatten()
        .any(|outside| f64::from((samples[start] - outside).abs()) > drop_max)
}

/// The smallest step between two samples that differ: the resolution of the sensor, or finer.
fn smallest_step(samples: &[f32]) -> f32 {
    let steps = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    steps.filter(|step| *step > 0.0).fold(f32::INFINITY, f32::min)
}

/// Flat is what varies less than f32 can tell at its magnitude, or stands still for half of the
/// time.
fn is_flat(samples: &[f32], std: f64, rails: &Rails) -> bool {
    let magnitude = rails.farthest(0.0);
    if std == 0.0 || std < magnitude * f64::from(f32::EPSILON) {
        return true;
    }
    let run_min = FLAT_RUN_SHARE_MIN * samples.len() as f64;
    let equal_pairs = count(samples.iter().zip(samples.iter().skip(1)).map(|(a, b)| a == b));
    // Only when there are as many repetitions as a run needs is it worth looking whether they are
    // one run.
    (equal_pairs + 1) as f64 >= run_min
        && samples.chunk_by(|a, b| a == b).any(|run| run.len() as f64 >= run_min)
}

fn count(hits: impl Iterator<Item = bool>) -> usize {
    // u32 lanes are as wide as the samples; no window has four billion.
    hits.map(u32::from).sum::<u32>() as usize
}

/// The smallest and the largest sample, over independent lanes.
fn extremes(samples: &[f32]) -> (f32, f32) {
    const LANES: usize = 16;
    let (mut min, mut max) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    let (chunks, rest) = samples.as_chunks::<LANES>();
    for chunk in chunks.iter().map(<[f32; LANES]>::as_slice).chain([rest]) {
        for ((min, max), &sample) in min.iter_mut().zip(&mut max).zip(chunk) {
            *min = if sample < *min { sample } else { *min };
            *max = if sample > *max { sample } else { *max };
        }
    }
    let min = min.into_iter().fold(f32::INFINITY, f32::min);
    (min, max.into_iter().fold(f32::NEG_INFINITY, f32::max))
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
}
