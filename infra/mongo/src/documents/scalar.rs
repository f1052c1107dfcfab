//! The value of a declared field, as JSON and as BSON.

use std::borrow::Cow;

use mongodb::bson::raw::CStr;
use mongodb::bson::{Bson, RawBsonRef, RawDocumentBuf};
use serde_json::Value;

use super::text;
use crate::error::Unstorable;

/// What a declared field may be.
pub(super) enum Scalar<'a> {
    Null,
    Boolean(bool),
    Whole(i64),
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// `None` for fractions, whole numbers beyond 64 bits, lists and objects.
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Bool(boolean) => Some(Self::Boolean(*boolean)),
            Value::Number(number) => number.as_i64().map(Self::Whole),
            Value::String(text) => Some(Self::Text(text::stored(text))),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The same, or why not.
    pub(super) fn declared(value: &'a Value) -> Result<Self, Unstorable> {
        let why = "a declared field is a string, a whole number of 64 bits, a boolean or null";
        Self::of(value).ok_or_else(|| Unstorable(why.to_owned()))
    }

    pub(super) fn append_to(&self, document: &mut RawDocumentBuf, name: &CStr) {
        match self {
            Self::Null => document.append(name, RawBsonRef::Null),
            Self::Boolean(boolean) => document.append(name, *boolean),
            Self::Whole(number) => document.append(name, *number),
            Self::Text(text) => document.append(name, text.as_ref()),
        }
    }
}

impl From<Scalar<'_>> for Bson {
    fn from(scalar: Scalar<'_>) -> Self {
        match scalar {
            Scalar::Null => Self::Null,
            Scalar::Boolean(boolean) => Self::Boolean(boolean),
            Scalar::Whole(number) => Self::Int64(number),
            Scalar::Text(text) => Self::String(text.into_owned()),
        }
    }
}

/// `None` for what no [`Scalar`] becomes.
pub(super) fn value_of(bson: RawBsonRef<'_>) -> Option<Value> {
    match bson {
        RawBsonRef::Null => Some(Value::Null),
        RawBsonRef::Boolean(boolean) => Some(boolean.into()),
        RawBsonRef::Int32(number) => Some(number.into()),
        RawBsonRef::Int64(number) => Some(number.into()),
        RawBsonRef::String(stored) => Some(text::told(stored).into_owned().into()),
        _ => None,
    }
}
