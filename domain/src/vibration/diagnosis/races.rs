//! Races and cage: which family of lines of a bearing dominates the envelope spectrum, if one does.

use super::lines::{Lines, Peak};
use super::masks::Masks;
use super::{Evidence, Fault, Finding};
use crate::vibration::bearing::FaultOrders;

/// By so much the rolling elements may slip against pure rolling.
const SLIP_SHARE: f64 = 0.02;
/// The slip being known from the first line, by so much a further one may still be off.
const FURTHER_SHARE: f64 = 0.004;
/// How many multiples of a fault frequency are looked at.
const HARMONICS: usize = 3;
/// A further line is told as evidence when noise would have it so rarely.
const FURTHER_TAIL_MAX: f64 = 1e-3;
/// By how much the winner must exceed every other family.
const DOMINANCE_MIN: f64 = 1.5;
/// A line that modulates the envelope by less is nothing to act on, however certain it is.
const DEPTH_MIN: f64 = 0.02;
/// A cage that strikes has a last harmonic of this share of its first line.
const STRIKE_SHARE_MIN: f64 = 0.5;
/// How many multiples of the cage are thought of where it may pass for something else.
const CAGE_MULTIPLES: usize = 30;
/// Neighbours of this share of a line make it a tooth of a comb.
const COMB_SHARE_MIN: f64 = 0.6;
/// So many lines of no known origin may be higher than the winner's first one.
const STRANGERS_MAX: usize = 2;
/// How far around the first line strangers are looked for, as a share of its frequency.
const STRANGERS_REACH: f64 = 0.5;

/// The lines of one part of a bearing.
struct Family {
    /// None for the rolling elements: their lines are only there to be compared with.
    fault: Option<Fault>,
    base_hz: f64,
    /// The distance of the sidebands, where the part turns through the load.
    sidebands_hz: Option<f64>,
}

/// What was found of a family.
struct Voice {
    fault: Option<Fault>,
    first: Peak,
    expected_hz: f64,
    /// Harmonics and sidebands, with the frequency where each was expected.
    further: Vec<(f64, Peak)>,
    /// The depth of the last harmonic that is looked at, if it is heard.
    last_depth: Option<f64>,
}

/// A verdict, with the probability that noise gives it.
pub(super) struct Verdict {
    pub(super) finding: Finding,
    pub(super) tail: f64,
}

/// The fault of one bearing that dominates; none when nothing does.
pub(super) fn judge(
    lines: &Lines<'_>,
    position: &str,
    orders: &FaultOrders,
    shaft_hz: f64,
    masks: &Masks,
    probability: f64,
) -> Option<Verdict> {
    let families = families(orders, shaft_hz);
    let share = probability / families.len() as f64;
    let heard = families.iter().filter_map(|family| hear(lines, family, masks, share));
    let mut voices: Vec<Voice> = heard.collect();
    voices.sort_by(|a, b| b.strength().total_cmp(&a.strength()));
    let winner = voices.first()?;
    let others = voices[1..].iter();
    let strangers: Vec<_> =
        others.filter(|other| !winner.explains(other, shaft_hz, lines.resolution_hz)).collect();
    let dominates =
        strangers.iter().all(|other| winner.strength() >= DOMINANCE_MIN * other.strength());
    let is_sure = winner.fault != Some(Fault::Cage) || strangers.is_empty() && winner.strikes();
    let cage_hz = orders.cage * shaft_hz;
    let is_of_cage = winner.fault != Some(Fault::Cage) && winner.is_tooth_of_comb(lines, cage_hz);
    if !dominates || !is_sure || is_of_cage || !winner.is_distinct(lines, masks, shaft_hz, orders) {
        return None;
    }
    let fault = winner.fault?;
    let tail = winner.first.tail;
    Some(Verdict { finding: winner.finding(fault, position), tail })
}

fn families(orders: &FaultOrders, shaft_hz: f64) -> [Family; 4] {
    let cage_hz = orders.cage * shaft_hz;
    let family =
        |fault, order: f64, sidebands_hz| Family { fault, base_hz: order * shaft_hz, sidebands_hz };
    [
        family(Some(Fault::BearingOuterRace), orders.outer_race, None),
        family(Some(Fault::BearingInnerRace), orders.inner_race, Some(shaft_hz)),
        family(Some(Fault::Cage), orders.cage, None),
        // A ball strikes both races in each spin.
        family(None, 2.0 * orders.spin, Some(cage_hz)),
    ]
}

/// A family is heard by its first line or not at all: multiples of different families meet. Where that line is beside a multiple of
/// the shaft or the supply, as those of a 6203 are, a harmonic that is not has to confirm it.
fn hear(lines: &Lines<'_>, family: &Family, masks: &Masks, probability: f64) -> Option<Voice> {
    let tolerance_hz = SLIP_SHARE * family.base_hz;
    let firsts = [
        lines.peak_or_beside(family.base_hz, tolerance_hz, masks),
        lines.peak(family.base_hz, tolerance_hz, masks),
    ];
    firsts.into_iter().flatten().find_map(|first| voice(lines, family, first, masks, probability))
}

/// What is heard of a family whose first line is this one.
fn voice(
    lines: &Lines<'_>,
    family: &Family,
    first: Peak,
    masks: &Masks,
    probability: f64,
) -> Option<Voice> {
    let chances = lines.chances(family.base_hz, SLIP_SHARE * family.base_hz).max(1);
    if first.tail * chances as f64 > probability || first.depth < DEPTH_MIN {
        return None;
    }
    let mut further = Vec::new();
    let mut listen = |expected_hz: f64, found_hz: f64| {
        let tolerance_hz = (FURTHER_SHARE * found_hz).max(lines.resolution_hz);
        let peak = lines.peak(found_hz, tolerance_hz, masks)?;
        let chances = lines.chances(found_hz, tolerance_hz).max(1);
        let is_heard = peak.tail * chances as f64 <= FURTHER_TAIL_MAX;
        is_heard.then(|| {
            further.push((expected_hz, peak));
            peak.depth
        })
    };
    let multiples = (2..=HARMONICS).map(|multiple| multiple as f64);
    let depths: Vec<Option<f64>> =
        multiples.map(|multiple| listen(multiple * family.base_hz, multiple * first.hz)).collect();
    if depths.iter().all(Option::is_none) && lines.is_covered(first.line, masks) {
        return None;
    }
    for sideband_hz in family.sidebands_hz.iter().flat_map(|hz| [-hz, *hz]) {
        listen(family.base_hz + sideband_hz, first.hz + sideband_hz);
    }
    let Family { fault, base_hz: expected_hz, .. } = *family;
    let last_depth = depths.last().copied().flatten();
    Some(Voice { fault, first, expected_hz, further, last_depth })
}

impl Voice {
    /// The depths of all its lines, as one.
    fn strength(&self) -> f64 {
        let further = self.further.iter().map(|(_, peak)| peak.depth.powi(2));
        (self.first.depth.powi(2) + further.sum::<f64>()).sqrt()
    }

    /// Whether the first line of another family is one of this one's lines.
    fn explains(&self, other: &Self, shaft_hz: f64, resolution_hz: f64) -> bool {
        let reach_hz = 1.5 * resolution_hz;
        // An outer race is passed by whole turns of the cage, which so reaches every race.
        let multiples = if self.fault == Some(Fault::Cage) { CAGE_MULTIPLES } else { HARMONICS };
        let turns = if self.fault == Some(Fault::BearingInnerRace) { 3 } else { 0 };
        (1..=multiples).map(|multiple| multiple as f64 * self.first.hz).any(|hz| {
            (-turns..=turns)
                .any(|turn| (hz + f64::from(turn) * shaft_hz - other.first.hz).abs() <= reach_hz)
        })
    }

    /// Whether the harmonics do not become lower. Those of a cage that strikes do not; where it only turns, or a ball with a flaw
    /// turns with it through the load, the third is a fifth of the first.
    fn strikes(&self) -> bool {
        self.last_depth.is_some_and(|depth| depth > STRIKE_SHARE_MIN * self.first.depth)
    }

    /// Whether lines as high stand on both sides, one turn of the cage away: then it is the cage
    /// that strikes, and its comb passes through the frequency of the race.
    fn is_tooth_of_comb(&self, lines: &Lines<'_>, cage_hz: f64) -> bool {
        // A tooth may fall on a multiple of the shaft: of a 6205 the tenth does.
        let masks = &Masks::none();
        [-cage_hz, cage_hz].into_iter().all(|away_hz| {
            let beside = lines.peak(self.first.hz + away_hz, lines.resolution_hz, masks);
            beside.is_some_and(|peak| peak.depth > COMB_SHARE_MIN * self.first.depth)
        })
    }

    /// Whether hardly any line of unknown origin is higher nearby. Among many of them, one that
    /// fits proves nothing.
    fn is_distinct(
        &self,
        lines: &Lines<'_>,
        masks: &Masks,
        shaft_hz: f64,
        orders: &FaultOrders,
    ) -> bool {
        let reach_hz = STRANGERS_REACH * self.first.hz;
        let (low_hz, high_hz) = (self.first.hz - reach_hz, self.first.hz + reach_hz);
        let higher = lines.higher_than(&self.first, low_hz, high_hz, masks);
        let is_own = |line: &usize| {
            let hz = *line as f64 * lines.resolution_hz;
            let distance = (hz - self.first.hz).abs();
            let turns = [shaft_hz, orders.cage * shaft_hz];
            let is_sideband = turns.iter().any(|turn_hz| {
                let turns = (distance / turn_hz).round();
                turns <= 3.0 && (distance - turns * turn_hz).abs() <= 2.0 * lines.resolution_hz
            });
            is_sideband || distance <= 2.0 * lines.resolution_hz
        };
        higher.iter().filter(|line| !is_own(line)).count() <= STRANGERS_MAX
    }

    fn finding(&self, fault: Fault, position: &str) -> Finding {
        let mut evidence = vec![self.first.speaks_for(self.expected_hz)];
        evidence.extend(self.further.iter().map(|(hz, peak)| peak.speaks_for(*hz)));
        evidence.sort_by(|a: &Evidence, b| b.ratio.total_cmp(&a.ratio));
        let confidence = confidence(self.further.len());
        Finding { fault, bearing: Some(position.to_owned()), confidence, evidence }
    }
}

/// One line is as likely right as wrong once strangers are thought of; each further one takes a
/// third of the doubt.
fn confidence(further: usize) -> f64 {
    1.0 - 0.5 * (2.0_f64 / 3.0).powi(i32::try_from(further).unwrap_or(i32::MAX))
}
