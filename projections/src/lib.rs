//! (skeleton)
pub mod plot;
