//! Avro → JSON.

use std::io::{self, Read};

use apache_avro::Schema;
use apache_avro::schema::{NamesRef, RecordSchema};
use apache_avro::types::Value as Avro;
use ports::clock::Timestamp;
use serde_json::{Map, Number, Value};

use super::OMITTED;

/// The bytes are not what the schema promises.
#[derive(Debug, thiserror::Error)]
pub enum Undecodable {
    /// They are no value of the schema.
    #[error("no value of the schema")]
    NoValue(#[from] apache_avro::Error),
    /// They end before the value does.
    #[error("the value is cut off")]
    CutOff,
    /// The value ends before they do.
    #[error("{0} bytes follow the value")]
    TrailingBytes(usize),
    /// The schema says something for which these events have no JSON.
    #[error("{0} has no counterpart in JSON here")]
    Unsupported(String),
}

/// Bytes that remember whether more was asked of them than there is: Avro's library takes a text that is cut off for
/// an empty one.
pub(super) struct Bytes<'a> {
    rest: &'a [u8],
    short: bool,
}

impl<'a> Bytes<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, short: false }
    }

    pub(super) const fn require_end(&self) -> Result<(), Undecodable> {
        match (self.short, self.rest.len()) {
            (true, _) => Err(Undecodable::CutOff),
            (false, 0) => Ok(()),
            (false, more) => Err(Undecodable::TrailingBytes(more)),
        }
    }
}

impl Read for Bytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.rest.read(buffer)?;
        self.short |= read < buffer.len();
        Ok(read)
    }
}

/// The JSON of `value`.
pub(super) fn to_json(
    value: Avro,
    schema: &Schema,
    names: &NamesRef<'_>,
) -> Result<Value, Undecodable> {
    match (value, schema) {
        (value, Schema::Ref { name }) => to_json(value, names[name], names),
        (Avro::Union(index, value), Schema::Union(union)) => {
            let branch = union.get_variant(index as usize)?;
            to_json(*value, branch, names)
        }
        (Avro::Record(fields), Schema::Record(record)) => object(fields, record, names),
        (Avro::Array(items), Schema::Array(array)) => {
            let items = items.into_iter().map(|item| to_json(item, &array.items, names));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        (Avro::Map(entries), Schema::Map(map)) => {
            let each = |(key, value)| Ok((key, to_json(value, &map.types, names)?));
            Ok(Value::Object(entries.into_iter().map(each).collect::<Result<_, Undecodable>>()?))
        }
        (value, _) => scalar(value),
    }
}

fn scalar(value: Avro) -> Result<Value, Undecodable> {
    match value {
        Avro::Null => Ok(Value::Null),
        Avro::Boolean(truth) => Ok(Value::Bool(truth)),
        Avro::Long(number) => Ok(Value::from(number)),
        Avro::String(text) | Avro::Enum(_, text) => Ok(Value::String(text)),
        Avro::Uuid(uuid) => Ok(Value::String(uuid.to_string())),
        Avro::TimestampMicros(micros) => {
            Ok(Value::String(Timestamp::from_micros(micros).to_string()))
        }
        Avro::Double(number) => {
            let number = Number::from_f64(number);
            number
                .map(Value::Number)
                .ok_or_else(|| Undecodable::Unsupported("an infinite number".to_owned()))
        }
        other => Err(Undecodable::Unsupported(format!("{other:?}"))),
    }
}

fn object(
    fields: Vec<(String, Avro)>,
    record: &RecordSchema,
    names: &NamesRef<'_>,
) -> Result<Value, Undecodable> {
    let mut object = Map::new();
    for ((name, value), field) in fields.into_iter().zip(&record.fields) {
        let json = to_json(value, &field.schema, names)?;
        let omitted = field.custom_attributes.contains_key(OMITTED);
        if !(omitted && field.default.as_ref() == Some(&json)) {
            object.insert(name, json);
        }
    }
    Ok(Value::Object(object))
}
