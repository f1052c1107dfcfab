//! Shaft, coupling, feet and stator, each by its lines.

use std::f64::consts::TAU;

use domain::vibration::{Axis, Diagnosis, Fault};

use crate::{Bench, subject};
use simulation::plant::Plant;

const RATE_HZ: f64 = 12_800.0;
const SHAFT_HZ: f64 = 24.67;

/// Tones of these velocities in mm/s RMS at these frequencies.
fn diagnose(velocities: &[(f64, f64)], axis: Axis) -> Diagnosis {
    let tone = |(mm_s, hz): &(f64, f64)| (mm_s * 1e-3 * 2_f64.sqrt() * TAU * hz, *hz);
    let tones = velocities.iter().map(tone).collect();
    let plant = Plant { noise: 0.1, tones, ..Plant::quiet(RATE_HZ, 2.5) };
    let subject = domain::vibration::Subject { axis, ..subject(50.0) };
    Bench::default().diagnose(&plant.samples(7), RATE_HZ, SHAFT_HZ, &subject)
}

fn faults(velocities: &[(f64, f64)], axis: Axis) -> Vec<Fault> {
    diagnose(velocities, axis).findings.into_iter().map(|finding| finding.fault).collect()
}

#[test]
fn a_first_order_alone_is_an_unbalance() {
    let tones = [(4.0, SHAFT_HZ), (0.4, 2.0 * SHAFT_HZ)];
    let diagnosis = diagnose(&tones, Axis::RadialH);
    assert_eq!(diagnosis.findings.len(), 1, "{diagnosis:?}");
    let finding = &diagnosis.findings[0];
    assert_eq!((finding.fault, finding.bearing.as_deref()), (Fault::Unbalance, None));
    let line = finding.evidence[0];
    assert!((line.frequency_hz - SHAFT_HZ).abs() < 1.0 && line.ratio > 10.0, "{line:?}");
}

#[test]
fn the_same_on_a_new_machine_is_nothing() {
    assert_eq!(faults(&[(1.2, SHAFT_HZ)], Axis::RadialH), []);
}

#[test]
fn a_strong_second_order_is_a_misalignment_and_so_is_an_axial_first() {
    let tones = [(2.0, SHAFT_HZ), (2.5, 2.0 * SHAFT_HZ), (0.3, 3.0 * SHAFT_HZ)];
    assert_eq!(faults(&tones, Axis::RadialV), [Fault::Misalignment]);
    assert_eq!(faults(&[(4.0, SHAFT_HZ)], Axis::Axial), [Fault::Misalignment]);
}

#[test]
fn a_comb_of_orders_or_half_the_speed_is_looseness() {
    let comb: Vec<_> = (1..=8).map(|order| (1.5, f64::from(order) * SHAFT_HZ)).collect();
    assert_eq!(faults(&comb, Axis::RadialV), [Fault::Looseness]);
    let half = [(3.0, SHAFT_HZ), (1.5, SHAFT_HZ / 2.0)];
    assert_eq!(faults(&half, Axis::RadialV), [Fault::Looseness]);
}

#[test]
fn twice_the_line_frequency_is_electrical() {
    assert_eq!(faults(&[(0.5, SHAFT_HZ), (3.0, 100.0)], Axis::RadialH), [Fault::Electrical]);
}

#[test]
fn what_cannot_be_told_apart_is_not_told() {
    // At 2990 revolutions per minute the second order lies 0.33 Hz below twice the line frequency.
    let shaft_hz = 2990.0 / 60.0;
    let amplitude = 4e-3 * 2_f64.sqrt() * TAU * 2.0 * shaft_hz;
    let plant = Plant {
        noise: 0.1,
        tones: vec![(amplitude, 2.0 * shaft_hz)],
        ..Plant::quiet(RATE_HZ, 2.5)
    };
    let diagnosis = Bench::default().diagnose(&plant.samples(1), RATE_HZ, shaft_hz, &subject(50.0));
    assert!(diagnosis.findings.is_empty(), "{diagnosis:?}");
}
