//! What others may rely on beside the HTTP API: the topics, and the events on them, from the types that make them.

mod asyncapi;
mod catalogue;

pub use asyncapi::asyncapi;
pub use catalogue::event_catalogue;
