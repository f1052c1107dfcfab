//! What was judged and by what, as a number that tells whether it was the same.

use domain::motor::{MotorEvent, Verdict};
use ports::samples::{ReceivedSample, Sample};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::ReprocessRequest;
use super::shadow::Happened;
use crate::vibration::VibrationSettings;

/// Over samples in their order.
#[derive(Default)]
pub(super) struct Digest {
    hash: Sha256,
}

impl Digest {
    /// When it came in is left out: it makes no difference.
    pub(super) fn add_sample(&mut self, received: &ReceivedSample) {
        let Sample::Block(block) = &received.sample else {
            return self.add_json(&received.sample);
        };
        let head = (&block.sensor, block.axis, block.unit, block.started_at, block.samples.len());
        self.add_json(&head);
        self.hash.update(block.sample_rate_hz.to_le_bytes());
        self.hash.update(block.speed_rpm.unwrap_or(f64::NAN).to_le_bytes());
        block.samples.iter().for_each(|sample| self.hash.update(sample.to_le_bytes()));
    }

    fn add_json(&mut self, value: &impl Serialize) {
        let json = serde_json::to_string(value).expect("these are plain data");
        self.hash.update(json.as_bytes());
        self.hash.update([0]);
    }

    pub(super) fn finish(self) -> String {
        self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Over all verdicts in their order.
pub(super) fn of_verdicts(verdicts: &[Verdict]) -> String {
    let mut digest = Digest::default();
    verdicts.iter().for_each(|verdict| digest.add_json(verdict));
    digest.finish()
}

/// Over everything else that verdicts depend on.
pub(super) fn of_settings(
    history: &[Happened],
    request: &ReprocessRequest,
    settings: &VibrationSettings,
) -> String {
    let mut digest = Digest::default();
    let VibrationSettings { zone, alarm, baseline, presence, diagnosis, .. } = settings;
    let judged_by = format!("{zone:?} {alarm:?} {baseline:?} {presence:?} {diagnosis:?}");
    digest.add_json(&(env!("CARGO_PKG_VERSION"), judged_by));
    let is_nameplate = |happened: &&Happened| {
        matches!(happened.event, MotorEvent::Registered(_) | MotorEvent::Revised(_))
    };
    let nameplate = history.iter().rfind(is_nameplate);
    nameplate.iter().for_each(|happened| digest.add_json(&happened.event));
    let said = history.iter().filter(|happened| happened.is_said(request));
    said.for_each(|Happened { event, at, .. }| digest.add_json(&(event, at)));
    digest.finish()
}
