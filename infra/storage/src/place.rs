//! Where a blob lies.

use std::fmt;
use std::path::{Path, PathBuf};

use ports::blobs::BlobKey;

/// Part of the layout, whatever the format of the picture.
pub(crate) const ORIGINAL: &str = "original.jpg";

/// A file in a task's folder in one of the two trees. Nothing in it was ever a client's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) tree: PathBuf,
    pub(crate) folder: String,
    pub(crate) file: String,
}

impl Place {
    pub(crate) fn of(key: &BlobKey, input: &Path, output: &Path) -> Self {
        match key {
            BlobKey::Original { task_id } => Self {
                tree: input.to_owned(),
                folder: task_id.to_string(),
                file: ORIGINAL.to_owned(),
            },
            BlobKey::Variant { task_id, name } => Self {
                tree: output.to_owned(),
                folder: task_id.to_string(),
                file: name.as_str().to_owned(),
            },
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tree.join(&self.folder).join(&self.file).display().fmt(f)
    }
}
