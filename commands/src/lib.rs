//! The write side: commands become events.
//!
//! ```text
//! HTTP, processors ──▶ registry ──▶ idempotency ──▶ execute: load, fold, decide, append ──▶ EventStore
//! ```

mod cache;
mod execute;
mod history;
pub mod http;
mod idempotency;
mod lanes;
mod reading;
mod registry;
mod settings;

use std::sync::Arc;

use domain::image::Image;
use domain::motor::Motor;
use domain::notification::Notification;
use ports::clock::Clock;
use ports::event_shape::EventShape;
use ports::event_store::EventStore;

pub use registry::{Commands, Route};
pub use settings::Settings;

use registry::Catalogue;

/// Every aggregate that takes commands. A new one is a line here.
fn catalogue() -> Catalogue {
    Catalogue::default()
        // A line each.
        .aggregate::<Motor>()
        .aggregate::<Image>()
        .aggregate::<Notification>()
}

/// The door for the commands of every aggregate, over `store`.
pub fn all(store: Arc<dyn EventStore>, clock: Arc<dyn Clock>, settings: Settings) -> Commands {
    catalogue().over(store, clock, settings)
}

/// What HTTP offers of it, as the paths and components of an `OpenAPI` 3.1 document.
pub fn openapi() -> serde_json::Value {
    http::openapi::describe(catalogue().routes())
}

/// The shape of every event that an aggregate may record, as this release writes it.
pub fn catalog() -> Vec<EventShape> {
    catalogue().shapes()
}
