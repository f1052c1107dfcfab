//! How a baseline is learned, and how departures from it are told, as sentences.

use domain::time::Timestamp;
use domain::vibration::baseline::REGIMES_MAX;
use domain::vibration::{
    AlarmSettings, Baseline, BaselineSettings, Baselines, Departure, DepartureInput,
    DepartureState, MachineGroup, Mounting, Regime, boundaries,
};

use crate::signals::uniform;

const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 86_400.0;

fn second(seconds: f64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000).plus_seconds(seconds)
}

fn rated() -> Regime {
    Regime::of(Some(1.0), Some(25_600.0))
}

/// A learner, and what it told.
#[derive(Default)]
struct Learner {
    baselines: Baselines,
    told: Vec<Baseline>,
}

impl Learner {
    fn value(&mut self, at_s: f64, regime: Regime, velocity_rms_mm_s: f64) {
        let settings = BaselineSettings::default();
        let told = self.baselines.learn(second(at_s), regime, velocity_rms_mm_s, &settings);
        self.told.extend(told);
    }

    fn values(mut self, from_s: f64, step_s: f64, velocities: impl Iterator<Item = f64>) -> Self {
        for (i, velocity) in velocities.enumerate() {
            self.value(from_s + i as f64 * step_s, rated(), velocity);
        }
        self
    }
}

fn close(actual: f64, expected: f64) -> bool {
    (actual / expected - 1.0).abs() < 1e-3
}

/// Between 0.9 and 1.1, anyhow.
fn scatter(count: usize) -> impl Iterator<Item = f64> {
    uniform(7, count).into_iter().map(|it| 1.0 + 0.1 * it)
}

#[test]
fn thirty_values_are_a_baseline_and_fewer_are_none() {
    let learner = Learner::default().values(0.0, 1.0, scatter(29));
    assert_eq!(learner.told, []);
    assert_eq!(learner.baselines.get(rated()), None);
    let learner = learner.values(29.0, 1.0, std::iter::once(1.0));
    let [baseline] = learner.told[..] else { panic!("{:?}", learner.told) };
    assert!((0.97..1.03).contains(&baseline.velocity_rms_mm_s), "{baseline:?}");
    assert_eq!((baseline.values, baseline.is_final), (30, false));
    assert_eq!(learner.baselines.get(rated()), Some(baseline));
}

#[test]
fn a_fifth_of_outliers_does_not_move_it() {
    let clean = Learner::default().values(0.0, 1.0, scatter(30)).told[0];
    let spoilt = scatter(30).enumerate().map(|(i, it)| if i % 5 == 0 { 50.0 * it } else { it });
    let spoilt = Learner::default().values(0.0, 1.0, spoilt).told[0];
    let ratio = spoilt.velocity_rms_mm_s / clean.velocity_rms_mm_s;
    assert!((0.95..1.05).contains(&ratio), "{ratio}");
    assert!(spoilt.spread_percent < 12.0, "{spoilt:?}");
}

#[test]
fn the_spread_is_that_of_normal_numbers() {
    // The sum of twelve uniform numbers is nearly normal.
    let normal = |twelve: &[f64]| twelve.iter().sum::<f64>() / 2.0;
    let noise = uniform(11, 60 * 12);
    let velocities = noise.chunks(12).map(|twelve| (0.1 * normal(twelve)).exp());
    let told = Learner::default().values(0.0, 8.0 * DAY_S / 60.0, velocities).told;
    let sigma_np = told.last().expect("it is known").sigma_np();
    assert!((0.07..0.13).contains(&sigma_np), "{sigma_np}");
}

#[test]
fn it_is_refined_for_seven_days_and_then_stands() {
    let rising = (0..7 * 24).map(|hour| 1.0 + f64::from(hour) * 0.002);
    let learner = Learner::default().values(0.0, HOUR_S, rising);
    let last = *learner.told.last().expect("it is known");
    assert!(!last.is_final && learner.told.len() <= 6, "{:?}", learner.told);
    let learner = learner.values(7.0 * DAY_S, HOUR_S, [1.4].into_iter());
    let settled = *learner.told.last().expect("it is known");
    assert!(settled.is_final && (1.1..1.3).contains(&settled.velocity_rms_mm_s), "{settled:?}");
    let count = learner.told.len();
    let learner = learner.values(8.0 * DAY_S, HOUR_S, std::iter::repeat_n(9.0, 1_000));
    assert_eq!(learner.told.len(), count);
    assert_eq!(learner.baselines.get(rated()), Some(settled));
}

#[test]
fn the_whole_time_of_learning_counts_however_many_values() {
    let early = std::iter::repeat_n(1.0, 40_000);
    let late = std::iter::repeat_n(2.0, 80_000);
    let learner = Learner::default().values(0.0, 1.0, early.chain(late));
    let last = learner.told.last().expect("it is known");
    assert!(close(last.velocity_rms_mm_s, 2.0), "{last:?}");
}

#[test]
fn each_operating_condition_has_its_own() {
    let slow = Regime::of(Some(0.5), Some(25_600.0));
    let mut learner = Learner::default();
    for i in 0..60 {
        let (regime, velocity) = if i % 2 == 0 { (rated(), 1.0) } else { (slow, 0.3) };
        learner.value(f64::from(i), regime, velocity);
    }
    let of = |regime| learner.baselines.get(regime).expect("it is known").velocity_rms_mm_s;
    assert!(close(of(rated()), 1.0) && close(of(slow), 0.3));
}

#[test]
fn what_is_no_velocity_teaches_nothing() {
    let odd = [0.0, -1.0, f64::NAN, f64::INFINITY].into_iter().cycle().take(100);
    let learner = Learner::default().values(0.0, 1.0, odd);
    assert_eq!(learner.baselines, Baselines::default());
}

#[test]
fn the_state_is_bounded_and_survives_being_written_at_any_point() {
    let mut learner = Learner::default();
    for i in 0..2_000_u32 {
        let regime = Regime::of(Some(f64::from(i % 20) / 10.0), None);
        learner.value(f64::from(i), regime, 1.0);
        let text = serde_json::to_string(&learner.baselines).unwrap();
        assert!(text.len() < REGIMES_MAX * 1_000, "{}", text.len());
        assert_eq!(serde_json::from_str::<Baselines>(&text).unwrap(), learner.baselines);
    }
}

/// A motor of group 2 with a baseline of 1 mm/s: 0.7 mm/s count.
#[derive(Default)]
struct Watched {
    state: DepartureState,
    told: Vec<(u32, Option<Departure>)>,
}

impl Watched {
    fn values(mut self, from_s: u32, count: u32, velocity_rms_mm_s: f64) -> Self {
        let row = boundaries(MachineGroup::Group2, Mounting::Rigid);
        for i in from_s..from_s + count {
            let at = second(f64::from(i));
            let input = DepartureInput { at, velocity_rms_mm_s, baseline_mm_s: 1.0 };
            if self.state.step(input, &row, &AlarmSettings::default()) {
                self.told.push((i, self.state.departure()));
            }
        }
        self
    }
}

#[test]
fn a_rise_and_a_fall_of_a_quarter_of_b_c_are_told_when_they_last() {
    let up = Watched::default().values(0, 100, 1.69).values(100, 3, 1.71);
    assert_eq!(up.told, [(102, Some(Departure::Rise))]);
    let down = Watched::default().values(0, 100, 0.31).values(100, 3, 0.29);
    assert_eq!(down.told, [(102, Some(Departure::Fall))]);
}

#[test]
fn a_departure_ends_below_its_deadband() {
    let told = Watched::default().values(0, 3, 2.0).values(3, 100, 1.67).values(103, 31, 1.6).told;
    assert_eq!(told, [(2, Some(Departure::Rise)), (133, None)]);
}

#[test]
fn from_a_rise_to_a_fall_both_are_told() {
    let told = Watched::default().values(0, 3, 2.0).values(3, 60, 0.1).told;
    assert_eq!(told.last(), Some(&(33, Some(Departure::Fall))));
}
