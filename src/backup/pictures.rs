//! The pictures of a backup: those that the log names.

use std::path::Path;

use anyhow::{Context, anyhow};
use domain::image::{Image, ImageEvent};
use futures::{StreamExt, TryStreamExt, stream};
use infra_storage::DirectoryBlobs;
use ports::PortError;
use ports::blobs::{BlobKey, Blobs, VariantName};
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogQuery};
use ports::stream::GlobalPosition;
use uuid::Uuid;

const INPUT: &str = "input";
const OUTPUT: &str = "output";
const CATEGORY: &str = "image";
const EVENTS_MAX: usize = 1_000;
/// How many pictures are copied at a time.
const COPIES_AT_ONCE: usize = 8;

/// The pictures of the backup in `folder`.
pub(super) fn folders(folder: &Path) -> anyhow::Result<DirectoryBlobs> {
    let opened = DirectoryBlobs::open(folder.join(INPUT), folder.join(OUTPUT));
    opened.with_context(|| format!("making {}", folder.display()))
}

/// Copies every picture that `log` names up to `through`; tells how many are not there any more. A picture is stored
/// before the event that names it, so whatever is missing was deleted.
pub(super) async fn copy(
    log: &dyn EventLog,
    through: GlobalPosition,
    from: &dyn Blobs,
    to: &dyn Blobs,
) -> anyhow::Result<u64> {
    let mut query = LogQuery {
        events_max: EVENTS_MAX,
        categories: vec![CATEGORY.to_owned()],
        ..LogQuery::default()
    };
    let mut missing = 0;
    while query.after < through {
        let page = log.read(&query).await.map_err(|error| anyhow!(error.chain()))?;
        let keys = page.events.iter().filter_map(|event| key(event).transpose());
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let copies = stream::iter(keys.iter().map(|key| copy_one(key, from, to)));
        let found: Vec<bool> = copies
            .buffer_unordered(COPIES_AT_ONCE)
            .try_collect()
            .await
            .map_err(|error: PortError| anyhow!(error.chain()))?;
        missing += found.iter().filter(|found| !**found).count() as u64;
        if page.through <= query.after {
            break;
        }
        query.after = page.through;
    }
    Ok(missing)
}

/// Whether there was something to copy.
pub(super) async fn copy_one(
    key: &BlobKey,
    from: &dyn Blobs,
    to: &dyn Blobs,
) -> Result<bool, PortError> {
    let Some(bytes) = from.get(key).await? else { return Ok(false) };
    to.put(key, bytes).await?;
    Ok(true)
}

/// The picture that an event says to be there.
fn key(event: &RecordedEvent) -> anyhow::Result<Option<BlobKey>> {
    let task_id = event.stream.id;
    let decoded = event.decode::<Image>().with_context(|| format!("reading {}", event.id()))?;
    Ok(match decoded {
        ImageEvent::Submitted(_) => Some(BlobKey::Original { task_id }),
        ImageEvent::VariantProduced(variant) => {
            VariantName::new(&variant.name).map(|name| BlobKey::Variant { task_id, name })
        }
        _ => None,
    })
}

/// The picture that lies at this path below the folder of pictures.
pub(super) fn key_at(path: &str) -> Option<BlobKey> {
    let mut parts = path.split('/');
    let (tree, task_id, name) = (parts.next()?, parts.next()?.parse::<Uuid>().ok()?, parts.next()?);
    match (tree, parts.next()) {
        (INPUT, None) => Some(BlobKey::Original { task_id }),
        (OUTPUT, None) => Some(BlobKey::Variant { task_id, name: VariantName::new(name)? }),
        _ => None,
    }
}
