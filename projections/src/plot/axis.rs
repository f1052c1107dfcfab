//! Axes: where the ticks go and what they say, for numbers and for time.

use std::ops::Range;

use domain::time::Timestamp;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

const MICROS_PER_SECOND: i64 = 1_000_000;
const DAY_S: i64 = 86_400;
/// Steps that a reader can count along: seconds, minutes, hours, days, weeks.
const STEPS_S: [i64; 24] = [
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1_800,
    3_600,
    7_200,
    10_800,
    21_600,
    43_200,
    DAY_S,
    2 * DAY_S,
    4 * DAY_S,
    7 * DAY_S,
    14 * DAY_S,
    28 * DAY_S,
    56 * DAY_S,
];
const STEPS_YEARS: [i64; 7] = [1, 2, 5, 10, 100, 1_000, 10_000];

/// A linear axis with its ticks already chosen and labelled.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    lower: f64,
    upper: f64,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From `lower` to `upper`, with at most about `count_max` ticks on round numbers.
    pub(super) fn numbers(lower: f64, upper: f64, count_max: usize) -> Self {
        let step = number_step((upper - lower) / count_max.max(1) as f64);
        let first = (lower / step).ceil() as i64;
        let last = (upper / step * (1.0 + f64::EPSILON)).floor() as i64;
        let ticks = (first..=last)
            .map(|n| n as f64 * step)
            .map(|at| (at, number_label(at, step)))
            .collect();
        Self { lower, upper, ticks }
    }

    /// Time from `from` to `to`, as seconds after `from`; ticks are round moments of UTC.
    pub(super) fn time(from: Timestamp, to: Timestamp, count_max: usize) -> Self {
        let span_s = to.seconds_since(from);
        let ticks = time_ticks(from, to, span_s / count_max.max(1) as f64)
            .into_iter()
            .map(|(at, label)| (at.seconds_since(from), label))
            .collect();
        Self { lower: 0.0, upper: span_s, ticks }
    }

    /// From `lower` to `upper`, with these ticks.
    pub(super) fn named(lower: f64, upper: f64, ticks: Vec<(f64, String)>) -> Self {
        Self { lower, upper, ticks }
    }

    pub(super) fn contains(&self, value: f64) -> bool {
        (self.lower..=self.upper).contains(&value)
    }

    /// The same axis saying nothing, for when there is nothing to say.
    pub(super) fn without_ticks(self) -> Self {
        Self { ticks: Vec::new(), ..self }
    }

    fn label(&self, value: f64) -> String {
        let tick = self.ticks.iter().find(|(at, _)| *at == value);
        tick.map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        let share = (value.clamp(self.lower, self.upper) - self.lower) / (self.upper - self.lower);
        start + (share * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.lower..self.upper
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.label(*value)
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `raw`.
fn number_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let digit = [1.0, 2.0, 5.0].into_iter().find(|d| d * power >= raw * (1.0 - 1e-9));
    digit.unwrap_or(10.0) * power
}

fn number_label(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e6).contains(&value.abs()) {
        return format!("{value:.1e}");
    }
    // The logarithm of 0.001 may be a hair off -3, which must not cost a decimal.
    let decimals = (-step.log10() - 1e-9).ceil().max(0.0) as usize;
    format!("{value:.decimals$}")
}

fn time_ticks(from: Timestamp, to: Timestamp, step_s: f64) -> Vec<(Timestamp, String)> {
    match STEPS_S.into_iter().find(|step| *step as f64 >= step_s) {
        Some(step) => regular_ticks(from, to, step),
        None => year_ticks(from, to, step_s / (365.25 * DAY_S as f64)),
    }
}

fn regular_ticks(from: Timestamp, to: Timestamp, step_s: i64) -> Vec<(Timestamp, String)> {
    let step = step_s * MICROS_PER_SECOND;
    let first = from.as_micros().div_euclid(step) + 1;
    let last = to.as_micros().div_euclid(step);
    let on_start = from.as_micros().rem_euclid(step) == 0;
    (first - i64::from(on_start)..=last)
        .map(|n| Timestamp::from_micros(n * step))
        .map(|at| (at, time_label(at, step_s)))
        .collect()
}

/// Midnight says its date, so that a plot over a few days can be read without counting.
fn time_label(at: Timestamp, step_s: i64) -> String {
    let written = at.to_string();
    if at.as_micros().rem_euclid(DAY_S * MICROS_PER_SECOND) == 0 {
        written[..10].to_owned()
    } else if step_s < 60 {
        written[11..19].to_owned()
    } else {
        written[11..16].to_owned()
    }
}

fn year_ticks(from: Timestamp, to: Timestamp, step_years: f64) -> Vec<(Timestamp, String)> {
    let step = STEPS_YEARS.into_iter().find(|step| *step as f64 >= step_years);
    let step = step.unwrap_or(STEPS_YEARS[STEPS_YEARS.len() - 1]);
    let year = |at: Timestamp| at.to_string()[..4].parse::<i64>().unwrap_or_default();
    (year(from) / step..=year(to) / step)
        .filter_map(|n| format!("{:04}-01-01T00:00:00Z", n * step).parse().ok())
        .filter(|at| (from..=to).contains(at))
        .map(|at: Timestamp| (at, at.to_string()[..4].to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: &str, to: &str) -> Vec<String> {
        let axis = Axis::time(from.parse().unwrap(), to.parse().unwrap(), 8);
        axis.ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn half_a_minute_is_told_in_seconds() {
        let labels = labels("2026-01-01T08:00:00Z", "2026-01-01T08:00:20Z");
        assert_eq!(labels, ["08:00:00", "08:00:05", "08:00:10", "08:00:15", "08:00:20"]);
    }

    #[test]
    fn midnight_is_told_as_a_date() {
        let labels = labels("2026-01-01T18:00:00Z", "2026-01-02T06:00:00Z");
        assert_eq!(labels, ["18:00", "20:00", "22:00", "2026-01-02", "02:00", "04:00", "06:00"]);
    }

    #[test]
    fn weeks_are_told_in_dates_and_centuries_in_years() {
        assert!(
            labels("2026-01-01T00:00:00Z", "2026-02-20T00:00:00Z")
                .contains(&"2026-01-08".to_owned())
        );
        assert!(
            labels("1900-01-01T00:00:00Z", "2026-01-01T00:00:00Z").contains(&"2000".to_owned())
        );
    }

    #[test]
    fn every_span_has_a_few_ticks_and_not_too_many() {
        let from: Timestamp = "1970-01-01T00:00:01Z".parse().unwrap();
        let mut span_s = 5.0;
        while from.plus_seconds(span_s) < Timestamp::MAX {
            let ticks = Axis::time(from, from.plus_seconds(span_s), 8).ticks.len();
            assert!((1..=9).contains(&ticks), "{ticks} ticks for {span_s} s");
            span_s *= 1.37;
        }
    }

    #[test]
    fn numbers_step_by_one_two_or_five() {
        let axis = Axis::numbers(0.0, 0.9, 5);
        let labels: Vec<_> = axis.ticks.into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0", "0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(number_label(3.0, 1.0), "3");
        assert_eq!(number_label(0.003, 0.001), "0.003");
    }

    #[test]
    fn numbers_of_any_size_have_ticks_and_no_nonsense() {
        for exponent in -25..=25 {
            let axis = Axis::numbers(0.0, 3.7 * 10f64.powi(exponent), 6);
            assert!((3..=7).contains(&axis.ticks.len()), "{axis:?}");
            assert!(
                axis.ticks.iter().all(|(at, label)| at.is_finite() && label.len() < 9),
                "{axis:?}"
            );
        }
    }
}
