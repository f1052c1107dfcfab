//! Why the rules say no.

use crate::invalid::FieldError;

/// The rules say no. Deciding again gives the same answer until the aggregate has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The aggregate has no events: nothing was ever created under this id.
    #[error("there is nothing under this id")]
    Unknown,
    /// The aggregate exists and would be created again.
    #[error("this id is taken")]
    AlreadyExists,
    /// The command itself is wrong, whatever the state.
    #[error("{} of the fields cannot be accepted", .0.len())]
    Invalid(Vec<FieldError>),
    /// The command is well formed, but not possible in this state.
    #[error("{detail}")]
    NotNow {
        /// Machine-readable, in `snake_case`, stable: `decommissioned`, `not_failed`.
        code: &'static str,
        /// For a person to read.
        detail: &'static str,
    },
}

impl From<Vec<FieldError>> for Rejection {
    fn from(faults: Vec<FieldError>) -> Self {
        Self::Invalid(faults)
    }
}
