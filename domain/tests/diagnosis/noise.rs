//! Healthy machines: how often something is found where nothing is.

use crate::{Bench, subject};
use simulation::plant::Plant;
use simulation::random::Random;

const RATE_HZ: f64 = 4_096.0;
/// Two windows each.
const RECORDS: u64 = 5_200;
const STATED_RATE: f64 = 0.01;

#[test]
fn noise_gives_no_more_findings_than_the_stated_rate() {
    let mut bench = Bench::default();
    bench.settings.false_alarm_rate = STATED_RATE;
    let mut found = 0;
    for seed in 0..RECORDS {
        let colour = [0.0, 0.4, -0.4][seed as usize % 3];
        let plant = Plant { colour, ..Plant::quiet(RATE_HZ, 1.5) };
        let samples = plant.samples(seed);
        let shaft_hz = Random::of(seed).between(15.0, 49.0);
        let diagnosis = bench.diagnose(&samples, RATE_HZ, shaft_hz, &subject(50.0));
        found += diagnosis.findings.len();
    }
    let windows = 2 * RECORDS;
    let rate = found as f64 / RECORDS as f64;
    eprintln!("{windows} windows of noise: {found} findings, {rate:.5} of the records");
    assert!(windows >= 10_000);
    assert!(rate <= STATED_RATE, "{rate}");
    assert!(found > 0, "a threshold that nothing reaches would be no threshold");
}

#[test]
fn a_healthy_motor_on_a_poor_supply_has_no_bearing_fault() {
    let mut bench = Bench::default();
    let mut found = vec![];
    for seed in 0..60 {
        let mut random = Random::of(seed);
        let shaft_hz = random.between(15.0, 49.0);
        let plant = Plant {
            noise: random.between(0.1, 5.0),
            tones: vec![
                (1.0, shaft_hz),
                (0.5, 2.0 * shaft_hz),
                (1.0, 100.0),
                (0.3, 3_000.0),
                (0.2, 4_100.0),
            ],
            // What the shaft and the supply modulate, and shocks from anywhere.
            swells: vec![(0.2, shaft_hz), (0.1, 2.0 * shaft_hz), (0.2, 100.0)],
            shocks_hz: random.between(0.0, 20.0),
            ..Plant::quiet(12_800.0, [1.5, 4.5, 8.5][seed as usize % 3])
        };
        let samples = plant.samples(seed);
        let diagnosis = bench.diagnose(&samples, 12_800.0, shaft_hz, &subject(50.0));
        found.extend(diagnosis.findings.into_iter().filter(|finding| finding.bearing.is_some()));
    }
    assert!(found.is_empty(), "{found:?}");
}
