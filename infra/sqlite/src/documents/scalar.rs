//! The value of a declared field, as JSON and as a column.

use rusqlite::types::{Value as Column, ValueRef};
use serde_json::Value;

use crate::error::{Fault, Unstorable};

/// A boolean is a blob, so that it differs from the whole numbers 0 and 1.
const FALSE: &[u8] = &[0];
const TRUE: &[u8] = &[1];

pub(super) fn column_of(value: &Value) -> Result<Column, Unstorable> {
    match value {
        Value::Null => Ok(Column::Null),
        Value::Bool(false) => Ok(Column::Blob(FALSE.to_vec())),
        Value::Bool(true) => Ok(Column::Blob(TRUE.to_vec())),
        Value::String(text) => Ok(Column::Text(text.clone())),
        Value::Number(number) => number
            .as_i64()
            .map(Column::Integer)
            .ok_or_else(|| Unstorable(format!("{number} is no whole number of 64 bits"))),
        Value::Array(_) | Value::Object(_) => Err(Unstorable(
            "a declared field is a string, a whole number, a boolean or null".to_owned(),
        )),
    }
}

pub(super) fn value_of(column: ValueRef<'_>) -> Result<Value, Fault> {
    match column {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(number.into()),
        ValueRef::Text(_) => Ok(column.as_str()?.into()),
        ValueRef::Blob(FALSE) => Ok(false.into()),
        ValueRef::Blob(TRUE) => Ok(true.into()),
        ValueRef::Blob(_) | ValueRef::Real(_) => {
            Err(Unstorable("a declared field holds what no field may hold".to_owned()).into())
        }
    }
}
