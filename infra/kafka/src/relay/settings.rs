//! The bounds of a relay.

use crate::topics::{MESSAGE_BYTES_MAX, Topics};

/// What a record may take beside its data: key, headers and framing are counted, and the batch's own head is not.
const BATCH_HEAD_BYTES: usize = 1_024;

/// The bounds of a relay.
#[derive(Clone, Debug)]
pub struct RelaySettings {
    /// Which log it copies; relays of one scope shut each other out.
    pub scope: String,
    /// Where to.
    pub topics: Topics,
    /// How many events are read at a time.
    pub page_events_max: usize,
    /// How many bytes of records are made of them before they are handed on.
    pub page_bytes_max: usize,
    /// How many pages may wait for the transaction under way; all of them may go into the next one.
    pub pages_max: usize,
    /// A transaction that has so many bytes gets no further page.
    pub transaction_bytes_max: usize,
    /// A larger record is replaced by a reference to the log.
    pub record_bytes_max: usize,
}

impl Default for RelaySettings {
    fn default() -> Self {
        Self {
            scope: "log".to_owned(),
            topics: Topics::default(),
            page_events_max: 500,
            page_bytes_max: 4 * 1_048_576,
            pages_max: 16,
            transaction_bytes_max: 16 * 1_048_576,
            record_bytes_max: MESSAGE_BYTES_MAX - BATCH_HEAD_BYTES,
        }
    }
}

impl RelaySettings {
    /// By which the cluster knows relays of this scope.
    pub fn transactional_id(&self) -> String {
        format!("atalaya-relay-{}", self.scope)
    }
}
