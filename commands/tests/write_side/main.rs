//! The write side over stores in memory.

mod bus;
mod idempotency;
mod world;
