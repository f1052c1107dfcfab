//! Copies the log to Kafka, each event once.
