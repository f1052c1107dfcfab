//! Which motors there is a state of, when each of them is to be looked at, and the states that are at hand.

use std::collections::{BTreeMap, HashMap};

use domain::time::Timestamp;
use uuid::Uuid;

use super::VibrationSettings;
use super::motor::MotorState;

#[derive(Default)]
pub(super) struct Roster {
    entries: BTreeMap<Uuid, Entry>,
    cached: HashMap<Uuid, Cached>,
    uses: u64,
}

struct Entry {
    due_at: Option<Timestamp>,
    /// The version of the last acknowledgement that was heeded.
    acknowledged: u64,
}

struct Cached {
    state: MotorState,
    used: u64,
}

impl Roster {
    /// Takes note of a state that is stored, without keeping it.
    pub(super) fn note(&mut self, id: Uuid, state: &MotorState, settings: &VibrationSettings) {
        let (due_at, acknowledged) = (state.due_at(settings), state.acknowledged());
        self.entries.insert(id, Entry { due_at, acknowledged });
    }

    pub(super) fn keep(&mut self, id: Uuid, state: MotorState, settings: &VibrationSettings) {
        self.note(id, &state, settings);
        self.uses += 1;
        self.cached.insert(id, Cached { state, used: self.uses });
    }

    /// The state at hand, which is the taker's from now on.
    pub(super) fn take(&mut self, id: Uuid) -> Option<MotorState> {
        self.cached.remove(&id).map(|cached| cached.state)
    }

    /// No more will be done for this motor.
    pub(super) fn forget(&mut self, id: Uuid) {
        self.entries.remove(&id);
        self.cached.remove(&id);
    }

    /// Lets go of the states that were not needed for longest, until so many are left.
    pub(super) fn evict(&mut self, cached_max: usize) {
        let surplus = self.cached.len().saturating_sub(cached_max);
        if surplus == 0 {
            return;
        }
        let mut by_use: Vec<(u64, Uuid)> =
            self.cached.iter().map(|(id, cached)| (cached.used, *id)).collect();
        by_use.sort_unstable();
        for (_, id) in by_use.into_iter().take(surplus) {
            self.cached.remove(&id);
        }
    }

    /// The motors for which time alone changes something until `now`; at most `motors_max`.
    pub(super) fn due(&self, now: Timestamp, motors_max: usize) -> Vec<Uuid> {
        let is_due = |entry: &Entry| entry.due_at.is_some_and(|at| at <= now);
        let due = self.entries.iter().filter(|(_, entry)| is_due(entry));
        due.take(motors_max).map(|(id, _)| *id).collect()
    }

    /// Whether an acknowledgement of this version is yet to be heeded.
    pub(super) fn has_to_acknowledge(&self, id: Uuid, version: u64) -> bool {
        self.entries.get(&id).is_some_and(|entry| entry.acknowledged < version)
    }
}
