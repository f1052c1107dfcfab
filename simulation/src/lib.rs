//! Motors that are not there, and what sensors on them measure. The same seed gives the same numbers everywhere.
//!
//! [`Plant`](plant::Plant) makes single recordings by several models of a flaw, and [`Rig`](rig::Rig) those of a structure that
//! rings at many places; the diagnosis is held to both.
//! [`Machine`](machine::Machine) goes on for as long as anybody listens.

pub mod machine;
pub mod plant;
pub mod random;
pub mod rig;
mod sounds;
