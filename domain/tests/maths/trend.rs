//! Slopes, times to a limit and control charts, held to known courses and to chance.

use domain::time::Timestamp;
use domain::vibration::{Baseline, Departure, NoEstimate, Slope, charts};

use crate::signals::uniform;

const HOUR_S: f64 = 3_600.0;
const SPAN_HOURS: usize = 200;

fn hour(hours: f64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000).plus_seconds(hours * HOUR_S)
}

/// Nearly normal numbers of deviation 1, the same for a seed.
fn normal(seed: u64, count: usize) -> Vec<f64> {
    uniform(seed, 12 * count).chunks(12).map(|twelve| twelve.iter().sum::<f64>() / 2.0).collect()
}

/// A value an hour that grows by so much each, under noise.
fn course(np_per_hour: f64, noise: &[f64]) -> Vec<(Timestamp, f64)> {
    let value =
        |(i, noise): (usize, &f64)| (hour(i as f64), (np_per_hour * i as f64 + noise).exp());
    noise.iter().enumerate().map(value).collect()
}

fn noise(seed: u64, sigma_np: f64) -> Vec<f64> {
    normal(seed, SPAN_HOURS).into_iter().map(|it| sigma_np * it).collect()
}

/// Noise in which each value keeps so much of the one before.
fn red(seed: u64, sigma_np: f64, kept: f64) -> Vec<f64> {
    let mut last = 0.0;
    let next = |it: f64| {
        last = kept * last + (1.0 - kept * kept).sqrt() * it;
        sigma_np * last
    };
    normal(seed, SPAN_HOURS).into_iter().map(next).collect()
}

#[test]
fn a_course_without_noise_gives_its_own_slope_and_time() {
    let values = course(0.002, &vec![0.0; SPAN_HOURS]);
    let slope = Slope::of(&values).unwrap();
    assert!((slope.np_s * HOUR_S - 0.002).abs() < 1e-9, "{slope:?}");
    let limit = (0.002 * 300.0_f64).exp();
    let time = slope.time_to(limit).unwrap();
    let expected_s = (300.0 - 199.0) * HOUR_S;
    assert!((time.seconds / expected_s - 1.0).abs() < 0.02, "{time:?}");
    assert!(time.seconds_min <= time.seconds && time.seconds <= time.seconds_max.unwrap());
}

#[test]
fn a_slope_does_not_depend_on_the_unit() {
    let values = course(0.002, &noise(1, 0.1));
    let scaled: Vec<_> = values.iter().map(|(at, value)| (*at, value * 1_000.0)).collect();
    let (one, other) = (Slope::of(&values).unwrap(), Slope::of(&scaled).unwrap());
    assert!((one.np_s / other.np_s - 1.0).abs() < 1e-6);
}

#[test]
fn a_fifth_of_wild_values_does_not_turn_it() {
    let mut values = course(0.002, &noise(2, 0.05));
    values.iter_mut().step_by(5).for_each(|(_, value)| *value *= 20.0);
    let slope = Slope::of(&values).unwrap();
    assert!((slope.np_s * HOUR_S / 0.002 - 1.0).abs() < 0.2, "{slope:?}");
}

#[test]
fn noise_is_a_trend_no_more_often_than_the_interval_says() {
    for (kept, share_max) in [(0.0, 0.08), (0.8, 0.12)] {
        let is_trend =
            |seed: &u64| Slope::of(&course(0.0, &red(*seed, 0.2, kept))).unwrap().is_significant();
        let share = (0..400).filter(is_trend).count() as f64 / 400.0;
        assert!(share <= share_max, "{share} of 400 courses of noise that keeps {kept}");
    }
}

#[test]
fn the_true_time_lies_within_the_interval_as_often_as_it_should() {
    let limit = (0.004 * 350.0_f64).exp();
    let expected_s = (350.0 - 199.0) * HOUR_S;
    let holds = |seed: &u64| {
        let time = Slope::of(&course(0.004, &noise(*seed, 0.15))).unwrap().time_to(limit).unwrap();
        time.seconds_min <= expected_s && time.seconds_max.is_none_or(|max| expected_s <= max)
    };
    let share = (1_000..1_400).filter(holds).count() as f64 / 400.0;
    assert!(share >= 0.92, "{share} of 400 intervals hold the truth");
}

#[test]
fn what_cannot_be_told_says_why() {
    let time_to = |np_per_hour: f64, limit: f64| {
        Slope::of(&course(np_per_hour, &noise(3, 0.05))).unwrap().time_to(limit)
    };
    assert_eq!(time_to(0.0, 5.0), Err(NoEstimate::NotSignificant));
    assert_eq!(time_to(-0.002, 5.0), Err(NoEstimate::Falling));
    assert_eq!(time_to(0.002, 1.0), Err(NoEstimate::AtLimit));
    assert_eq!(time_to(0.002, 1e9), Err(NoEstimate::TooFar));
    assert_eq!(time_to(0.002, f64::NAN), Err(NoEstimate::TooFar));
}

#[test]
fn few_values_have_no_slope() {
    assert_eq!(Slope::of(&[]), None);
    assert_eq!(Slope::of(&course(0.002, &[0.0; 9])), None);
    let at_once = vec![(hour(0.0), 1.0); 100];
    assert_eq!(Slope::of(&at_once), None);
    let odd: Vec<_> = (0..100).map(|i| (hour(f64::from(i)), -1.0)).collect();
    assert_eq!(Slope::of(&odd), None);
}

const BASELINE: Baseline =
    Baseline { velocity_rms_mm_s: 1.0, spread_percent: 10.0, values: 30, is_final: true };

/// Velocities around this one with the spread of the baseline.
fn around(seed: u64, count: usize, velocity_rms_mm_s: f64) -> impl Iterator<Item = f64> {
    let sigma_np = BASELINE.sigma_np();
    normal(seed, count).into_iter().map(move |it| velocity_rms_mm_s * (sigma_np * it).exp())
}

#[test]
fn a_rise_by_one_and_a_half_deviations_shows_in_both_charts_and_a_fall_too() {
    for (velocity, expected) in [(1.15, Departure::Rise), (0.87, Departure::Fall)] {
        let (ewma, cusum) = charts(around(5, 60, velocity), &BASELINE).unwrap();
        assert_eq!((ewma.signal, cusum.signal), (Some(expected), Some(expected)), "{velocity}");
    }
}

#[test]
fn a_healthy_machine_seldom_shows_in_either() {
    let shows = |seed: &u64| {
        let (ewma, cusum) = charts(around(*seed, 100, 1.0), &BASELINE).unwrap();
        ewma.signal.is_some() || cusum.signal.is_some()
    };
    let shown = (0..400).filter(shows).count();
    assert!(shown <= 12, "{shown} of 400");
}

#[test]
fn the_limits_of_the_mean_are_those_of_the_formula() {
    let (ewma, cusum) = charts(std::iter::repeat_n(1.0, 10_000), &BASELINE).unwrap();
    let expected = (3.0 * (0.1_f64 / 1.9).sqrt() * BASELINE.sigma_np()).exp();
    assert!((ewma.high_mm_s / expected - 1.0).abs() < 1e-9);
    assert!((ewma.low_mm_s * expected - 1.0).abs() < 1e-9);
    assert_eq!((cusum.up, cusum.down, ewma.signal), (0.0, 0.0, None));
}

#[test]
fn nothing_has_no_chart() {
    assert_eq!(charts([f64::NAN, 0.0, -1.0], &BASELINE), None);
}
