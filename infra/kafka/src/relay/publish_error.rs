//! Why a transaction was not committed, and what can be done about it.

use rdkafka::error::KafkaError;

use super::RelayError;

/// A transaction was not committed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublishError {
    /// It can be aborted, and begun anew.
    #[error("a transaction has to be aborted")]
    Abortable(#[source] KafkaError),
    /// How it ended is not known to this producer; the next one will know.
    #[error("the producer has to be made anew")]
    Broken(#[source] KafkaError),
    /// Nothing can be done here.
    #[error(transparent)]
    Final(#[from] RelayError),
}
