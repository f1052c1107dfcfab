//! Recordings as test rigs make them: several resonances, gears, supply, shocks; two bearings, two rates.

use domain::vibration::bearing::{FaultOrders, by_designation};
use domain::vibration::{Fault, Finding, Subject};
use simulation::random::Random;
use simulation::rig::{Knock, Mesh, Mode, Rig};

use crate::{Bench, subject};

const BEARINGS: [&str; 2] = ["6205-2RS", "6203-2RS"];
const RATES_HZ: [f64; 2] = [12_000.0, 48_000.0];
const SPEEDS_RPM: [f64; 4] = [1_730.0, 1_750.0, 1_772.0, 1_797.0];
/// Blows of so many deviations of what else shakes the structure.
const SEVERITIES: [(&str, f64); 3] = [("slight", 4.0), ("clear", 12.0), ("grave", 40.0)];
const TRIES: u64 = 32;

fn orders(bearing: usize) -> FaultOrders {
    by_designation(BEARINGS[bearing]).expect("in the catalogue").fault_orders()
}

fn on_60_hz(bearing: usize) -> Subject {
    Subject { bearings: vec![("DE".to_owned(), orders(bearing))], ..subject(60.0) }
}

/// A rig in health, at which speed of its shaft in Hz.
fn healthy(number: u64, seed: u64) -> (Rig, f64) {
    let mut random = Random::of(seed);
    let shaft_hz = SPEEDS_RPM[(number / 4 % 4) as usize] / 60.0;
    let rate_hz = RATES_HZ[(number / 2 % 2) as usize];
    let mode = |random: &mut Random, low_hz: f64, high_hz: f64| Mode {
        hz: random.between(low_hz, high_hz),
        damping: random.between(0.01, 0.06),
        gain: random.between(0.3, 1.0),
    };
    let modes = [(400.0, 900.0), (1_100.0, 2_000.0), (2_200.0, 3_200.0), (3_300.0, 5_200.0)];
    let modes = modes.map(|(low_hz, high_hz)| mode(&mut random, low_hz, high_hz));
    let teeth = random.between(17.0, 41.0).round();
    let (amplitude, swell) = (random.between(0.0, 1.0), random.between(0.1, 0.6));
    // The gears of the load turn at a speed that has nothing to do with the motor's.
    let load_hz = shaft_hz * random.between(0.2, 0.9);
    let meshes = vec![
        Mesh { hz: teeth * shaft_hz, shaft_hz, amplitude, swell },
        Mesh { hz: 23.0 * load_hz, shaft_hz: load_hz, amplitude: 0.5 * amplitude, swell },
    ];
    let rig = Rig {
        rate_hz,
        seconds: random.between(2.0, 10.0),
        modes: modes.to_vec(),
        hiss: random.between(0.02, 0.3),
        tones: vec![(0.4, shaft_hz), (0.3, 2.0 * shaft_hz), (0.3, 120.0), (0.2, 4_000.0)],
        meshes,
        swells: vec![(0.1, shaft_hz), (0.05, 2.0 * shaft_hz), (0.1, 120.0)],
        shocks_hz: [0.0, 0.0, 2.0, 10.0][(number / 8 % 4) as usize],
        knock: None,
    };
    (rig, shaft_hz)
}

fn knock(hz: f64, load_hz: Option<f64>, height: f64, random: &mut Random) -> Knock {
    let slip_mean = random.between(-0.015, 0.005);
    Knock {
        hz: hz * (1.0 + slip_mean),
        load_hz,
        height,
        spread: random.between(0.1, 0.4),
        slip: random.between(0.003, 0.02),
        alternation: 0.0,
    }
}

fn of_bearing(
    bench: &mut Bench,
    rig: &Rig,
    shaft_hz: f64,
    bearing: usize,
    seed: u64,
) -> Option<Finding> {
    let samples = rig.samples(seed);
    let diagnosis = bench.diagnose(&samples, rig.rate_hz, shaft_hz, &on_60_hz(bearing));
    diagnosis.findings.into_iter().find(|finding| finding.bearing.is_some())
}

#[test]
fn races_are_found_through_a_structure_with_gears_shocks_and_slip() {
    let mut bench = Bench::default();
    let mut table = String::new();
    let (mut wrong, mut recordings) = (0, 0);
    for fault in [Fault::BearingOuterRace, Fault::BearingInnerRace] {
        for (severity, height) in SEVERITIES {
            let mut right = [[0; 2]; 2];
            for number in 0..TRIES {
                let seed = 10_000 + number;
                let (rig, shaft_hz) = healthy(number, seed);
                let bearing = (number % 2) as usize;
                let orders = orders(bearing);
                let (order, load_hz) = match fault {
                    Fault::BearingInnerRace => (orders.inner_race, Some(shaft_hz)),
                    _ => (orders.outer_race, None),
                };
                let mut random = Random::of(seed ^ 0x77);
                let knock = knock(order * shaft_hz, load_hz, height, &mut random);
                let rig = Rig { knock: Some(knock), ..rig };
                let found = of_bearing(&mut bench, &rig, shaft_hz, bearing, seed ^ 0xff);
                recordings += 1;
                match found {
                    Some(finding) if finding.fault == fault => {
                        right[bearing][(number / 2 % 2) as usize] += 1;
                    }
                    Some(_) => wrong += 1,
                    None => {}
                }
            }
            let total: usize = right.iter().flatten().sum();
            table += &format!(
                "{fault:?} {severity}: {total} of {TRIES}; 6205 at 12 and 48 kHz {:?}, 6203 {:?}\n",
                right[0], right[1]
            );
            let floor = if severity == "grave" { TRIES as usize * 8 / 10 } else { 0 };
            assert!(total >= floor, "below {floor}:\n{table}");
        }
    }
    eprintln!("{recordings} recordings of rigs, {wrong} taken for another\n{table}");
    assert!(wrong <= recordings / 100, "{table}");
}

#[test]
fn a_rig_in_health_has_no_bearing_fault() {
    let mut bench = Bench::default();
    let mut found = vec![];
    for number in 0..4 * TRIES {
        let (rig, shaft_hz) = healthy(number, 20_000 + number);
        let bearing = (number % 2) as usize;
        found.extend(of_bearing(&mut bench, &rig, shaft_hz, bearing, 30_000 + number));
    }
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_ball_that_strikes_both_races_is_taken_for_neither() {
    let mut bench = Bench::default();
    let mut found = vec![];
    for number in 0..2 * TRIES {
        let (rig, shaft_hz) = healthy(number, 40_000 + number);
        let bearing = (number % 2) as usize;
        let orders = orders(bearing);
        let mut random = Random::of(number);
        let cage_hz = orders.cage * shaft_hz;
        let strikes = knock(2.0 * orders.spin * shaft_hz, Some(cage_hz), 15.0, &mut random);
        let rig = Rig { knock: Some(Knock { alternation: 0.4, ..strikes }), ..rig };
        found.extend(of_bearing(&mut bench, &rig, shaft_hz, bearing, 50_000 + number));
    }
    assert!(found.is_empty(), "{found:?}");
}
