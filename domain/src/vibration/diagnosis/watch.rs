//! What stands against one measuring point, record after record.

use serde::{Deserialize, Serialize};

use super::record::{RecordEnvelope, WINDOWS_MAX};
use super::{Finding, Record, RecordSettings, Sight, Subject};
use crate::vibration::envelope::Demodulator;
use crate::vibration::spectrum::Real;

/// The fewest windows of a record that goes on: two that overlap by half last one and a half times
/// as long as one.
const WINDOWS_MIN: u32 = 2;
/// A record of one window is judged when the samples lasted so long, in seconds.
const LASTED_S_MIN: f64 = 1.3;
/// A finding ends when so many records that are no shorter than the one that gave it are without
/// it. One may be; two are a machine that was repaired.
const MISSES_MAX: u32 = 2;

/// The record in hand and the findings that stand. It can be written and read back at any point
/// without a trace.
///
/// A record is judged when it has 2, 4, 8 and 16 windows and when it ends. A finding begins with the
/// first verdict that has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    record: Record,
    /// The last one that was judged and is over.
    last: Option<Record>,
    standing: Vec<Standing>,
}

/// A finding that stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Standing {
    finding: Finding,
    /// Of the shortest record that had it.
    windows: u32,
    misses: u32,
}

impl Watch {
    /// Takes a window in, or the news that one cannot be used, which ends the record as a break in
    /// the stream does. Says whether other findings stand now than before.
    pub fn take<F: Real>(
        &mut self,
        sight: Option<Sight<'_, F>>,
        is_break: bool,
        subject: &Subject,
        settings: &RecordSettings,
        demodulator: &mut Demodulator<F>,
    ) -> bool {
        let fits = !is_break && sight.as_ref().is_some_and(|sight| self.record.takes(sight));
        let has_ended = !fits && self.end(0.0, subject, settings);
        let Some(sight) = sight else { return has_ended };
        self.record.add(&sight, subject, settings, demodulator);
        let windows = self.record.windows();
        if windows == WINDOWS_MAX {
            return self.end(0.0, subject, settings) || has_ended;
        }
        let is_due = windows >= WINDOWS_MIN && windows.is_power_of_two();
        if !is_due {
            return has_ended;
        }
        let found = self.record.judge(subject, settings).findings;
        self.begin(&found, windows) || has_ended
    }

    /// Nothing continues the record, whose samples lasted so long altogether. Says whether other
    /// findings stand now than before.
    pub fn end(&mut self, lasted_s: f64, subject: &Subject, settings: &RecordSettings) -> bool {
        let record = std::mem::take(&mut self.record);
        let windows = record.windows();
        if windows < WINDOWS_MIN && (windows == 0 || lasted_s < LASTED_S_MIN) {
            return false;
        }
        let found = record.judge(subject, settings).findings;
        self.last = Some(record);
        let before = self.standing.len();
        self.standing.retain_mut(|standing| {
            let is_found = found.iter().any(|finding| finding.is_of(&standing.finding));
            let is_missed = !is_found && windows >= standing.windows;
            standing.misses = if is_found { 0 } else { standing.misses + u32::from(is_missed) };
            standing.misses < MISSES_MAX
        });
        let has_ended = self.standing.len() < before;
        self.begin(&found, windows) || has_ended
    }

    /// The findings that stand, each as it was found last.
    pub fn findings(&self) -> Vec<Finding> {
        self.standing.iter().map(|standing| standing.finding.clone()).collect()
    }

    /// The envelope of the record in hand where that can be judged already, else of the last one.
    pub fn envelope(&self) -> Option<RecordEnvelope> {
        let in_hand = Some(&self.record).filter(|record| record.windows() >= WINDOWS_MIN);
        in_hand.or(self.last.as_ref())?.envelope()
    }

    fn begin(&mut self, found: &[Finding], windows: u32) -> bool {
        let before = self.standing.len();
        for finding in found {
            let known = self.standing.iter_mut().find(|known| known.finding.is_of(finding));
            match known {
                Some(known) => {
                    known.finding = finding.clone();
                    known.windows = known.windows.min(windows);
                    known.misses = 0;
                }
                None => {
                    let finding = finding.clone();
                    self.standing.push(Standing { finding, windows, misses: 0 });
                }
            }
        }
        self.standing.len() > before
    }
}
