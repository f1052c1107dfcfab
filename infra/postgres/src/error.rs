//! What can go wrong with the database, and whether trying again may help.

use std::error::Error;

use ports::PortError;

/// Any cause, on its way into a `PortError`.
pub(crate) type Fault = Box<dyn Error + Send + Sync>;

/// The store was closed before the call could be made or answered.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the store is closed")]
pub(crate) struct Closed;

/// What was given cannot be stored.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unstorable(pub(crate) String);

/// What is stored cannot be read. It is never skipped.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be read")]
pub(crate) struct Corrupt {
    /// Which row: `the event at position 17`.
    pub(crate) what: String,
    /// What is wrong with it.
    #[source]
    pub(crate) reason: Fault,
}

/// Puts what was attempted before what went wrong.
pub(crate) trait Attempt<T> {
    fn attempt(self, attempted: impl FnOnce() -> String) -> Result<T, PortError>;
}

impl<T, E: Into<Fault>> Attempt<T> for Result<T, E> {
    fn attempt(self, attempted: impl FnOnce() -> String) -> Result<T, PortError> {
        self.map_err(|error| PortError::new(attempted(), error))
    }
}

/// Whether the connection is gone, so that it is not known what the server has done.
pub(crate) fn is_disconnect(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        // Class 08 is a connection exception; class 57P is an operator who stops the server or the session.
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("08") || code.starts_with("57P"))
        }
        _ => false,
    }
}
