//! Avro schemas of events, made from the domain's types: one record per type of event.
//!
//! A schema alone leads from JSON to Avro and back: what the JSON leaves out when a field holds its default is
//! marked there as [`OMITTED`]. Old versions are files in `schemas/`, so that events outlive the types they were
//! written by.

mod catalog;
mod decode;
mod encode;
mod generate;
mod names;

pub use catalog::{EventSchema, EventSchemas};
pub use decode::Undecodable;
pub use encode::Unfit;
pub use generate::{SchemaError, avro_schema};
pub use names::{record_name, subject};

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::ResolvedSchema;
use apache_avro::writer::datum::GenericDatumWriter;
use serde_json::value::RawValue;

/// The attribute of a field that the JSON leaves out when it holds its default.
pub const OMITTED: &str = "omitted";

/// An Avro schema, and the way between it and JSON.
#[derive(Clone, Debug)]
pub struct Codec {
    schema: Schema,
}

impl Codec {
    /// Reads a schema.
    ///
    /// # Errors
    /// The text is no Avro schema.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        let schema = Schema::parse_str(text)?;
        ResolvedSchema::new(&schema)?;
        Ok(Self { schema })
    }

    /// The schema as Avro's own library sees it.
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// JSON → Avro, appended to `bytes`. What is written decodes to the same JSON; whatever would not is refused.
    ///
    /// # Errors
    /// The data has not the shape of the schema, and nothing was appended.
    pub fn encode(&self, data: &RawValue, bytes: &mut Vec<u8>) -> Result<(), Unfit> {
        let json = serde_json::from_str(data.get()).map_err(|_| Unfit::no_json())?;
        let resolved = self.resolved();
        let value = encode::to_avro(&json, &self.schema, resolved.get_names())?;
        let writer = GenericDatumWriter::builder(&self.schema)
            .resolved_schemata(resolved)
            .validate(false)
            .build()
            .expect("the schema was resolved before");
        let start = bytes.len();
        writer.write_value_ref(bytes, &value).map_err(|error| {
            bytes.truncate(start);
            Unfit::refused(&error)
        })?;
        Ok(())
    }

    /// Avro → JSON. The order of an object's properties is that of the schema.
    ///
    /// # Errors
    /// The bytes are not what the schema promises, or there are more of them.
    pub fn decode(&self, bytes: &[u8]) -> Result<Box<RawValue>, Undecodable> {
        let mut bytes = decode::Bytes::of(bytes);
        let resolved = self.resolved();
        let reader = GenericDatumReader::builder(&self.schema)
            .resolved_writer_schemata(resolved.clone())
            .build()
            .expect("the schema was resolved before");
        let value = reader.read_value(&mut bytes)?;
        bytes.require_end()?;
        let json = decode::to_json(value, &self.schema, resolved.get_names())?;
        Ok(RawValue::from_string(json.to_string()).expect("JSON is JSON"))
    }

    fn resolved(&self) -> ResolvedSchema<'_> {
        ResolvedSchema::new(&self.schema).expect("checked by parse")
    }
}

#[cfg(test)]
mod tests;
