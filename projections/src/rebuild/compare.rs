//! Tells whether two collections hold the same documents, a page at a time.

use std::fmt;

use ports::PortError;
use ports::read_models::{Collection, Document, PAGE_DOCUMENTS_MAX, Query, ReadModels};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Above it not every whole number has a place of its own among floating-point numbers.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// What all documents of a collection come to: equal for equal documents, in whatever store they lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionHash {
    pub documents: u64,
    /// In hex.
    pub sha256: String,
}

impl fmt::Display for CollectionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} documents, {:.12}", self.documents, self.sha256)
    }
}

/// SHA-256 over keys, positions and canonical bodies, in the order of the keys.
///
/// # Errors
/// The store did not answer.
pub async fn hash(
    models: &dyn ReadModels,
    collection: &Collection,
) -> Result<CollectionHash, PortError> {
    let mut hasher = Sha256::new();
    let mut documents = 0;
    let mut pages = Pages::of(models, collection);
    while let Some(document) = pages.next().await? {
        let text = canonical(&document);
        // The length in front keeps two short documents from looking like one long one.
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
        documents += 1;
    }
    Ok(CollectionHash { documents, sha256: hex(hasher) })
}

/// SHA-256 over the key, the position and the canonical body of one document, in hex.
pub fn document_hash(document: &Document) -> String {
    let mut hasher = Sha256::new();
    hasher.update(canonical(document));
    hex(hasher)
}

fn hex(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first key of which the two collections say different things.
pub(super) async fn first_difference(
    models: &dyn ReadModels,
    one: &Collection,
    other: &Collection,
) -> Result<Option<String>, PortError> {
    let (mut ones, mut others) = (Pages::of(models, one), Pages::of(models, other));
    loop {
        match (ones.next().await?, others.next().await?) {
            (None, None) => return Ok(None),
            (Some(only), None) | (None, Some(only)) => return Ok(Some(only.key)),
            (Some(one), Some(other)) if canonical(&one) != canonical(&other) => {
                return Ok(Some(one.key.min(other.key)));
            }
            (Some(_), Some(_)) => {}
        }
    }
}

/// The documents of a collection by key; never more than one page of them in memory.
struct Pages<'a> {
    models: &'a dyn ReadModels,
    collection: &'a Collection,
    query: Query,
    page: std::vec::IntoIter<Document>,
    is_last: bool,
}

impl<'a> Pages<'a> {
    fn of(models: &'a dyn ReadModels, collection: &'a Collection) -> Self {
        let query = Query { documents_max: PAGE_DOCUMENTS_MAX, ..Query::default() };
        Self { models, collection, query, page: Vec::new().into_iter(), is_last: false }
    }

    async fn next(&mut self) -> Result<Option<Document>, PortError> {
        loop {
            if let Some(document) = self.page.next() {
                return Ok(Some(document));
            }
            if self.is_last {
                return Ok(None);
            }
            let page = self.models.query(self.collection, &self.query).await?;
            self.is_last = page.next.is_none();
            self.query.cursor = page.next;
            self.page = page.documents.into_iter();
        }
    }
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
