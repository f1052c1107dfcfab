//! The truth table: severity × fault × noise × speed × length × slip, by several models.

use domain::vibration::{Diagnosis, Fault, Finding};

use crate::{Bench, orders, subject};
use simulation::plant::{Flaw, Model, Plant};
use simulation::random::Random;

const FAULTS: [Fault; 3] = [Fault::BearingOuterRace, Fault::BearingInnerRace, Fault::Cage];
/// Impacts of so many deviations of the noise.
const SEVERITIES: [(&str, f64); 3] = [("slight", 1.5), ("clear", 4.0), ("grave", 12.0)];
const SPEEDS_RPM: [f64; 3] = [980.0, 1480.0, 1797.0];
const LENGTHS_S: [f64; 3] = [1.5, 2.5, 8.5];
const SLIPS: [f64; 3] = [-0.015, 0.0, 0.015];
const RATES_HZ: [f64; 3] = [12_000.0, 12_800.0, 25_600.0];
/// A kind of fault, and of health, is tried so often in each severity.
const TRIES: u64 = 24;

#[derive(Default)]
struct Score {
    right: usize,
    wrong: usize,
    silent: usize,
}

impl Score {
    fn count(&mut self, fault: Fault, diagnosis: &Diagnosis) {
        let bearing = |finding: &&Finding| finding.bearing.is_some();
        match diagnosis.findings.iter().find(bearing) {
            Some(finding) if finding.fault == fault => self.right += 1,
            Some(_) => self.wrong += 1,
            None => self.silent += 1,
        }
    }
}

fn pick<T: Copy, const N: usize>(from: [T; N], random: &mut Random) -> T {
    from[(random.uniform() * N as f64) as usize]
}

fn model(random: &mut Random, rate_hz: f64) -> Model {
    let resonance_hz = random.between(1_500.0, 0.4 * rate_hz);
    let (damping, jitter) = (random.between(0.02, 0.08), random.between(0.0, 0.015));
    match (random.uniform() * 3.0) as u32 {
        0 => Model::Impacts { resonance_hz, damping, jitter },
        1 => Model::Creep { resonance_hz, damping, jitter },
        _ => Model::Hiss { depth: random.between(0.5, 1.0) },
    }
}

/// A recording of this fault, and of which nothing else is chosen; at which speed in Hz.
fn recording(fault: Fault, height: f64, seed: u64) -> (Vec<f32>, f64, f64) {
    let mut random = Random::of(seed);
    let shaft_hz = pick(SPEEDS_RPM, &mut random) / 60.0;
    let rate_hz = pick(RATES_HZ, &mut random);
    let orders = orders();
    let (order, load_hz) = match fault {
        Fault::BearingInnerRace => (orders.inner_race, Some(shaft_hz)),
        Fault::Cage => (orders.cage, None),
        _ => (orders.outer_race, None),
    };
    let hz = order * shaft_hz * (1.0 + pick(SLIPS, &mut random));
    let model = model(&mut random, rate_hz);
    let plant = Plant {
        colour: pick([0.0, 0.5, -0.3], &mut random),
        noise: pick([0.1, 1.0, 5.0], &mut random),
        tones: vec![(0.5, shaft_hz), (0.3, 2.0 * shaft_hz), (0.4, 100.0)],
        swells: vec![(0.05, shaft_hz)],
        flaw: Some(Flaw { hz, load_hz, height, model }),
        ..Plant::quiet(rate_hz, pick(LENGTHS_S, &mut random))
    };
    (plant.samples(seed ^ 0xff), rate_hz, shaft_hz)
}

#[test]
fn faults_are_found_the_more_surely_the_graver_they_are_and_never_taken_for_others() {
    let mut bench = Bench::default();
    let (mut recordings, mut wrong) = (0, 0);
    let mut table = String::new();
    for (number, fault) in FAULTS.into_iter().enumerate() {
        for (severity, height) in SEVERITIES {
            let mut score = Score::default();
            for seed in 0..TRIES {
                let seed = seed + 1_000 * number as u64;
                let (samples, rate_hz, shaft_hz) = recording(fault, height, seed);
                let diagnosis = bench.diagnose(&samples, rate_hz, shaft_hz, &subject(50.0));
                score.count(fault, &diagnosis);
                recordings += 1;
            }
            wrong += score.wrong;
            let Score { right, wrong, silent } = score;
            table += &format!(
                "{fault:?} {severity}: {right} found, {silent} missed, {wrong} taken for another\n"
            );
            let floor = match (severity, fault) {
                ("grave", Fault::Cage) => TRIES as usize / 4,
                ("grave", _) => TRIES as usize * 8 / 10,
                ("clear", Fault::BearingOuterRace | Fault::BearingInnerRace) => TRIES as usize / 2,
                _ => 0,
            };
            assert!(right >= floor, "below {floor}:\n{table}");
        }
    }
    eprintln!("{recordings} recordings\n{table}");
    assert!(recordings >= 200);
    assert!(wrong <= recordings / 100, "{table}");
}

#[test]
fn a_ball_is_never_taken_for_a_race() {
    let mut bench = Bench::default();
    let mut claimed = vec![];
    for seed in 0..TRIES {
        let shaft_hz = 29.95;
        let spin_hz = 2.0 * orders().spin * shaft_hz;
        let flaw = Flaw {
            hz: spin_hz,
            load_hz: Some(orders().cage * shaft_hz),
            height: 8.0,
            model: Model::Impacts { resonance_hz: 3_200.0, damping: 0.05, jitter: 0.005 },
        };
        let plant = Plant { flaw: Some(flaw), ..Plant::quiet(12_000.0, 4.5) };
        let diagnosis = bench.diagnose(&plant.samples(seed), 12_000.0, shaft_hz, &subject(60.0));
        claimed.extend(diagnosis.findings);
    }
    assert!(claimed.is_empty(), "{claimed:?}");
}
