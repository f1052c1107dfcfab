//! Avro schemas of events, made from the domain's types.
