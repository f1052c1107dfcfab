//! Why a record is no sample, and how often that was so.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why nothing could be made of a record.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A tombstone, or nothing at all.
    #[error("the record is empty")]
    Empty,
    /// Neither Avro in Confluent wire format nor a JSON object.
    #[error("neither Avro in Confluent wire format nor a JSON object: {0}")]
    Unreadable(String),
    /// A JSON object that resembles nothing that is known.
    #[error("an unknown kind of message, with the fields {0}")]
    UnknownShape(String),
    /// A field is missing, or is not what it should be.
    #[error("field {name}: {fault}")]
    Field {
        /// Which one.
        name: &'static str,
        /// What is wrong with it.
        fault: String,
    },
    /// Nobody can tell whose sample it is.
    #[error("motor id: {0}")]
    MotorId(String),
    /// The registry has no such schema.
    #[error("the schema registry has no schema {0}")]
    UnknownSchema(u32),
    /// The bytes do not fit their schema, or the schema is not that of a sample.
    #[error("avro: {0}")]
    Avro(String),
    /// A sample that breaks the rules.
    #[error("not a valid sample: {0}")]
    Invalid(String),
}

impl Refusal {
    /// The names of all reasons.
    pub const NAMES: [&str; 8] = [
        "empty",
        "unreadable",
        "unknown_shape",
        "field",
        "motor_id",
        "unknown_schema",
        "avro",
        "invalid",
    ];

    const fn index(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Unreadable(_) => 1,
            Self::UnknownShape(_) => 2,
            Self::Field { .. } => 3,
            Self::MotorId(_) => 4,
            Self::UnknownSchema(_) => 5,
            Self::Avro(_) => 6,
            Self::Invalid(_) => 7,
        }
    }

    /// The reason's name in logs and metrics.
    pub const fn name(&self) -> &'static str {
        Self::NAMES[self.index()]
    }

    pub(super) fn field(name: &'static str, fault: impl ToString) -> Self {
        Self::Field { name, fault: fault.to_string() }
    }
}

/// What happened to records that did not simply become samples, since the start of the process.
#[derive(Debug, Default)]
pub struct SampleTally {
    refused: [AtomicU64; Refusal::NAMES.len()],
    resets: AtomicU64,
    lost: AtomicU64,
    not_vibration: AtomicU64,
    record_times: AtomicU64,
}

impl SampleTally {
    /// How many records were parked, by the name of the reason.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.refused.iter().map(|count| count.load(Ordering::Relaxed));
        Refusal::NAMES.into_iter().zip(counts)
    }

    /// How often a partition no longer had the record that was next, and was read from its beginning.
    pub fn resets(&self) -> u64 {
        self.resets.load(Ordering::Relaxed)
    }

    /// How many records the cluster had let go of before they were read.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// How many values were passed over since they are none of a vibration: temperatures.
    pub fn not_vibration(&self) -> u64 {
        self.not_vibration.load(Ordering::Relaxed)
    }

    /// How many records carried no time of their own, so that the record's time was taken.
    pub fn record_times(&self) -> u64 {
        self.record_times.load(Ordering::Relaxed)
    }

    pub(super) fn count_refusal(&self, refusal: &Refusal) {
        self.refused[refusal.index()].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_reset(&self, records: u64) {
        self.resets.fetch_add(1, Ordering::Relaxed);
        self.lost.fetch_add(records, Ordering::Relaxed);
    }

    pub(super) fn count_not_vibration(&self, values: u64) {
        self.not_vibration.fetch_add(values, Ordering::Relaxed);
    }

    pub(super) fn count_record_time(&self) {
        self.record_times.fetch_add(1, Ordering::Relaxed);
    }
}
