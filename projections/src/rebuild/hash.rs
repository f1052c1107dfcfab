//! What documents come to: equal for equal documents, in whatever store they lie and in whatever order they are read.

use std::fmt;

use ports::PortError;
use ports::read_models::{Collection, Document, ReadModels};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::pages::Pages;

/// Above it not every whole number has a place of its own among floating-point numbers.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// What all documents of a collection come to; removed ones count for nothing.
///
/// It is the exclusive or of the documents' own hashes. So it follows a document that changes without a look at the
/// others; against somebody who makes up documents in order to deceive it is no protection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionHash {
    pub documents: u64,
    digest: [u8; 32],
}

impl CollectionHash {
    /// Counts in a document that was not among those so far.
    pub(super) fn add(&mut self, document: &Document) {
        if document.body.is_some() {
            self.documents += 1;
            self.toggle(document);
        }
    }

    /// Takes out a document that was counted in just as it is.
    pub(super) fn remove(&mut self, document: &Document) {
        if document.body.is_some() {
            self.documents -= 1;
            self.toggle(document);
        }
    }

    fn toggle(&mut self, document: &Document) {
        let digest = digest(document);
        self.digest.iter_mut().zip(digest).for_each(|(sum, byte)| *sum ^= byte);
    }
}

impl fmt::Display for CollectionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} documents, {:.12}", self.documents, hex(&self.digest))
    }
}

/// What the documents of `collection` come to.
///
/// # Errors
/// The store did not answer.
pub async fn hash(
    models: &dyn ReadModels,
    collection: &Collection,
) -> Result<CollectionHash, PortError> {
    let mut hash = CollectionHash::default();
    let mut pages = Pages::of(models, collection);
    while let Some(document) = pages.next().await? {
        hash.add(&document);
    }
    Ok(hash)
}

/// SHA-256 over the key, the position and the canonical body of one document, in hex.
pub fn document_hash(document: &Document) -> String {
    hex(&digest(document))
}

/// Whether two documents under one key are the same.
pub(super) fn is_same(one: &Document, other: &Document) -> bool {
    one.position == other.position && canonical(one) == canonical(other)
}

fn digest(document: &Document) -> [u8; 32] {
    Sha256::digest(canonical(document)).into()
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn canonical(document: &Document) -> String {
    let mut text = format!("{}\n{}\n", document.key, document.position);
    write(&mut text, document.body.as_ref().unwrap_or(&Value::Null));
    text
}

/// JSON without choices: fields in order, no spaces, whole numbers without a fraction.
fn write(text: &mut String, value: &Value) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            join(text, ['{', '}'], fields, |text, (name, value)| {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(text, value);
            });
        }
        Value::Array(items) => join(text, ['[', ']'], items, write),
        Value::Number(number) => match number.as_f64() {
            // Stores differ in whether 90.0 comes back as 90.
            Some(whole) if number.is_f64() && whole.fract() == 0.0 && whole.abs() < WHOLE_MAX => {
                text.push_str(&(whole as i64).to_string());
            }
            _ => text.push_str(&number.to_string()),
        },
        Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&value.to_string()),
    }
}

fn join<T>(
    text: &mut String,
    [open, close]: [char; 2],
    parts: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    text.push(open);
    for (i, part) in parts.into_iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        write(text, part);
    }
    text.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(value: &Value) -> String {
        let mut text = String::new();
        write(&mut text, value);
        text
    }

    #[test]
    fn what_means_the_same_is_written_the_same() {
        let one: Value = serde_json::from_str(r#"{"b": [90.0, -0.5], "a": "\u00e9"}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{ "a":"é", "b":[90,-5e-1] }"#).unwrap();
        assert_eq!(written(&one), written(&other));
        assert_eq!(written(&one), r#"{"a":"é","b":[90,-0.5]}"#);
    }

    #[test]
    fn what_means_something_else_is_not() {
        for (one, other) in [
            (json!({ "a": null }), json!({})),
            (json!("1"), json!(1)),
            (json!([[1], 2]), json!([1, [2]])),
            (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64)),
        ] {
            assert_ne!(written(&one), written(&other));
        }
    }
}
