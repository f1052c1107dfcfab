//! Keeps the documents that projections build and queries read.

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

use crate::PortError;
use crate::checkpoint::Progress;
use crate::stream::GlobalPosition;

/// How large a document may be: what the smallest of the stores can hold, with room for its envelope.
pub const DOCUMENT_BYTES_MAX: usize = 15 * 1024 * 1024;

/// How many documents one page may hold.
pub const PAGE_DOCUMENTS_MAX: usize = 1_000;

/// Documents by key, in collections.
///
/// A collection is one *generation* of one projection: a rebuild fills the next generation beside the live one.
/// Readers ask for the live one by name, see it whole, and never see another.
#[async_trait]
pub trait ReadModels: Send + Sync {
    /// Makes the collection and its indexes unless they are there.
    async fn ensure(&self, collection: &Collection) -> Result<(), PortError>;

    /// Writes documents, then takes on `progress` (`None`: leaves it); both [kept](crate) when it returns. Where the store
    /// can, both happen at once; where not, the progress never comes before the documents. A progress with an older
    /// position changes nothing, so that a batch that returns cannot turn it back.
    ///
    /// A write changes nothing unless its position is higher than that of the stored document. A removed document
    /// keeps its position (a tombstone), so that an event that returns cannot revive it.
    async fn commit(
        &self,
        collection: &Collection,
        writes: &[Write],
        progress: Option<&Progress>,
    ) -> Result<(), PortError>;

    /// The documents under these keys, also removed ones (with `body: None`), in any order.
    async fn get(
        &self,
        collection: &Collection,
        keys: &[String],
    ) -> Result<Vec<Document>, PortError>;

    /// The document under `key`, also a removed one, for whoever only hands it on: as [`get`](Self::get) tells it. A store
    /// that has it as text need not read it for that.
    async fn get_written(
        &self,
        collection: &Collection,
        key: &str,
    ) -> Result<Option<WrittenDocument>, PortError> {
        let found = self.get(collection, &[key.to_owned()]).await?;
        let found = found.into_iter().find(|document| document.key == key);
        Ok(found.map(|document| WrittenDocument::of(document.position, document.body.as_ref())))
    }

    /// The documents that match, in order; removed ones are never among them.
    async fn query(&self, collection: &Collection, query: &Query) -> Result<Page, PortError>;

    /// How many documents match, by the value of one declared field (`None`: the field is missing or null).
    async fn count_by(
        &self,
        collection: &Collection,
        filters: &[Filter],
        field: &'static str,
    ) -> Result<Vec<(Option<Value>, u64)>, PortError>;

    /// How far the collection has come.
    async fn progress(&self, collection: &Collection) -> Result<Option<Progress>, PortError>;

    /// Which generation of `name` readers see, and which they saw before it.
    async fn generations(&self, name: &str) -> Result<Generations, PortError>;

    /// Sets what [`generations`](Self::generations) tells, at once for all readers.
    async fn promote(&self, name: &str, generations: Generations) -> Result<(), PortError>;

    /// Drops a collection with its progress; that it is not there is no error.
    async fn drop_collection(&self, collection: &Collection) -> Result<(), PortError>;
}

/// One generation of one projection's documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// The projection's name: lower-case letters and `_`.
    pub name: &'static str,
    /// Counts from 1.
    pub generation: u64,
    /// What can be filtered, sorted and counted by; nothing else can.
    pub fields: &'static [Field],
}

/// A field of a document's top level that queries may name. Values are strings, whole numbers, booleans or null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// As it stands in the document: `zone`.
    pub name: &'static str,
}

/// Which generations there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generations {
    /// What readers see; `None` before the first one.
    pub live: Option<u64>,
    /// What a roll-back would show; kept up to date beside the live one.
    pub previous: Option<u64>,
    /// The highest generation ever begun.
    pub newest: u64,
}

/// One change of one document.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// Which document.
    pub key: String,
    /// Of the event that led to it.
    pub position: GlobalPosition,
    /// The new content, a JSON object; `None` removes it.
    pub body: Option<Value>,
}

/// A stored document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its key.
    pub key: String,
    /// Of the last event that changed it.
    pub position: GlobalPosition,
    /// `None`: it was removed.
    pub body: Option<Value>,
}

/// A stored document whose body is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenDocument {
    /// Of the last event that changed it.
    pub position: GlobalPosition,
    /// JSON; `None`: it was removed.
    pub body: Option<Bytes>,
}

impl WrittenDocument {
    /// Writes `body` out.
    pub fn of(position: GlobalPosition, body: Option<&Value>) -> Self {
        let write = |body| serde_json::to_vec(body).expect("JSON values can be written as JSON");
        Self { position, body: body.map(write).map(Bytes::from) }
    }
}

/// Which documents, in which order.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// All of these hold.
    pub filters: Vec<Filter>,
    /// By this declared field, then by key; `None`: by key.
    pub sort: Option<Sort>,
    /// After the document to which this belongs; it comes from [`Page::next`] of the same query.
    pub cursor: Option<Cursor>,
    /// At most this many; never more than [`PAGE_DOCUMENTS_MAX`].
    pub documents_max: usize,
}

/// A condition on one declared field.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The field's name.
    pub field: &'static str,
    /// Its value is this; `Value::Null` matches null and missing.
    pub equals: Value,
}

/// An order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// A declared field that is a string, a whole number or null. Null comes first, strings compare by their bytes.
    pub field: &'static str,
    /// The other way round, the key included.
    pub descending: bool,
}

/// Where a page ended: the sort field's value and the key of its last document.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    /// `Value::Null` when the order is by key alone.
    pub value: Value,
    /// Of the last document.
    pub key: String,
}

/// Some documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// In the order asked for.
    pub documents: Vec<Document>,
    /// Where to go on; `None` when there is no more.
    pub next: Option<Cursor>,
}
