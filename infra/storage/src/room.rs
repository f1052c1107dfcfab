//! How much room there is where a folder lies.

use std::io;
use std::path::Path;

/// A file system as whoever may not dip into its reserve sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What can still be written.
    pub free_bytes: u64,
    /// What there is in all.
    pub size_bytes: u64,
}

/// The room where `folder` lies.
///
/// # Errors
/// The folder is not there, or may not be looked at.
pub fn room(folder: &Path) -> io::Result<Room> {
    let system = rustix::fs::statvfs(folder)?;
    let bytes = |blocks: u64| blocks.saturating_mul(system.f_frsize);
    Ok(Room { free_bytes: bytes(system.f_bavail), size_bytes: bytes(system.f_blocks) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_the_room_of_its_file_system_and_a_missing_one_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let room = super::room(folder.path()).unwrap();
        assert!(0 < room.free_bytes && room.free_bytes <= room.size_bytes, "{room:?}");
        let missing = super::room(&folder.path().join("nothing")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
