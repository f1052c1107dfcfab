//! What the inside asks of the world: a vocabulary, and one trait per port.
//!
//! What everything may rely on:
//! - an acknowledged append is durable: it outlasts a power cut; its versions and positions have no gaps;
//! - what is kept outlasts a crash, and a power cut unless what vouches for it is lost as well: a progress never outlasts
//!   what it stands for, so that whoever reads on from it makes again what is missing;
//! - every event reaches every handler at least once, in order within its stream; repeating is harmless;
//! - whatever cannot be handled is parked with its reason, never skipped.
//!
//! Each port has a reference adapter in memory (feature `memory`), which is its executable meaning, and a suite
//! that every adapter passes (feature `contract`).
#![warn(missing_docs)]

pub mod blobs;
pub mod callbacks;
pub mod checkpoint;
pub mod clock;
pub mod command_bus;
pub mod dead_letter;
pub mod event;
pub mod event_log;
pub mod event_shape;
pub mod event_store;
pub mod handler;
pub mod leadership;
pub mod problem;
pub mod quota;
pub mod read_models;
pub mod readings;
pub mod renditions;
pub mod samples;
pub mod stream;
pub mod subscription;
pub mod work_queue;

#[cfg(feature = "contract")]
pub mod contract;
#[cfg(feature = "memory")]
pub mod memory;

use std::error::Error;

/// The world did not do what was asked. Trying again may help; nothing is known to have happened.
#[derive(Debug, thiserror::Error)]
#[error("{attempted} failed")]
pub struct PortError {
    /// What was attempted, and on what: `appending to motor-018f…`.
    pub attempted: String,
    /// Why it failed.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl PortError {
    /// `attempted` failed because of `source`.
    pub fn new(
        attempted: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { attempted: attempted.into(), source: source.into() }
    }

    /// What failed and every cause beneath, in one line.
    pub fn chain(&self) -> String {
        let mut line = self.to_string();
        let mut cause: Option<&dyn Error> = Some(&*self.source);
        while let Some(error) = cause {
            line = format!("{line}: {error}");
            cause = error.source();
        }
        line
    }
}
