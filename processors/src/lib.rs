//! (skeleton)
pub mod picture;
