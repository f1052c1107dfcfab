//! Which backups there are, and which of them are kept.

use std::fs;
use std::path::Path;

use anyhow::Context;
use domain::time::Timestamp;

use super::manifest;

const PREFIX: &str = "atalaya-";
/// What the name of a backup begins with that is not whole.
pub(super) const UNFINISHED: &str = ".unfinished-";
/// Sorts as time does.
const TIME_FORMAT: &str = "%Y%m%dT%H%M%S%3fZ";

pub(super) fn name_at(made_at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_microsecond(made_at.as_micros()).unwrap_or_default();
    format!("{PREFIX}{}", moment.strftime(TIME_FORMAT))
}

/// Removes all backups below `folder` but the newest `keep`, and what was left unfinished; tells how many. Folders
/// that are no backups stay.
pub(super) fn keep_newest(folder: &Path, keep: Option<usize>) -> anyhow::Result<usize> {
    let (mut backups, mut leftovers) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(UNFINISHED) {
            leftovers.push(path);
        } else if name.starts_with(PREFIX) && path.join(manifest::FILE).is_file() {
            backups.push(path);
        }
    }
    backups.sort();
    let too_many = keep.map_or(0, |keep| backups.len().saturating_sub(keep.max(1)));
    for path in leftovers.iter().chain(&backups[..too_many]) {
        fs::remove_dir_all(path).with_context(|| format!("removing {}", path.display()))?;
    }
    Ok(too_many)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let times = ["2026-01-31T12:00:00.5Z", "2026-01-31T12:00:01Z", "2025-12-31T23:59:59Z"];
        let names = times.map(|time| name_at(time.parse().unwrap()));
        assert_eq!(names[0], "atalaya-20260131T120000500Z");
        for name in &names {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join(manifest::FILE), "{}").unwrap();
        }
        for other in ["atalaya-notes", "photos", &format!("{UNFINISHED}atalaya-1")] {
            fs::create_dir(folder.path().join(other)).unwrap();
        }
        assert_eq!(keep_newest(folder.path(), None).unwrap(), 0);
        assert_eq!(keep_newest(folder.path(), Some(2)).unwrap(), 1);
        let left = |name: &str| folder.path().join(name).exists();
        assert_eq!(names.each_ref().map(|name| left(name)), [true, true, false]);
        assert!(left("atalaya-notes") && left("photos"));
        assert!(!left(&format!("{UNFINISHED}atalaya-1")));
        assert_eq!(keep_newest(folder.path(), Some(0)).unwrap(), 1, "one is always kept");
    }
}
