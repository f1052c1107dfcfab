//! The ports of many machines over Kafka: the relay of the log, its live feed, samples, and dead letters.
//!
//! ```text
//! EventLog ──▶ relay ──▶ <category>.events.v1   Avro by event type, one copy each, key = aggregate id
//!                  └───▶ relay.cursor.v1        how far it came, within the same transaction
//! DeadLetters ─────────▶ <topic>.dlt            parked in the store first
//! audit ◀────────────── <category>.events.v1   read back by position, to be compared
//! ```
//!
//! Kill points, for tests that stop the relay (with the feature `failpoints`): `relay-after-read`,
//! `relay-after-send`, `relay-before-commit` and `relay-after-commit`.

pub mod audit;
#[cfg(feature = "bare")]
pub mod bare;
pub mod dead_letters;
pub mod headers;
pub mod live;
pub mod registry;
pub mod relay;
pub mod samples;
pub mod schema;
pub mod settings;
pub mod topics;
