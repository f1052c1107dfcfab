//! Records that are not where their positions would put them.

use std::collections::BTreeMap;

use tracing::warn;

use super::Place;
use crate::audit::record::AuditedRecord;
use crate::live::partitions::Ends;

/// So many are remembered. A topic with more of them was not written by a relay.
const STRAYS_MAX: usize = 1_000;

#[derive(Default)]
pub(super) struct Strays(BTreeMap<Place, AuditedRecord>);

impl Strays {
    pub(super) fn add(&mut self, place: Place, record: AuditedRecord) {
        if self.0.contains_key(&place) {
            return;
        }
        warn!(position = %record.position, "{} is not in its place", record.place);
        if self.0.len() < STRAYS_MAX {
            self.0.insert(place, record);
        }
    }

    /// Forgets what its partition does not have any more.
    pub(super) fn retain_from(&mut self, ends: &[Ends]) {
        let low = |partition| ends.get(usize::try_from(partition).unwrap_or_default());
        self.0.retain(|(partition, offset), _| {
            low(*partition).is_some_and(|ends| ends.low <= *offset)
        });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Place, &AuditedRecord)> {
        self.0.iter().map(|(place, record)| (*place, record))
    }
}
