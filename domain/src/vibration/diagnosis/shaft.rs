//! Shaft, coupling, feet and stator: the velocity of each order, and what their proportions say.

use serde::{Deserialize, Serialize};

use super::{Evidence, Fault, Finding, Subject};
use crate::vibration::axis::Direction;
use crate::vibration::spectrum::{Real, Spectrum, integrations_to_velocity};
use crate::vibration::unit::Unit;

/// The multiples of the shaft's speed that are measured.
const ORDERS: [f64; 11] = [0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0];
/// A tone is worth its power over so many lines to either side under a Hann window.
const LOBE_LINES: usize = 2;
/// By so much the told speed may be off.
const SPEED_SHARE: f64 = 0.01;
/// The noise beside a line is looked for up to so many lines away.
const BESIDE_LINES: usize = 12;
/// A line counts when its power is so often that of the noise beside it.
const RATIO_MIN: f64 = 10.0;
/// A line of this share of the strongest takes part in a comb.
const COMB_SHARE_MIN: f64 = 0.15;
/// So many lines of orders 3 to 10 are a comb.
const COMB_LINES_MIN: usize = 4;
/// An unbalance has this share of all velocity in its first order.
const UNBALANCE_SHARE_MIN: f64 = 0.8;
/// A second order of this share of the first tells of misalignment.
const SECOND_SHARE_MIN: f64 = 0.5;
/// Half the speed, of this share of the strongest order, tells of play.
const HALF_SHARE_MIN: f64 = 0.3;
/// Closer than so many lines, two tones are one.
const APART_LINES_MIN: f64 = 3.0;

/// Velocity powers in (mm/s)², summed over windows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct OrderPowers {
    total: f64,
    orders: [Tone; ORDERS.len()],
    /// At twice the line frequency.
    electrical: Tone,
}

/// One line and the noise beside it, both as if noise had the line's width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Tone {
    hz: f64,
    power: f64,
    beside: f64,
}

impl OrderPowers {
    /// Adds one window.
    pub(super) fn add<F: Real>(
        &mut self,
        spectrum: &Spectrum<'_, F>,
        unit: Unit,
        total_mm_s: f64,
        shaft_hz: f64,
        line_frequency_hz: f64,
    ) {
        self.total += total_mm_s * total_mm_s;
        let near_hz = (SPEED_SHARE * shaft_hz).max(spectrum.resolution_hz());
        let first = Tone::at(spectrum, unit, strongest_hz(spectrum, shaft_hz, near_hz));
        let first_hz = if first.is_line() { first.hz } else { shaft_hz };
        for (order, sum) in ORDERS.iter().zip(&mut self.orders) {
            sum.add(Tone::at(spectrum, unit, order * first_hz));
        }
        self.electrical.add(Tone::at(spectrum, unit, 2.0 * line_frequency_hz));
    }

    /// What the proportions say. Nothing is said of a machine that shakes no more than a new one.
    pub(super) fn judge(
        &self,
        windows: u32,
        shaft_hz: f64,
        subject: &Subject,
        resolution_hz: f64,
    ) -> Vec<Finding> {
        let count = f64::from(windows.max(1));
        let speed_mm_s = |power: f64| (power / count).sqrt();
        let total_mm_s = speed_mm_s(self.total);
        if total_mm_s <= subject.boundaries.ab {
            return vec![];
        }
        let [half, first, second, harmonics @ ..] =
            self.orders.map(|tone| if tone.is_line() { speed_mm_s(tone.power) } else { 0.0 });
        let strongest = first.max(second).max(harmonics.iter().copied().fold(0.0, f64::max));
        let electrical = speed_mm_s(self.electrical.power);
        // Near synchronous speed an even order hides behind twice the line frequency.
        let apart_hz = 2.0 * (shaft_hz - subject.line_frequency_hz);
        let second_apart = apart_hz.abs() >= APART_LINES_MIN * resolution_hz;
        let comb = harmonics.iter().filter(|line| **line > COMB_SHARE_MIN * strongest).count();
        let is_loose =
            strongest > 0.0 && (comb >= COMB_LINES_MIN || half > HALF_SHARE_MIN * strongest);
        let is_electrical = second_apart
            && electrical > subject.boundaries.ab / 2.0
            && electrical > first.max(second)
            && self.electrical.is_line();
        let is_axial = subject.axis.direction() == Direction::Axial;
        let fault = if is_loose {
            Fault::Looseness
        } else if is_electrical {
            Fault::Electrical
        } else if second_apart
            && second > subject.boundaries.ab / 2.0
            && second > SECOND_SHARE_MIN * first
            || is_axial && first > subject.boundaries.ab
        {
            Fault::Misalignment
        } else if !is_axial
            && first > subject.boundaries.ab
            && first > UNBALANCE_SHARE_MIN * total_mm_s
        {
            Fault::Unbalance
        } else {
            return vec![];
        };
        vec![self.finding(fault, count, subject)]
    }

    fn finding(&self, fault: Fault, count: f64, subject: &Subject) -> Finding {
        let shaft_hz = self.orders[1].hz / count;
        let order = |index: usize| (ORDERS[index] * shaft_hz, self.orders[index]);
        let lines: Vec<(f64, Tone)> = match fault {
            Fault::Electrical => vec![(2.0 * subject.line_frequency_hz, self.electrical)],
            Fault::Unbalance => vec![order(1)],
            Fault::Misalignment => vec![order(1), order(2)],
            _ => (0..ORDERS.len()).map(order).collect(),
        };
        let speaks = |(expected_hz, tone): (f64, Tone)| Evidence {
            frequency_hz: tone.hz / count,
            expected_hz,
            ratio: if tone.beside > 0.0 { tone.power / tone.beside } else { 0.0 },
        };
        let mut evidence: Vec<Evidence> = lines.into_iter().map(speaks).collect();
        evidence.retain(|line| line.ratio > RATIO_MIN);
        evidence.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
        let share = lines_share(self, fault);
        Finding { fault, bearing: None, confidence: share, evidence }
    }
}

/// The velocities of half the speed, of the first three orders and of twice the line frequency, in
/// mm/s RMS, by the names of the features.
pub fn order_velocities<F: Real>(
    spectrum: &Spectrum<'_, F>,
    unit: Unit,
    shaft_hz: f64,
    line_frequency_hz: f64,
) -> [(&'static str, f64); 5] {
    let velocity = |hz: f64| Tone::at(spectrum, unit, hz).power.sqrt();
    [
        ("velocity_half_x_rms_mm_s", velocity(shaft_hz / 2.0)),
        ("velocity_1x_rms_mm_s", velocity(shaft_hz)),
        ("velocity_2x_rms_mm_s", velocity(2.0 * shaft_hz)),
        ("velocity_3x_rms_mm_s", velocity(3.0 * shaft_hz)),
        ("velocity_2x_line_rms_mm_s", velocity(2.0 * line_frequency_hz)),
    ]
}

/// The share of all velocity that lies in the lines of a fault.
fn lines_share(powers: &OrderPowers, fault: Fault) -> f64 {
    let orders = &powers.orders;
    let own = match fault {
        Fault::Electrical => powers.electrical.power,
        Fault::Unbalance => orders[1].power,
        Fault::Misalignment => orders[1].power + orders[2].power,
        _ => orders.iter().map(|tone| tone.power).sum(),
    };
    (own / powers.total).sqrt().min(1.0)
}

impl Tone {
    fn is_line(&self) -> bool {
        self.power > RATIO_MIN * self.beside
    }

    fn add(&mut self, other: Self) {
        self.hz += other.hz;
        self.power += other.power;
        self.beside += other.beside;
    }

    fn at<F: Real>(spectrum: &Spectrum<'_, F>, unit: Unit, about_hz: f64) -> Self {
        let resolution_hz = spectrum.resolution_hz();
        let hz = strongest_hz(spectrum, about_hz, resolution_hz);
        let line = (hz / resolution_hz).round() as usize;
        let velocity = |power: f64| {
            let weight = (std::f64::consts::TAU * hz).powi(2 * integrations_to_velocity(unit));
            power * (1e3 * unit.si_factor()).powi(2) / weight
        };
        let lobe = line.saturating_sub(LOBE_LINES)..=line + LOBE_LINES;
        if line <= LOBE_LINES || line + BESIDE_LINES >= spectrum.len() {
            return Self { hz, ..Self::default() };
        }
        let power: f64 = lobe.clone().map(|k| spectrum.power(k)).sum();
        let reach = line.saturating_sub(BESIDE_LINES).max(1)..=line + BESIDE_LINES;
        let mut beside: Vec<f64> = reach
            .filter(|k| k.abs_diff(line) > LOBE_LINES + 1)
            .map(|k| spectrum.power(k))
            .collect();
        beside.sort_by(f64::total_cmp);
        let median = beside[beside.len() / 2];
        Self { hz, power: velocity(power), beside: velocity(median * lobe.count() as f64) }
    }
}

/// The frequency of the strongest line within a distance.
fn strongest_hz<F: Real>(spectrum: &Spectrum<'_, F>, about_hz: f64, within_hz: f64) -> f64 {
    let resolution_hz = spectrum.resolution_hz();
    let first = ((about_hz - within_hz) / resolution_hz).round().max(1.0) as usize;
    let last = (((about_hz + within_hz) / resolution_hz).round() as usize).min(spectrum.len() - 1);
    let strongest = (first..=last).max_by(|a, b| spectrum.power(*a).total_cmp(&spectrum.power(*b)));
    strongest.map_or(about_hz, |line| line as f64 * resolution_hz)
}
