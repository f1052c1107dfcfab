//! The composition root: the only crate that knows every other.
//!
//! `main` reads the command line; `config` turns it and the environment into settings; `adapters` turns settings into
//! ports; `roles` starts what this process is; `serve` runs it and drains it in order.

pub mod adapters;
pub mod admin;
pub mod backup;
pub mod cli;
pub mod config;
pub mod contracts;
mod demo;
pub mod http;
#[cfg(feature = "failpoints")]
pub mod kill_points;
mod lag;
pub mod leading;
pub mod projection_host;
pub mod reconciler;
mod reprocessing;
pub mod roles;
pub mod runner;
pub mod serve;
pub mod simulate;
pub mod supervisor;
