//! Which generations of a projection there are, and under which version of it each was built.

use ports::PortError;
use ports::read_models::{Collection, Generations, ReadModels, Write};
use ports::stream::GlobalPosition;
use serde_json::json;

use crate::kind::ProjectionKind;
use crate::projector::handler_name;

/// One document per generation, written once.
const VERSIONS: Collection = Collection { name: "projection_versions", generation: 1, fields: &[] };

/// How a projection stands at the start of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What readers see.
    pub generations: Generations,
    /// The generations that this program may keep up to date: the live one and the one before, as far as they were
    /// built under its version of the projection. New rules on old documents would make neither.
    pub kept: Vec<u64>,
}

impl Standing {
    /// The live generation was built under another version: it stands still until a rebuild replaces it.
    pub fn is_outdated(&self) -> bool {
        self.generations.live.is_some_and(|live| !self.kept.contains(&live))
    }
}

/// Makes sure that there is a live generation, and tells how the projection stands.
///
/// # Errors
/// The store did not answer. May be called again at any time.
pub async fn prepare(
    kind: &dyn ProjectionKind,
    models: &dyn ReadModels,
) -> Result<Standing, PortError> {
    models.ensure(&VERSIONS).await?;
    let mut generations = models.generations(kind.name()).await?;
    if generations.live.is_none() {
        let first = generations.newest + 1;
        begin(kind, models, first).await?;
        generations = Generations { live: Some(first), previous: None, newest: first };
        models.promote(kind.name(), generations).await?;
    }
    let mut kept = Vec::new();
    for generation in [generations.live, generations.previous].into_iter().flatten() {
        let collection = kind.collection(generation);
        models.ensure(&collection).await?;
        if built_under(models, &collection).await? == Some(kind.version()) {
            kept.push(generation);
        }
    }
    Ok(Standing { generations, kept })
}

/// Makes an empty generation and notes under which version it is built.
pub(crate) async fn begin(
    kind: &dyn ProjectionKind,
    models: &dyn ReadModels,
    generation: u64,
) -> Result<(), PortError> {
    models.ensure(&VERSIONS).await?;
    let collection = kind.collection(generation);
    models.ensure(&collection).await?;
    let body = Some(json!({ "version": kind.version() }));
    let write = Write { key: handler_name(&collection), position: GlobalPosition(1), body };
    models.commit(&VERSIONS, &[write], None).await
}

/// Under which version of its projection a generation was built, if that is known.
///
/// # Errors
/// The store did not answer.
pub async fn built_under(
    models: &dyn ReadModels,
    collection: &Collection,
) -> Result<Option<u32>, PortError> {
    let noted = models.get(&VERSIONS, &[handler_name(collection)]).await?;
    let version = noted.first().and_then(|document| document.body.as_ref()?["version"].as_u64());
    Ok(version.and_then(|version| version.try_into().ok()))
}
