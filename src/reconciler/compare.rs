//! Folds as a projector does, and without ever giving up: what cannot be folded is left out, as if it were parked.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ports::PortError;
use ports::event::RecordedEvent;
use ports::read_models::{Collection, Document, ReadModels};
use ports::stream::GlobalPosition;
use projections::ProjectionKind;
use projections::generation::built_under;
use projections::rebuild::document_hash;

/// The log itself, among the models.
pub(super) const LOG: &str = "log";

/// What readers see of a projection, and up to which position it holds everything that was not parked.
#[derive(Clone, Debug)]
pub(super) struct LiveModel {
    pub(super) collection: Collection,
    pub(super) position: GlobalPosition,
}

impl LiveModel {
    /// `None` when there is none, or when it was built under other rules than this program's: then a rebuild is due,
    /// and nothing can be compared.
    pub(super) async fn of(
        kind: &dyn ProjectionKind,
        models: &dyn ReadModels,
    ) -> Result<Option<Self>, PortError> {
        let Some(live) = models.generations(kind.name()).await?.live else { return Ok(None) };
        let collection = kind.collection(live);
        if built_under(models, &collection).await? != Some(kind.version()) {
            return Ok(None);
        }
        let progress = models.progress(&collection).await?;
        let position = progress.map(|progress| progress.position).unwrap_or_default();
        Ok(Some(Self { collection, position }))
    }
}

/// The document after `events`. An event that cannot be folded is left out: it is parked, or a person gave it up.
pub(super) fn fold(
    kind: &dyn ProjectionKind,
    key: &str,
    document: Option<Document>,
    events: &[&RecordedEvent],
) -> Option<Document> {
    if let Some(folded) = attempt(kind, key, document.as_ref(), events) {
        return folded;
    }
    let mut document = document;
    for event in events {
        if let Some(folded) = attempt(kind, key, document.as_ref(), &[event]) {
            document = folded;
        }
    }
    document
}

/// `None`: it is not possible. A fold that panics is a fold that fails.
fn attempt(
    kind: &dyn ProjectionKind,
    key: &str,
    document: Option<&Document>,
    events: &[&RecordedEvent],
) -> Option<Option<Document>> {
    let folding = || kind.fold(key, document.cloned(), events).ok();
    catch_unwind(AssertUnwindSafe(folding)).ok().flatten()
}

/// Whether two documents say the same of the same position.
pub(super) fn are_same(one: &Document, other: &Document) -> bool {
    document_hash(one) == document_hash(other)
}
