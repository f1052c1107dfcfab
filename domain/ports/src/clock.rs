//! Time and new ids.

pub use domain::time::Timestamp;
use uuid::Uuid;

/// What the rules must not ask for themselves.
pub trait Clock: Send + Sync {
    /// The moment, as well as this machine knows it. May jump back when the machine's clock is set.
    fn now(&self) -> Timestamp;

    /// An id that nobody else has (UUID v7: later ones sort later).
    fn new_id(&self) -> Uuid;
}
