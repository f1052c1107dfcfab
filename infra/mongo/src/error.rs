//! What can go wrong with the document store.

use std::error::Error;

/// Why the adapter cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address cannot be read.
    #[error("the address of MongoDB cannot be read")]
    Address(#[source] mongodb::error::Error),
    /// The driver refuses the options.
    #[error("the MongoDB client cannot be made")]
    Client(#[source] mongodb::error::Error),
    /// It would become part of the names of collections.
    #[error("the prefix {0:?} is not made of a-z, 0-9 and _")]
    Prefix(String),
}

/// Any cause, on its way into a `PortError`.
pub(crate) type Fault = Box<dyn Error + Send + Sync>;

/// What was given cannot be stored.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unstorable(pub(crate) String);

/// What is stored cannot be read. It is never skipped.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be read: {reason}")]
pub(crate) struct Corrupt {
    /// Which document: `the document 018f…`.
    pub(crate) what: String,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// The server did not answer in time. Whether it did what was asked is not known.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no answer within {0} ms")]
pub(crate) struct TooLate(pub(crate) u64);

/// The server answered that it did not write.
#[derive(Debug, thiserror::Error)]
#[error("the server refused the write with code {code}: {message}")]
pub(crate) struct Refused {
    /// Of MongoDB's error codes; 0 when the server told none.
    pub(crate) code: i32,
    /// What the server says about it.
    pub(crate) message: String,
}
