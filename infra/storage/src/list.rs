//! Lists the originals of a tree.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;

use uuid::Uuid;

use crate::place::ORIGINAL;

/// By id, after `after`. A folder tells its entries in no order, so all are looked at; but no more are kept than asked
/// for.
pub(crate) fn originals(
    tree: &Path,
    after: Option<Uuid>,
    originals_max: usize,
) -> io::Result<Vec<Uuid>> {
    let mut first = BTreeSet::new();
    for entry in fs::read_dir(tree)? {
        let entry = entry?;
        let Some(task_id) = task_of(&entry) else { continue };
        let is_among_first =
            first.len() < originals_max || first.last().is_some_and(|last| task_id < *last);
        if after.is_none_or(|after| task_id > after) && is_among_first && has_original(&entry) {
            first.insert(task_id);
            if first.len() > originals_max {
                first.pop_last();
            }
        }
    }
    Ok(first.into_iter().collect())
}

/// Only the form in which ids are written counts.
fn task_of(entry: &DirEntry) -> Option<Uuid> {
    let name = entry.file_name();
    let name = name.to_str()?;
    let task_id = Uuid::try_parse(name).ok()?;
    (task_id.to_string() == name).then_some(task_id)
}

/// Links are never followed.
fn has_original(folder: &DirEntry) -> bool {
    let is_folder = folder.file_type().is_ok_and(|kind| kind.is_dir());
    is_folder && fs::symlink_metadata(folder.path().join(ORIGINAL)).is_ok_and(|file| file.is_file())
}
