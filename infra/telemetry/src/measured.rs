//! Decorators: the same port, with its calls counted, timed and traced.

mod handler;
mod read_models;
mod store;
mod subscriptions;

pub use handler::MeasuredHandler;
pub use read_models::MeasuredReadModels;
pub use store::MeasuredStore;
pub use subscriptions::MeasuredSubscriptions;

/// The word for a store that did not do what was asked.
const UNAVAILABLE: &str = "unavailable";
