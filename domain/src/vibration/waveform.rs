//! What a window looks like over time, small enough to be kept: its lowest and highest sample by columns.

use serde::{Deserialize, Serialize};

use super::packed;
use super::unit::Unit;
use super::window::Window;
use crate::time::Timestamp;

/// Into so many columns a window goes: each impact of it is still seen.
const COLUMNS_MAX: usize = 512;

/// The outline of a window. A line through all of it covers what a line through all samples would.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waveform {
    /// When the first sample was taken.
    pub started_at: Timestamp,
    /// From the first sample to the end of the last one.
    pub duration_s: f64,
    /// The unit of all samples.
    pub unit: Unit,
    /// The lowest and the highest sample of each column, less the mean of the window.
    #[serde(with = "packed")]
    extremes: Vec<f32>,
}

impl Waveform {
    /// The outline of a window that has samples.
    pub fn of(window: &Window) -> Self {
        let Window { started_at, sample_rate_hz, unit, samples, .. } = window;
        let count = samples.len();
        let sum: f64 = samples.iter().copied().map(f64::from).sum();
        let mean = (sum / count.max(1) as f64) as f32;
        let columns = count.min(COLUMNS_MAX);
        let column = |i: usize| &samples[i * count / columns..(i + 1) * count / columns];
        let ends = |samples: &[f32]| {
            let low = samples.iter().copied().fold(f32::INFINITY, f32::min);
            let high = samples.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            [low - mean, high - mean]
        };
        Self {
            started_at: *started_at,
            duration_s: count as f64 / sample_rate_hz,
            unit: *unit,
            extremes: (0..columns).flat_map(|i| ends(column(i))).collect(),
        }
    }

    /// The lowest and the highest sample of each column, with the middle of the column in seconds
    /// after the first sample.
    pub fn columns(&self) -> impl Iterator<Item = (f64, f32, f32)> + '_ {
        let (ends, _) = self.extremes.as_chunks::<2>();
        let width_s = self.duration_s / ends.len().max(1) as f64;
        ends.iter()
            .enumerate()
            .map(move |(i, [low, high])| ((i as f64 + 0.5) * width_s, *low, *high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vibration::quality::Quality;

    fn window(samples: Vec<f32>) -> Window {
        Window {
            started_at: Timestamp::from_micros(0),
            sample_rate_hz: 1_000.0,
            unit: Unit::StandardGravity,
            speed_rpm: None,
            quality: Quality::default(),
            samples,
        }
    }

    #[test]
    fn one_sample_far_out_among_many_is_seen_where_it_is() {
        let mut samples = vec![1.0; 25_601];
        samples[12_800] = 9.0;
        let waveform = Waveform::of(&window(samples));
        let highest = waveform.columns().max_by(|a, b| a.2.total_cmp(&b.2)).unwrap();
        assert!((highest.0 - 12.8).abs() < 0.03 && (highest.2 - 8.0).abs() < 0.01, "{highest:?}");
        assert_eq!(waveform.columns().count(), COLUMNS_MAX);
        assert!(serde_json::to_string(&waveform).unwrap().len() < 6_000);
    }

    #[test]
    fn a_short_window_is_kept_as_it_is_and_survives_being_written() {
        let waveform = Waveform::of(&window(vec![1.0, 2.0, 3.0]));
        let lows: Vec<f32> = waveform.columns().map(|(_, low, _)| low).collect();
        assert_eq!(lows, [-1.0, 0.0, 1.0]);
        let text = serde_json::to_string(&waveform).unwrap();
        assert_eq!(serde_json::from_str::<Waveform>(&text).unwrap(), waveform);
        assert_eq!(Waveform::of(&window(vec![])).columns().count(), 0);
    }
}
