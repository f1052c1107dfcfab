//! Documents in MongoDB.
