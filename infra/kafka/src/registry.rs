//! The schema registry: which schema has which number.
