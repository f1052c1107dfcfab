//! A reference adapter per port: the executable meaning of its contract.
//!
//! They keep everything in memory and for ever: for tests, for simulations, and to read what a port means.

mod blobs;
mod callbacks;
mod checkpoints;
mod clock;
mod dead_letters;
mod event_log;
pub mod faulty;
mod leadership;
mod quotas;
mod read_models;
mod readings;
mod renditions;
mod samples;
mod work_queue;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use blobs::MemoryBlobs;
pub use callbacks::MemoryCallbacks;
pub use checkpoints::MemoryCheckpoints;
pub use clock::ManualClock;
pub use dead_letters::MemoryDeadLetters;
pub use event_log::MemoryLog;
pub use leadership::MemoryLeadership;
pub use quotas::MemoryQuotas;
pub use read_models::MemoryReadModels;
pub use readings::MemoryReadings;
pub use renditions::MemoryRenditions;
pub use samples::MemorySamples;
pub use work_queue::MemoryWorkQueue;

/// Held for one step, never across an await. A test that panicked meanwhile has failed already: its poison adds
/// nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
