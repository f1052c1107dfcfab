//! The directory keeps the contract of blobs.

use infra_storage::DirectoryBlobs;
use tempfile::TempDir;

struct Fresh {
    blobs: DirectoryBlobs,
    _folder: TempDir,
}

fn fresh() -> Fresh {
    let folder = tempfile::tempdir().expect("a test may write");
    let (input, output) = (folder.path().join("input"), folder.path().join("output"));
    let blobs = DirectoryBlobs::open(input, output).expect("the folder is new");
    Fresh { blobs, _folder: folder }
}

mod blobs {
    ports::contract::blobs!(super::fresh(), |fresh| &fresh.blobs);
}
