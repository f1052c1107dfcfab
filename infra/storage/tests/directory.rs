//! What is particular to files: the layout, links, leftovers, a full disk.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing")]

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use infra_storage::{DirectoryBlobs, Swept};
use ports::blobs::{BlobKey, Blobs, VariantName};
use tempfile::TempDir;
use uuid::Uuid;

const TASK: Uuid = Uuid::from_u128(0x018f_3c5e_0000_7000_8000_0000_0000_0007);
const TASK_FOLDER: &str = "018f3c5e-0000-7000-8000-000000000007";
const ORIGINAL: BlobKey = BlobKey::Original { task_id: TASK };

/// Set for a process whose files cannot grow beyond [`FILE_BLOCKS_MAX`].
const FULL_DISK: &str = "ATALAYA_TEST_FULL_DISK";
/// Blocks of 512 or 1024 bytes, as the shell counts them.
const FILE_BLOCKS_MAX: &str = "16";

struct Trees {
    blobs: DirectoryBlobs,
    folder: TempDir,
}

impl Trees {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a test may write");
        let (input, output) = (folder.path().join("input"), folder.path().join("output"));
        Self { blobs: DirectoryBlobs::open(input, output).expect("they are new"), folder }
    }

    fn task_folder(&self, tree: &str) -> PathBuf {
        self.folder.path().join(tree).join(TASK_FOLDER)
    }

    fn make_task_folder(&self, tree: &str) -> PathBuf {
        let folder = self.task_folder(tree);
        fs::create_dir(&folder).expect("it is new");
        folder
    }
}

fn variant(name: &str) -> BlobKey {
    BlobKey::Variant { task_id: TASK, name: VariantName::new(name).expect("it is plain") }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn outside_programs_find_the_files_under_their_names() {
    let trees = Trees::new();
    trees.blobs.put(&ORIGINAL, Bytes::from_static(b"png")).await.unwrap();
    trees.blobs.put(&variant("1024x1024.jpg"), Bytes::from_static(b"jpg")).await.unwrap();
    assert_eq!(fs::read(trees.task_folder("input").join("original.jpg")).unwrap(), b"png");
    assert_eq!(fs::read(trees.task_folder("output").join("1024x1024.jpg")).unwrap(), b"jpg");
    assert_eq!(names(&trees.task_folder("input")), ["original.jpg"]);
    assert_eq!(names(&trees.task_folder("output")), ["1024x1024.jpg"]);
}

#[tokio::test]
async fn a_file_of_an_outside_program_is_read() {
    let trees = Trees::new();
    let folder = trees.make_task_folder("input");
    fs::write(folder.join("original.jpg"), "from elsewhere").unwrap();
    assert_eq!(trees.blobs.get(&ORIGINAL).await.unwrap().unwrap(), "from elsewhere");
}

#[tokio::test]
async fn a_link_in_place_of_a_file_is_not_followed() {
    let trees = Trees::new();
    let secret = trees.folder.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    let folder = trees.make_task_folder("input");
    symlink(&secret, folder.join("original.jpg")).unwrap();
    assert!(trees.blobs.get(&ORIGINAL).await.is_err());
    trees.blobs.put(&ORIGINAL, Bytes::from_static(b"new")).await.unwrap();
    assert_eq!(fs::read(&secret).unwrap(), b"secret", "the link is replaced, not written through");
    assert_eq!(trees.blobs.get(&ORIGINAL).await.unwrap().unwrap(), "new");
}

#[tokio::test]
async fn a_link_in_place_of_a_folder_is_not_followed() {
    let trees = Trees::new();
    let elsewhere = trees.folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("original.jpg"), "secret").unwrap();
    symlink(&elsewhere, trees.task_folder("input")).unwrap();
    assert!(trees.blobs.get(&ORIGINAL).await.is_err());
    assert!(trees.blobs.put(&ORIGINAL, Bytes::from_static(b"new")).await.is_err());
    assert!(trees.blobs.delete(&ORIGINAL).await.is_err());
    assert_eq!(fs::read(elsewhere.join("original.jpg")).unwrap(), b"secret");
}

#[tokio::test]
async fn what_is_no_file_is_an_error_that_names_the_place() {
    let trees = Trees::new();
    fs::create_dir(trees.make_task_folder("input").join("original.jpg")).unwrap();
    let error = trees.blobs.get(&ORIGINAL).await.unwrap_err().chain();
    assert!(error.contains(&format!("{TASK_FOLDER}/original.jpg")), "{error}");
    assert!(error.contains("no regular file"), "{error}");
}

#[tokio::test]
async fn a_sweep_removes_what_was_cut_off_and_nothing_else() {
    let trees = Trees::new();
    trees.blobs.put(&ORIGINAL, Bytes::from_static(b"kept")).await.unwrap();
    fs::write(trees.task_folder("input").join(".tmp-1"), "half").unwrap();
    fs::write(trees.make_task_folder("output").join(".tmp-2"), "half").unwrap();
    let foreign = trees.folder.path().join("input/lost+found");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join(".tmp-3"), "not ours").unwrap();

    assert_eq!(trees.blobs.sweep(0).unwrap(), Swept { files: 2, folders: 1 });
    assert_eq!(names(&trees.task_folder("input")), ["original.jpg"]);
    assert!(!trees.task_folder("output").exists());
    assert_eq!(names(&foreign), [".tmp-3"]);
    assert_eq!(trees.blobs.sweep(0).unwrap(), Swept::default());
}

#[test]
fn a_sweep_beside_other_writers_leaves_what_is_young() {
    let trees = Trees::new();
    let folder = trees.make_task_folder("input");
    for (name, age_s) in [(".tmp-young", 1), (".tmp-old", 4_000)] {
        let file = File::create(folder.join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age_s)).unwrap();
    }
    assert_eq!(trees.blobs.sweep(3_600).unwrap(), Swept { files: 1, folders: 0 });
    assert_eq!(names(&folder), [".tmp-young"]);
}

/// A limit on the size of files stands for a full disk: the write fails in the middle, in the same place.
#[test]
fn a_full_disk_leaves_nothing_half_written() {
    if std::env::var_os(FULL_DISK).is_some() {
        return put_on_a_full_disk();
    }
    let itself = std::env::current_exe().expect("a test is a program");
    let limited = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; ulimit -f "$0"; exec "$@""#, FILE_BLOCKS_MAX])
        .arg(itself)
        .args(["--exact", "a_full_disk_leaves_nothing_half_written", "--nocapture"])
        .env(FULL_DISK, "1")
        .output()
        .expect("there is a shell");
    let report = String::from_utf8_lossy(&limited.stdout);
    assert!(limited.status.success(), "{report}");
    assert!(report.contains("1 passed"), "{report}");
}

fn put_on_a_full_disk() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("it can be built");
    runtime.block_on(async {
        let trees = Trees::new();
        trees.blobs.put(&ORIGINAL, Bytes::from_static(b"old")).await.unwrap();
        let large = Bytes::from(vec![7; 1_000_000]);
        let error = trees.blobs.put(&ORIGINAL, large).await.unwrap_err().chain();
        assert!(error.contains("storing") && error.contains("original.jpg"), "{error}");
        assert_eq!(names(&trees.task_folder("input")), ["original.jpg"]);
        assert_eq!(trees.blobs.get(&ORIGINAL).await.unwrap().unwrap(), "old");
        trees.blobs.put(&ORIGINAL, Bytes::from_static(b"new")).await.unwrap();
        assert_eq!(trees.blobs.get(&ORIGINAL).await.unwrap().unwrap(), "new");
    });
}
