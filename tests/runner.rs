//! The runner with a handler that keeps a diary: what it is given, in which order, and what becomes of the rest.

#[path = "runner/crashing.rs"]
mod crashing;
#[path = "runner/diary.rs"]
mod diary;
#[path = "runner/draining.rs"]
mod draining;
#[path = "runner/following.rs"]
mod following;
#[path = "runner/holding.rs"]
mod holding;
#[path = "runner/parking.rs"]
mod parking;
#[path = "runner/replaying.rs"]
mod replaying;
#[path = "runner/stage.rs"]
mod stage;
#[path = "runner/witness.rs"]
mod witness;
