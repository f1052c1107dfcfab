//! Kafka's own producer benchmark, from the libraries of the native installation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

const MAIN_CLASS: &str = "org.apache.kafka.tools.ProducerPerformance";
/// A library of that name has it.
const LIBRARY: &str = "kafka-tools-";
/// So many records are told apart; then they come again.
const PAYLOADS: usize = 1_000;

/// What is to be sent, and where to.
pub(crate) struct Load<'a> {
    pub(crate) brokers: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) records: u64,
    /// A text of the records' size that compresses as they do; a number is put in front.
    pub(crate) text: &'a str,
}

/// Records a second, acknowledged by all and compressed as ours are. `None` where the tool is not there.
pub(crate) fn records_per_second(load: &Load<'_>) -> Option<f64> {
    let libraries = libraries()?;
    let file = std::env::temp_dir().join(format!("atalaya-payloads-{}", std::process::id()));
    let lines: Vec<String> =
        (0..PAYLOADS).map(|number| format!("{number:06}{}", load.text)).collect();
    fs::write(&file, lines.join("\n")).expect("there is room for the payloads");
    let output = Command::new("java")
        .args(["-Xmx256m", "-cp", &format!("{}/*", libraries.display()), MAIN_CLASS])
        .args(["--topic", load.topic, "--num-records", &load.records.to_string()])
        .args(["--throughput", "-1", "--payload-file"])
        .arg(&file)
        .args(["--producer-props", &format!("bootstrap.servers={}", load.brokers)])
        .args(["acks=all", "enable.idempotence=true", "compression.type=lz4"])
        .output();
    fs::remove_file(&file).expect("it was written");
    let output = output.ok()?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    // Lines before the last one tell how it goes.
    let (before, _) = told.lines().last()?.split_once(" records/sec")?;
    before.rsplit(' ').next()?.parse().ok()
}

/// The newest of the folders in which `compose/native/services` keeps Kafka.
fn libraries() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let folders = fs::read_dir(cache.join("atalaya/native")).ok()?.filter_map(Result::ok);
    let made = |folder: &Path| folder.metadata().and_then(|it| it.modified()).ok();
    folders
        .map(|folder| folder.path())
        .filter(|folder| has_library(folder))
        .max_by_key(|folder| made(folder).unwrap_or(SystemTime::UNIX_EPOCH))
}

fn has_library(folder: &Path) -> bool {
    let files = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    files.into_iter().any(|file| file.file_name().to_string_lossy().starts_with(LIBRARY))
}
