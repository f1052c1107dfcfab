//! A read model as a fold over the events of streams.

use domain::aggregate::DecodeError;
use ports::event::RecordedEvent;
use ports::read_models::{Field, Sort};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Builds documents from events; pure, so that a document built from zero equals the live one.
///
/// **A document belongs to one stream**: its key is the stream's id, or that id and a suffix. So a stream that is
/// parked distorts no other document, what is replayed later meets a document that waited for it, and a rebuild may
/// be cut into parts by stream. What spans streams is counted by the store (`ReadModels::count_by`).
pub trait Projection: Send + Sync + 'static {
    /// The name of its collections: `motors`.
    const NAME: &'static str;
    /// Whose events it folds.
    const CATEGORIES: &'static [&'static str];
    /// The version of its documents' shape and meaning. A rebuild under the same version must give the same
    /// documents; whoever changes the fold so that it does not raises this.
    const VERSION: u32;
    /// What queries may name.
    const FIELDS: &'static [Field] = &[];
    /// Where its documents can be asked for; `None`: only by routes of its own.
    const RESOURCE: Option<Resource> = None;
    /// What it builds.
    type Document: Serialize + DeserializeOwned + JsonSchema + Send + Sync;

    /// The document that an event changes; `None`: none.
    fn key(event: &RecordedEvent) -> Option<String> {
        Some(event.stream.id.to_string())
    }

    /// The document after an event; `None`: there is none any more.
    ///
    /// # Errors
    /// The event cannot be read, or cannot have happened to this document.
    fn evolve(
        document: Option<Self::Document>,
        event: &RecordedEvent,
    ) -> Result<Option<Self::Document>, FoldError>;
}

/// Why an event cannot be folded, however often it is tried.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
    /// It happened to something of which the beginning is not known.
    #[error("`{0}` happened before the beginning of its stream was seen")]
    NoBeginning(String),
}

impl FoldError {
    /// `event` needs a document that is not there.
    pub fn no_beginning(event: &RecordedEvent) -> Self {
        Self::NoBeginning(event.event_type.clone())
    }
}

/// Where the documents of a projection can be asked for, as data: both routes, and what the API's description needs.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    /// The list: `/v1/motors`.
    pub list: &'static str,
    /// One of them, with `{id}` for its key: `/v1/motors/{id}`.
    pub item: &'static str,
    /// What one of them is, for people: `motor`.
    pub noun: &'static str,
    /// One line on the list.
    pub summary: &'static str,
    /// What the list can be narrowed by.
    pub filters: &'static [Filterable],
    /// The order of the list; `None`: by key.
    pub sort: Option<Sort>,
    /// Its documents are completed with the newest readings of the motor whose id is their key.
    pub with_readings: bool,
}

/// A field by which a list can be narrowed.
#[derive(Clone, Copy, Debug)]
pub struct Filterable {
    /// Its name in the document and in the query; one of [`Projection::FIELDS`].
    pub field: &'static str,
    /// What holds when the query does not name it; [`ANY`] in the query lifts it.
    pub default: Option<&'static str>,
    /// The word in a query for "not set".
    pub unset: Option<&'static str>,
}

/// The word in a query that lifts a default filter.
pub const ANY: &str = "any";

impl Filterable {
    /// By `field`, as it stands in the document.
    pub const fn by(field: &'static str) -> Self {
        Self { field, default: None, unset: None }
    }
}
