//! Samples over Kafka.
