//! Holds a change of zone back until it has lasted, in event time only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::{Assessment, Condition};
use super::quality::Flag;
use super::severity::{Zone, combined_zone};
use crate::time::Timestamp;

/// When a change of zone is told. The defaults are customary; ISO 10816 names no durations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ZoneSettings {
    /// Judgements that differ for so long are told, in seconds of event time.
    pub delay_s: f64,
    /// So many judgements in a row that differ are told, even when they lie closer.
    pub values: u32,
    /// On the way to a better zone, a value must be below this share of the boundary.
    pub off_ratio: f64,
}

impl Default for ZoneSettings {
    fn default() -> Self {
        Self { delay_s: 10.0, values: 3, off_ratio: 0.95 }
    }
}

/// What is told of a measuring point: its zone, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing can be said.
    NotAssessable,
    /// It is in this zone.
    Zone(Zone),
}

/// The change that is held back. It can be written and read back at any point without a trace.
///
/// - The first verdict, and a zone after none could be told, come at once.
/// - A change comes when the judgements have differed in the same direction for long enough. It is
///   told no further than all of them went: B, then C, D, C is told as C.
/// - A better zone needs a value below the deadband under its boundary, so that a value on a boundary
///   does not flap.
/// - Bad quality, and a speed that drifts as in a run-up, neither change a zone nor count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneHold {
    pending: Option<Pending>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pending {
    to: Verdict,
    since: Timestamp,
    values: u32,
}

impl ZoneHold {
    /// Takes the judgement that was given at `at`, after `told` was told last. Gives what is to be told
    /// now. Times must not go back.
    pub fn step(
        &mut self,
        at: Timestamp,
        told: Option<Verdict>,
        assessment: &Assessment,
        settings: &ZoneSettings,
    ) -> Option<Verdict> {
        let verdict = match (told, assessment) {
            (Some(Verdict::Zone(zone)), Assessment::Condition(condition)) => {
                if is_doubtful(condition) {
                    return None;
                }
                Verdict::Zone(beyond_deadband(zone, condition, settings.off_ratio))
            }
            (_, Assessment::Condition(condition)) => return self.tell(condition.zone.into()),
            (_, Assessment::NotAssessable { .. }) => Verdict::NotAssessable,
        };
        match told {
            None => self.tell(verdict),
            Some(told) if told == verdict => {
                self.pending = None;
                None
            }
            Some(told) => self.hold(at, told, verdict, settings),
        }
    }

    fn hold(
        &mut self,
        at: Timestamp,
        told: Verdict,
        verdict: Verdict,
        settings: &ZoneSettings,
    ) -> Option<Verdict> {
        let held = self.pending.and_then(|held| Some((common(told, held.to, verdict)?, held)));
        let pending = match held {
            Some((to, held)) => {
                Pending { to, since: held.since, values: held.values.saturating_add(1) }
            }
            None => Pending { to: verdict, since: at, values: 1 },
        };
        self.pending = Some(pending);
        let lasted = at.seconds_since(pending.since) >= settings.delay_s;
        if lasted || pending.values >= settings.values { self.tell(pending.to) } else { None }
    }

    fn tell(&mut self, verdict: Verdict) -> Option<Verdict> {
        self.pending = None;
        Some(verdict)
    }
}

impl From<Zone> for Verdict {
    fn from(zone: Zone) -> Self {
        Self::Zone(zone)
    }
}

fn is_doubtful(condition: &Condition) -> bool {
    condition.quality.is_bad() || condition.quality.contains(Flag::SpeedDrift)
}

/// The zone that a value speaks for, seen from the zone `told`: a better one only as far as the value
/// is below the deadband too.
fn beyond_deadband(told: Zone, condition: &Condition, off_ratio: f64) -> Zone {
    if condition.zone >= told {
        return condition.zone;
    }
    let velocity_rms_mm_s = condition.velocity_rms_mm_s / off_ratio;
    let displacement_rms_um = condition.displacement_rms_um.map(|um| um / off_ratio);
    combined_zone(velocity_rms_mm_s, displacement_rms_um, &condition.boundaries).min(told)
}

/// What two verdicts on the same side of `told` agree on: the one that is nearer to it.
fn common(told: Verdict, one: Verdict, other: Verdict) -> Option<Verdict> {
    match (told, one, other) {
        (Verdict::Zone(told), Verdict::Zone(one), Verdict::Zone(other)) => {
            if one > told && other > told {
                Some(one.min(other).into())
            } else if one < told && other < told {
                Some(one.max(other).into())
            } else {
                None
            }
        }
        _ => (one == other).then_some(one),
    }
}
