//! The write side over stores in memory.

mod batches;
mod blocks;
mod bus;
mod callbacks;
mod client;
mod idempotency;
mod motors;
mod openapi;
mod refusals;
mod uploads;
mod world;
