//! Blobs as files, in the layout that outside programs rely on:
//!
//! ```text
//! {input}/{task_id}/original.jpg       the picture as it was submitted
//! {output}/{task_id}/1024x1024.jpg     a picture that was made of it
//! ```
//!
//! A file appears under its name whole and durable, or not at all: it is written under a name of its own
//! (`.tmp-…`) beside its place, and renamed. Symbolic links within the tree are never followed.
//!
//! Kill points, for tests that stop the process (with the feature `fail/failpoints`): `blob-before-rename`,
//! `blob-after-rename`.

mod folder;
mod list;
mod place;
mod room;
mod sweep;

use std::io;
use std::path::PathBuf;

use async_trait::async_trait;
use bytes::Bytes;
use ports::PortError;
use ports::blobs::{BlobKey, Blobs};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use folder::Folder;
use place::Place;
pub use room::{Room, room};
pub use sweep::Swept;

/// How large a blob may be.
pub const BLOB_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// `Blobs` in two directory trees.
#[derive(Clone, Debug)]
pub struct DirectoryBlobs {
    input: PathBuf,
    output: PathBuf,
}

impl DirectoryBlobs {
    /// Makes the two folders unless they are there.
    ///
    /// # Errors
    /// One of them cannot be made.
    pub fn open(input: impl Into<PathBuf>, output: impl Into<PathBuf>) -> io::Result<Self> {
        let (input, output) = (input.into(), output.into());
        std::fs::create_dir_all(&input)?;
        std::fs::create_dir_all(&output)?;
        Ok(Self { input, output })
    }

    /// Removes what writes left behind that a crash cut off, and folders that have become empty, when they are at
    /// least `age_s_min` seconds old: 0 where nobody else writes into the trees.
    ///
    /// # Errors
    /// A tree cannot be read. What was removed before stays removed.
    pub fn sweep(&self, age_s_min: u64) -> io::Result<Swept> {
        Ok(sweep::sweep(&self.input, age_s_min)? + sweep::sweep(&self.output, age_s_min)?)
    }

    fn place(&self, key: &BlobKey) -> Place {
        Place::of(key, &self.input, &self.output)
    }
}

#[async_trait]
impl Blobs for DirectoryBlobs {
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), PortError> {
        on_disk("storing", self.place(key), move |place| {
            if bytes.len() as u64 > BLOB_BYTES_MAX {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            Folder::make(&place.tree, &place.folder)?.put(&place.file, &bytes)
        })
        .await
    }

    async fn get(&self, key: &BlobKey) -> Result<Option<Bytes>, PortError> {
        let read = |place: &Place| Folder::open(&place.tree, &place.folder)?.get(&place.file);
        on_disk("reading", self.place(key), move |place| present(read(place))).await
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), PortError> {
        let delete = |place: &Place| Folder::open(&place.tree, &place.folder)?.delete(&place.file);
        let deleted = on_disk("deleting", self.place(key), move |place| present(delete(place)));
        deleted.await.map(|_| ())
    }

    async fn originals(
        &self,
        after: Option<Uuid>,
        originals_max: usize,
    ) -> Result<Vec<Uuid>, PortError> {
        let (input, failed) = (self.input.clone(), format!("listing {}", self.input.display()));
        match spawn_blocking(move || list::originals(&input, after, originals_max)).await {
            Ok(Ok(originals)) => Ok(originals),
            Ok(Err(error)) => Err(PortError::new(failed, error)),
            Err(panic) => Err(PortError::new(failed, panic)),
        }
    }
}

/// Does `work` on a thread that may block.
async fn on_disk<T: Send + 'static>(
    attempted: &str,
    place: Place,
    work: impl FnOnce(&Place) -> io::Result<T> + Send + 'static,
) -> Result<T, PortError> {
    let failed = format!("{attempted} {place}");
    match spawn_blocking(move || work(&place)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(PortError::new(failed, error)),
        Err(panic) => Err(PortError::new(failed, panic)),
    }
}

/// That something is not there is an answer.
fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
