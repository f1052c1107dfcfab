//! Blobs as objects of an S3-compatible store, in the layout that the folders have:
//!
//! ```text
//! {prefix}input/{task_id}/original.jpg       the picture as it was submitted
//! {prefix}output/{task_id}/1024x1024.jpg     a picture that was made of it
//! ```
//!
//! The store keeps the promises of the port by itself: an object is replaced as a whole, a write that was answered is
//! durable, and whoever reads afterwards sees it. Nothing is left behind by a write that was cut off.

mod settings;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutPayload};
use ports::PortError;
use ports::blobs::{BlobKey, Blobs};
use uuid::Uuid;

pub use settings::{AccessKey, S3Settings, SettingsError};

/// How large a blob may be.
pub const BLOB_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// `Blobs` in one bucket.
#[derive(Debug)]
pub struct S3Blobs {
    bucket: AmazonS3,
    prefix: String,
}

/// The blob is larger than [`BLOB_BYTES_MAX`].
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it has {0} bytes, more than {BLOB_BYTES_MAX}")]
struct TooLarge(u64);

impl S3Blobs {
    /// The bucket of `settings`. Nothing is asked of it yet.
    ///
    /// # Errors
    /// A setting cannot be used.
    pub fn new(settings: &S3Settings) -> Result<Self, SettingsError> {
        Ok(Self { bucket: settings.bucket()?, prefix: settings.prefix.clone() })
    }

    /// Nothing in it was ever a client's text.
    fn path(&self, key: &BlobKey) -> Path {
        let prefix = &self.prefix;
        // The name of an original is part of the layout, whatever its format.
        match key {
            BlobKey::Original { task_id } => format!("{prefix}input/{task_id}/original.jpg"),
            BlobKey::Variant { task_id, name } => {
                format!("{prefix}output/{task_id}/{}", name.as_str())
            }
        }
        .into()
    }
}

/// Of which task it is the original; none if it is something else.
fn task_of(path: &Path) -> Option<Uuid> {
    let folder = path.as_ref().strip_suffix("/original.jpg")?;
    folder.rsplit('/').next()?.parse().ok()
}

#[async_trait]
impl Blobs for S3Blobs {
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), PortError> {
        let path = self.path(key);
        let size = bytes.len() as u64;
        if size > BLOB_BYTES_MAX {
            return Err(PortError::new(format!("storing {path}"), TooLarge(size)));
        }
        let stored = self.bucket.put(&path, PutPayload::from_bytes(bytes)).await;
        stored.map(drop).map_err(|error| PortError::new(format!("storing {path}"), error))
    }

    async fn get(&self, key: &BlobKey) -> Result<Option<Bytes>, PortError> {
        let path = self.path(key);
        let failed = |error| PortError::new(format!("reading {path}"), error);
        let found = match self.bucket.get(&path).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let size = found.meta.size;
        if size > BLOB_BYTES_MAX {
            return Err(PortError::new(format!("reading {path}"), TooLarge(size)));
        }
        found.bytes().await.map(Some).map_err(failed)
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), PortError> {
        let path = self.path(key);
        match self.bucket.delete(&path).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(PortError::new(format!("deleting {path}"), error)),
        }
    }

    /// The store tells objects by their names, and ids of one length are in the order of their text.
    async fn originals(
        &self,
        after: Option<Uuid>,
        originals_max: usize,
    ) -> Result<Vec<Uuid>, PortError> {
        let folder = Path::from(format!("{}input", self.prefix));
        let offset = after.map(|task_id| self.path(&BlobKey::Original { task_id }));
        let objects = match &offset {
            Some(offset) => self.bucket.list_with_offset(Some(&folder), offset),
            None => self.bucket.list(Some(&folder)),
        };
        let ids = objects.try_filter_map(async |object| Ok(task_of(&object.location)));
        let page = ids.take(originals_max).try_collect().await;
        page.map_err(|error| PortError::new(format!("listing {folder}"), error))
    }
}
