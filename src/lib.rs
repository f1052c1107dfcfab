//! The composition root: the only crate that knows every other.
//!
//! `main` reads the command line; `config` turns it and the environment into settings; `adapters` turns settings into
//! ports; `roles` starts what this process is; `supervisor` ends it in order.

pub mod config;
pub mod roles;
pub mod runner;
