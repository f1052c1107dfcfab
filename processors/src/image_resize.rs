//! Makes the variants of submitted pictures.
//!
//! ```text
//! submitted, retry requested ──Dispatcher──▶ WorkQueue ──Worker──▶ start ─▶ read ─▶ render ─▶ write ─▶ complete
//!                                               ▲                                │
//!                                               └────────── later ◀── fail ◀─────┘
//! ```
//!
//! An attempt is recorded before anything is read or decoded, so that one which kills its process counts as well,
//! and a picture that always does so is given up. Everything after it may happen twice: the variants have the same
//! bytes each time, and the aggregate takes the end of an attempt once.

mod attempt;
mod bench;
pub mod cell;
mod cleaner;
mod dispatcher;
mod errand;
mod orphans;
mod renderer;
mod reuse;
mod rounds;
mod sweeper;
mod worker;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use domain::picture::{Limits, Presets};

use crate::backoff::Backoff;
use crate::one_by_one::OneByOne;
use crate::{Dependencies, Processor, Service};

pub use cleaner::Cleaner;
pub use dispatcher::Dispatcher;
pub use orphans::OrphanSweeper;
pub use sweeper::Sweeper;
pub use worker::Worker;

/// The processor of pictures.
pub fn processor(dependencies: &Dependencies, settings: ImageSettings) -> Processor {
    let worker = Worker::new(dependencies, settings.clone());
    let sweeper = settings.retention_s.map(|retention_s| Sweeper::new(dependencies, retention_s));
    let orphans = OrphanSweeper::new(dependencies);
    let Dependencies { queue, checkpoints, clock, .. } = dependencies.clone();
    Processor {
        name: "images",
        handlers: vec![
            Arc::new(OneByOne::new(Dispatcher::new(queue, clock), Arc::clone(&checkpoints))),
            Arc::new(OneByOne::new(Cleaner::new(dependencies), checkpoints)),
        ],
        services: vec![Service::new("image-worker", worker, Worker::run)],
        duties: sweeper
            .map(|sweeper| Service::new("image-sweeper", sweeper, Sweeper::run))
            .into_iter()
            .chain([Service::new("image-orphans", orphans, OrphanSweeper::run)])
            .collect(),
        // A picture of which nothing can be made is a failed task: an event, not a count.
        dropped: None,
    }
}

/// How pictures are worked on.
#[derive(Clone, Debug)]
pub struct ImageSettings {
    /// As which the worker is known in the history. `worker-1`.
    pub worker_id: String,
    /// So many pictures at a time. 5.
    pub concurrency: usize,
    /// So many attempts after the first one. 3.
    pub retries_max: u32,
    /// How long to wait between two attempts. From 2 seconds, up to 5 minutes.
    pub retry: Backoff,
    /// The program that renders pictures in a process of its own when it is started with [`cell::ARGUMENT`]; none: they are
    /// rendered on threads of this process. None.
    pub cell_program: Option<PathBuf>,
    /// For so long a job belongs to this worker unless it says that it is still at it, in seconds. 30.
    pub lease_s: f64,
    /// For so long a picture may be rendered, in seconds. 30.
    pub render_s_max: f64,
    /// So much memory is given to pictures that are decoded at a time, by what their headers ask for; one that asks for
    /// more is decoded alone. In bytes; 360 million.
    pub decode_bytes_in_flight_max: u64,
    /// How long work in hand may take once the process is to stop, in seconds. 20.
    pub grace_s: f64,
    /// For so long a task that is finished is kept with its pictures, in seconds; none: for ever. None.
    pub retention_s: Option<f64>,
    /// What a picture may ask of us.
    pub limits: Limits,
    /// What is made of every picture. 1024 and 800 pixels.
    pub presets: Presets,
}

impl Default for ImageSettings {
    fn default() -> Self {
        Self {
            worker_id: "worker-1".to_owned(),
            concurrency: 5,
            retries_max: 3,
            retry: Backoff { first_s: 2.0, max_s: 300.0 },
            cell_program: None,
            lease_s: 30.0,
            render_s_max: 30.0,
            decode_bytes_in_flight_max: 360_000_000,
            grace_s: 20.0,
            retention_s: None,
            limits: Limits::default(),
            presets: Presets::default(),
        }
    }
}
