//! How the relay goes.

use std::error::Error;

use ports::stream::GlobalPosition;

/// How the relay goes: for probes and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelayStatus {
    /// It is at work; not while it waits for a cluster that is away.
    pub running: bool,
    /// Everything up to here is on the topics.
    pub position: GlobalPosition,
    /// Events copied by this process.
    pub events: u64,
    /// Of these, how many are on the topic by reference only.
    pub events_by_reference: u64,
    /// Transactions of this process that were committed.
    pub transactions: u64,
    /// Why it last had to begin anew; none since the last commit.
    pub last_error: Option<String>,
}

impl RelayStatus {
    pub(super) fn began(&mut self, cursor: GlobalPosition) {
        self.running = true;
        self.position = cursor;
    }

    pub(super) fn copied(&mut self, through: GlobalPosition, events: usize, by_reference: usize) {
        self.position = through;
        self.events += events as u64;
        self.events_by_reference += by_reference as u64;
        self.transactions += 1;
        self.last_error = None;
    }

    pub(super) fn failed(&mut self, error: &dyn Error) {
        self.running = false;
        self.last_error = Some(super::chain(error));
    }
}
