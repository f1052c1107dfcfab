//! JSON → Avro, exactly: what cannot come back as it was is refused.

use apache_avro::Schema;
use apache_avro::schema::{NamesRef, RecordField, RecordSchema, UnionSchema};
use apache_avro::types::Value as Avro;
use ports::clock::Timestamp;
use serde_json::{Map, Number, Value};
use uuid::Uuid;

use super::OMITTED;

/// The greatest whole number up to which a double holds every one.
const EXACT_INTEGER_MAX: u64 = 1 << 53;

/// The data has not the shape of its schema, or could not come back as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the data does not fit its schema: {expected} at `{at}`")]
pub struct Unfit {
    at: String,
    expected: String,
}

impl Unfit {
    fn expected(expected: &str) -> Self {
        Self { at: String::new(), expected: expected.to_owned() }
    }

    pub(super) fn no_json() -> Self {
        Self::expected("expected JSON")
    }

    pub(super) fn refused(error: &apache_avro::Error) -> Self {
        Self { at: String::new(), expected: error.to_string() }
    }

    fn within(mut self, place: &str) -> Self {
        self.at = format!("/{place}{}", self.at);
        self
    }
}

/// The Avro value of `json`.
pub(super) fn to_avro(json: &Value, schema: &Schema, names: &NamesRef<'_>) -> Result<Avro, Unfit> {
    match (schema, json) {
        (Schema::Ref { name }, _) => to_avro(json, names[name], names),
        (Schema::Union(union), _) => branch_of(json, union, names),
        (Schema::Record(record), Value::Object(object)) => record_of(object, record, names),
        (Schema::Array(array), Value::Array(items)) => {
            let each = |(i, item): (usize, _)| {
                to_avro(item, &array.items, names).map_err(|unfit| unfit.within(&i.to_string()))
            };
            Ok(Avro::Array(items.iter().enumerate().map(each).collect::<Result<_, _>>()?))
        }
        (Schema::Map(map), Value::Object(entries)) => {
            let each = |(key, value): (&String, _)| {
                let value = to_avro(value, &map.types, names).map_err(|unfit| unfit.within(key))?;
                Ok((key.clone(), value))
            };
            Ok(Avro::Map(entries.iter().map(each).collect::<Result<_, _>>()?))
        }
        _ => scalar(json, schema)
            .ok_or_else(|| Unfit::expected(&format!("expected {}", kind_of(schema)))),
    }
}

fn scalar(json: &Value, schema: &Schema) -> Option<Avro> {
    match (schema, json) {
        (Schema::Null, Value::Null) => Some(Avro::Null),
        (Schema::Boolean, Value::Bool(truth)) => Some(Avro::Boolean(*truth)),
        (Schema::Long, Value::Number(number)) => number.as_i64().map(Avro::Long),
        (Schema::Double, Value::Number(number)) => double(number).map(Avro::Double),
        (Schema::String, Value::String(text)) => Some(Avro::String(text.clone())),
        (Schema::Enum(choice), Value::String(word)) => {
            let index = choice.symbols.iter().position(|symbol| symbol == word)?;
            Some(Avro::Enum(u32::try_from(index).ok()?, word.clone()))
        }
        (Schema::Uuid(_), Value::String(text)) => {
            let uuid: Uuid = text.parse().ok()?;
            (uuid.to_string() == *text).then_some(Avro::Uuid(uuid))
        }
        (Schema::TimestampMicros, Value::String(text)) => {
            let moment: Timestamp = text.parse().ok()?;
            (moment.to_string() == *text).then_some(Avro::TimestampMicros(moment.as_micros()))
        }
        _ => None,
    }
}

/// JSON knows one kind of number only: 90 is 90.0.
fn double(number: &Number) -> Option<f64> {
    let whole = number.as_i64().map(i64::unsigned_abs).or_else(|| number.as_u64());
    whole.is_none_or(|whole| whole <= EXACT_INTEGER_MAX).then(|| number.as_f64())?
}

fn branch_of(json: &Value, union: &UnionSchema, names: &NamesRef<'_>) -> Result<Avro, Unfit> {
    let mut unfit = Unfit::expected("expected a branch of a union");
    for (index, branch) in (0..).zip(union.variants()) {
        match to_avro(json, branch, names) {
            Ok(value) => return Ok(Avro::Union(index, Box::new(value))),
            Err(reason) => unfit = reason,
        }
    }
    Err(unfit)
}

fn record_of(
    object: &Map<String, Value>,
    record: &RecordSchema,
    names: &NamesRef<'_>,
) -> Result<Avro, Unfit> {
    let mut found = 0;
    let mut fields = Vec::with_capacity(record.fields.len());
    for field in &record.fields {
        let json = object.get(&field.name);
        found += usize::from(json.is_some());
        let value = field_of(json, field, names).map_err(|unfit| unfit.within(&field.name))?;
        fields.push((field.name.clone(), value));
    }
    if found < object.len() {
        let known = |name: &String| record.lookup.contains_key(name);
        let unknown = object.keys().find(|name| !known(name)).map_or("", String::as_str);
        return Err(Unfit::expected("expected no such field").within(unknown));
    }
    Ok(Avro::Record(fields))
}

fn field_of(
    json: Option<&Value>,
    field: &RecordField,
    names: &NamesRef<'_>,
) -> Result<Avro, Unfit> {
    let omitted = field.custom_attributes.contains_key(OMITTED);
    match (json, &field.default) {
        // Written out it would come back left out.
        (Some(json), Some(default)) if omitted && json == default => {
            Err(Unfit::expected("expected nothing where the default stands"))
        }
        (Some(json), _) => to_avro(json, &field.schema, names),
        (None, Some(default)) if omitted => to_avro(default, &field.schema, names),
        (None, _) => Err(Unfit::expected("expected something")),
    }
}

const fn kind_of(schema: &Schema) -> &'static str {
    match schema {
        Schema::Null => "null",
        Schema::Boolean => "true or false",
        Schema::Long => "a whole number of 64 bits",
        Schema::Double => "a number",
        Schema::String => "a text",
        Schema::Enum(_) => "one of the words",
        Schema::Uuid(_) => "a UUID in its usual form",
        Schema::TimestampMicros => "a time in UTC with six decimals",
        Schema::Array(_) => "a list",
        Schema::Map(_) | Schema::Record(_) => "an object",
        _ => "something that this schema cannot hold",
    }
}
