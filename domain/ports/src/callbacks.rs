//! Tells programs of others what has happened, at addresses that they gave.

use async_trait::async_trait;
use bytes::Bytes;

/// Posts messages to addresses that clients chose, and never to one that only this machine or its network can reach.
///
/// What is forbidden is decided on the address that is connected to, after every resolution of a name, so that a name
/// that changes its mind gains nothing. A redirect is an answer like every other one: nobody follows it.
#[async_trait]
pub trait Callbacks: Send + Sync {
    /// Whether `url` could ever be called: its form, and what can be told without resolving its name.
    ///
    /// # Errors
    /// [`CallbackError::Forbidden`] with what is wrong with it.
    fn check(&self, url: &str) -> Result<(), CallbackError>;

    /// Posts once, and gives the status of an answer from 200 to 299. Time and size of the answer are bounded; its
    /// body is not looked at. After an error the receiver may have the message all the same.
    async fn post(&self, callback: &Callback) -> Result<u16, CallbackError>;
}

/// What is posted, to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// An address of `https`, or of `http` where that is allowed.
    pub url: String,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// The bytes of the body.
    pub body: Bytes,
}

/// Why a message was not taken. No text of the receiver's and no part of the address is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The address must not be called; nothing was sent.
    #[error("the address is not allowed: {0}")]
    Forbidden(String),
    /// The receiver answered that it did not take the message, or where else to go.
    #[error("the receiver answered {0}")]
    NotTaken(u16),
    /// There was no answer, or not in time.
    #[error("there was no answer: {0}")]
    Unreachable(String),
}
