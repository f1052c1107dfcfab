//! Vibration samples over Kafka: our own, and what devices send themselves.
//!
//! ```text
//! HTTP ──▶ KafkaSamples ──Avro──▶ topic ──▶ KafkaSampleSource ──▶ processor: offsets in its own transaction
//! devices ──Avro, JSON, legacy──▶  │key = motor id      └──▶ <topic>.dlt: what nobody understands
//! ```
//!
//! Samples of a motor are in one partition, and so in order. A checkpoint is the next offset of every partition, as
//! JSON: `{"0":17,"1":4}`. No consumer group is involved: whoever holds the checkpoint reads.

mod building;
mod complete;
mod desk;
mod device;
mod feed;
mod publish;
mod refusal;
mod schemas;
mod source;
mod stall;
mod wire;

#[cfg(test)]
mod tests;

pub use desk::{ParkRecord, SourceSettings};
pub use device::DeviceConventions;
pub use publish::{KafkaSamples, PublishSettings};
pub use refusal::{Refusal, SampleTally};
pub use schemas::SampleSchemas;
pub use source::KafkaSampleSource;
pub use wire::SCHEMA;
