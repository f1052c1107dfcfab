//! Reads documents: by key, page by page, and counted.

use std::collections::HashMap;

use mongodb::bson::{Bson, RawDocument, RawDocumentBuf, doc};
use ports::read_models::{Collection, Cursor, Document, Filter, PAGE_DOCUMENTS_MAX, Page, Query};
use serde_json::Value;

use super::query::{Order, all, matching};
use super::scalar::value_of;
use super::{MongoDocuments, envelope, names, text};
use crate::error::{Corrupt, Fault};

/// A page ends before the document that would take it beyond this, so that large documents make short pages.
const PAGE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How many keys are asked for at a time.
const KEYS_MAX: usize = 1_000;

impl MongoDocuments {
    pub(super) async fn documents(
        &self,
        collection: &Collection,
        keys: &[String],
    ) -> Result<Vec<Document>, Fault> {
        let stored = self.raw(&names::documents(collection)?);
        if let [key] = keys {
            let found =
                self.in_time(stored.find_one(doc! { "_id": text::stored(key).as_ref() })).await?;
            return found.iter().map(|document| envelope::opened(document)).collect();
        }
        let mut documents = Vec::with_capacity(keys.len());
        for some in keys.chunks(KEYS_MAX) {
            let some: Vec<Bson> =
                some.iter().map(|key| text::stored(key).into_owned().into()).collect();
            let mut found = self.in_time(stored.find(doc! { "_id": { "$in": some } })).await?;
            while self.in_time(found.advance()).await? {
                documents.push(envelope::opened(found.current())?);
            }
        }
        Ok(documents)
    }

    pub(super) async fn page(&self, collection: &Collection, query: &Query) -> Result<Page, Fault> {
        let stored = self.raw(&names::documents(collection)?);
        let matching = matching(collection, &query.filters)?;
        let order = Order::of(collection, query.sort)?;
        let mut filling = Filling::new(query.documents_max.min(PAGE_DOCUMENTS_MAX));
        for stretch in order.stretches(query.cursor.as_ref())? {
            let wanted = all(vec![matching.clone(), stretch]);
            let limit = filling.documents_max - filling.page.documents.len() + 1;
            let find = stored.find(wanted).sort(order.sort()).limit(limit as i64);
            let mut found = self.in_time(find).await?;
            while self.in_time(found.advance()).await? {
                if !filling.take(found.current(), &order)? {
                    return Ok(filling.page);
                }
            }
        }
        // Nothing is left beyond the last stretch.
        filling.page.next = None;
        Ok(filling.page)
    }

    pub(super) async fn counts(
        &self,
        collection: &Collection,
        filters: &[Filter],
        field: &'static str,
    ) -> Result<Vec<(Option<Value>, u64)>, Fault> {
        let path = format!("${}", names::path(collection, field)?);
        let matching = matching(collection, filters)?;
        // What is missing is counted with null.
        let value = doc! { "$ifNull": [path, Bson::Null] };
        let group = doc! { "_id": value, "documents": { "$sum": 1_i64 } };
        let stored = self.raw(&names::documents(collection)?);
        let counts = stored.aggregate([doc! { "$match": matching }, doc! { "$group": group }]);
        let counts = counts.with_type::<RawDocumentBuf>();
        let mut counts = self.in_time(counts).await?;
        let mut by_value: HashMap<Option<Value>, u64> = HashMap::new();
        while self.in_time(counts.advance()).await? {
            let (value, documents) = count(counts.current())?;
            *by_value.entry(value).or_default() += documents;
        }
        Ok(by_value.into_iter().collect())
    }
}

fn count(group: &RawDocument) -> Result<(Option<Value>, u64), Fault> {
    let unreadable = |reason: &str| Corrupt {
        what: "a count of documents".to_owned(),
        reason: reason.to_owned(),
    };
    let value = group.get("_id")?.and_then(value_of);
    let value = value.ok_or_else(|| unreadable("its value can be no field's value"))?;
    let documents = match group.get("documents")? {
        Some(number) => match (number.as_i64(), number.as_i32()) {
            (Some(documents), _) => u64::try_from(documents)?,
            (None, Some(documents)) => u64::try_from(documents)?,
            (None, None) => return Err(unreadable("it is no whole number").into()),
        },
        None => return Err(unreadable("it is missing").into()),
    };
    Ok((Some(value).filter(|value| !value.is_null()), documents))
}

/// A page as it fills.
struct Filling {
    page: Page,
    bytes: usize,
    documents_max: usize,
}

impl Filling {
    fn new(documents_max: usize) -> Self {
        Self { page: Page::default(), bytes: 0, documents_max }
    }

    /// `false` when the document is for the next page; `next` leads to it.
    fn take(&mut self, stored: &RawDocument, order: &Order) -> Result<bool, Fault> {
        let bytes = stored.as_bytes().len();
        let documents = self.page.documents.len();
        let full = documents == self.documents_max
            || (documents > 0 && self.bytes + bytes > PAGE_BYTES_MAX);
        if full {
            return Ok(false);
        }
        let document = envelope::opened(stored)?;
        let value = order.field.map(|field| envelope::field(stored, field)).transpose()?;
        self.bytes += bytes;
        self.page.next =
            Some(Cursor { value: value.unwrap_or_default(), key: document.key.clone() });
        self.page.documents.push(document);
        Ok(true)
    }
}
