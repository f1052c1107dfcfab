//! The production profile: PostgreSQL, Kafka, MongoDB and Redis.
