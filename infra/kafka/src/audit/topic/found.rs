//! The records of a range.

use std::collections::BTreeMap;

use ports::stream::GlobalPosition;
use tracing::warn;

use super::Place;
use crate::audit::record::AuditedRecord;

/// So many are told for each position on the average.
const RECORDS_PER_POSITION_MAX: u64 = 4;

pub(super) struct Found {
    after: GlobalPosition,
    through: GlobalPosition,
    records: BTreeMap<Place, AuditedRecord>,
    left_out: u64,
}

impl Found {
    pub(super) const fn within(after: GlobalPosition, through: GlobalPosition) -> Self {
        Self { after, through, records: BTreeMap::new(), left_out: 0 }
    }

    /// Takes it where it belongs to the range; each place counts once.
    pub(super) fn offer(&mut self, place: Place, record: AuditedRecord) {
        if !(self.after < record.position && record.position <= self.through) {
            return;
        }
        let positions = self.through.0 - self.after.0;
        if self.records.len() as u64 >= positions.saturating_mul(RECORDS_PER_POSITION_MAX) {
            self.left_out += 1;
            return;
        }
        self.records.insert(place, record);
    }

    pub(super) fn all(self, topic: &str) -> Vec<AuditedRecord> {
        if self.left_out > 0 {
            let Self { after, through, left_out, .. } = self;
            warn!(topic, %after, %through, left_out, "far more records than positions: not all are compared");
        }
        self.records.into_values().collect()
    }
}
