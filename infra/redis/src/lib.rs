//! A cache in front of documents, in Redis.
