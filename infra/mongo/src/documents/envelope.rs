//! How a document is stored.
//!
//! ```text
//! { _id: "<key>", position: 17, removed: false,
//!   fields: { name: "P-101", rank: 3, zone: null },        what queries may name, as BSON
//!   rest: "{\"limits\":[1.0,{\"a.b\":18446744073709551615}]}" }     everything else, as JSON text
//! ```
//!
//! `fields` takes every entry of the top level that a query could name, declared or not: so a field that is declared
//! later is found in earlier documents too. The rest is text, since BSON keeps neither numbers beyond 2^63, nor deep
//! nesting, nor names with NUL in them, and grows lists of small numbers far beyond its own limit. A tombstone has
//! neither of the two.

use mongodb::bson::raw::{CStr, cstr};
use mongodb::bson::{RawBsonRef, RawDocument, RawDocumentBuf};
use ports::read_models::{Collection, DOCUMENT_BYTES_MAX, Document, Write};
use ports::stream::GlobalPosition;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::names::{is_plain, must_be_plain};
use super::scalar::{Scalar, value_of};
use super::text;
use crate::error::{Corrupt, Fault, Unstorable};

/// A longer text is part of the rest, unless its field is declared.
const TEXT_BYTES_MAX: usize = 1_024;

/// A document with more entries keeps only the declared ones apart, so that BSON hardly makes it larger.
const FIELDS_MAX: usize = 256;

/// How many bytes of JSON one byte of a text may take: `\u0001`.
const ESCAPED_BYTES_MAX: usize = 6;

/// The stored form of what `write` leaves behind, without its key.
pub(super) fn sealed(collection: &Collection, write: &Write) -> Result<RawDocumentBuf, Unstorable> {
    let mut envelope = RawDocumentBuf::new();
    envelope.append(cstr!("position"), bson_position(write.position)?);
    envelope.append(cstr!("removed"), write.body.is_none());
    if let Some(body) = &write.body {
        let (fields, rest) = parted(collection, body)?;
        envelope.append(cstr!("fields"), fields);
        envelope.append(cstr!("rest"), rest.as_str());
    }
    Ok(envelope)
}

/// The document in its stored form.
pub(super) fn opened(stored: &RawDocument) -> Result<Document, Fault> {
    let key = text::told(stored.get_str("_id")?).into_owned();
    let position = GlobalPosition(stored.get_i64("position")?.cast_unsigned());
    let body = match stored.get_bool("removed")? {
        true => None,
        false => Some(body(stored).map_err(|fault| Corrupt {
            what: format!("the document {key}"),
            reason: fault.to_string(),
        })?),
    };
    Ok(Document { key, position, body })
}

/// The value of a declared field; what is missing is null.
pub(super) fn field(stored: &RawDocument, name: &str) -> Result<Value, Fault> {
    let value = stored.get_document("fields")?.get(name)?.map(read).transpose()?;
    Ok(value.unwrap_or_default())
}

/// Positions are whole numbers of 63 bits here.
pub(super) fn bson_position(position: GlobalPosition) -> Result<i64, Unstorable> {
    i64::try_from(position.0)
        .map_err(|_| Unstorable(format!("the position {position} is too high")))
}

fn parted(collection: &Collection, body: &Value) -> Result<(RawDocumentBuf, String), Unstorable> {
    let Value::Object(entries) = body else {
        return Err(Unstorable("it is no JSON object".to_owned()));
    };
    let mut fields = RawDocumentBuf::new();
    let mut rest = Vec::new();
    for (name, value) in entries {
        let is_declared = collection.fields.iter().any(|declared| declared.name == name);
        match apart(name, value, is_declared, entries.len())? {
            Some((name, value)) => value.append_to(&mut fields, name),
            None => rest.push((name.as_str(), value)),
        }
    }
    let rest = serde_json::to_string(&Entries(&rest)).expect("JSON values can be written as JSON");
    // The limit is that of the document as JSON, which is measured only where it could be too long.
    let stored_bytes = rest.len() + fields.as_bytes().len();
    let may_exceed = stored_bytes > DOCUMENT_BYTES_MAX / ESCAPED_BYTES_MAX;
    if may_exceed && body.to_string().len() > DOCUMENT_BYTES_MAX {
        return Err(Unstorable(format!("it has more than {DOCUMENT_BYTES_MAX} bytes")));
    }
    Ok((fields, rest))
}

/// The entry in the form in which it can be queried, unless it is to be part of the rest.
fn apart<'a>(
    name: &'a str,
    value: &'a Value,
    is_declared: bool,
    entries: usize,
) -> Result<Option<(&'a CStr, Scalar<'a>)>, Unstorable> {
    let short = value.as_str().is_none_or(|text| text.len() <= TEXT_BYTES_MAX);
    let fitting = is_plain(name) && entries <= FIELDS_MAX && short;
    if !is_declared && !fitting {
        return Ok(None);
    }
    must_be_plain(name)?;
    let value = if is_declared { Some(Scalar::declared(value)?) } else { Scalar::of(value) };
    let name = <&CStr>::try_from(name).expect("a plain name has no NUL in it");
    Ok(value.map(|value| (name, value)))
}

fn body(stored: &RawDocument) -> Result<Value, Fault> {
    let mut entries: Map<String, Value> = serde_json::from_str(stored.get_str("rest")?)?;
    for entry in stored.get_document("fields")?.iter() {
        let (name, value) = entry?;
        entries.insert(name.as_str().to_owned(), read(value)?);
    }
    Ok(entries.into())
}

fn read(value: RawBsonRef<'_>) -> Result<Value, Fault> {
    let kind = value.element_type();
    value_of(value).ok_or_else(|| format!("a field is of the BSON type {kind:?}").into())
}

/// Some entries of a JSON object.
struct Entries<'a>(&'a [(&'a str, &'a Value)]);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}
