//! Dead letters, told on a topic of their own beside the topic that they are about: `<topic>.dlt`.
//!
//! The store is the truth. The topic is for people and tools that watch topics, and carries the headers of both
//! families that such tools read.

mod error_headers;
mod park;
mod publisher;

pub use error_headers::{Failure, Origin, without_error_headers};
pub use park::DeadLettersToTopic;
pub use publisher::DeadLetterTopic;
