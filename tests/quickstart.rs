//! What the README tells a newcomer to type does what it says, word for word.

#[path = "common/common.rs"]
mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

#[cfg(feature = "production")]
use common::cluster::{Cluster, Installation};
use common::samples::jpeg;
use common::server::{Server, ServerOptions, files_below};
use common::wait::within;

/// How the block begins.
const MARK: &str = "# quick-start";
const QUICK_START_S_MAX: u64 = 120;
/// No side of a picture that was made is longer.
const SIDES: [(&str, u32); 2] = [("1024", 1024), ("800", 800)];

/// The one block of shell in a README that is marked.
fn block(readme: &str) -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join(readme);
    let text = fs::read_to_string(readme).expect("there is a README");
    let blocks = text.split("```bash\n").skip(1).filter_map(|rest| rest.split("```").next());
    let marked: Vec<_> = blocks.filter(|block| block.starts_with(MARK)).collect();
    let [block] = marked[..] else { panic!("{} blocks begin with {MARK}", marked.len()) };
    block.to_owned()
}

#[test]
fn who_reads_spanish_types_the_same() {
    assert_eq!(block("README.es.md"), block("README.md"));
}

#[tokio::test]
async fn the_quick_start_of_the_readme_works_as_written() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(&ServerOptions::new(data.path())).await;
    follow(&[("ATALAYA_URL", &server.url)]).await;
    server.stop().await;
}

#[cfg(feature = "production")]
#[tokio::test]
async fn the_quick_start_works_over_a_process_per_role() {
    let Some(installation) = Installation::migrated() else { return };
    let cluster = Cluster::start(&installation).await;
    let (queries, commands) = (&cluster.api.url, &cluster.ams.url);
    follow(&[("ATALAYA_URL", queries), ("ATALAYA_COMMANDS_URL", commands)]).await;
    cluster.stop().await;
}

/// Types what the README says, and looks at what came of it.
async fn follow(addresses: &[(&str, &str)]) {
    let place = tempfile::tempdir().expect("a temporary folder");
    fs::write(place.path().join("photo.jpg"), jpeg(1600, 1200, 1)).expect("a file can be written");
    let (out, err) = (place.path().join("stdout.log"), place.path().join("stderr.log"));
    let mut shell = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &block("README.md")])
        .current_dir(place.path())
        .envs(addresses.iter().copied())
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).expect("a file can be made"))
        .stderr(fs::File::create(&err).expect("a file can be made"))
        .spawn()
        .expect("bash can be started");
    let bound = Duration::from_secs(QUICK_START_S_MAX);
    let status = within(bound, async || shell.try_wait().expect("a child has a state")).await;
    let said = [out, err].map(|file| fs::read_to_string(file).expect("it was written"));
    // What hangs is not left behind.
    let _ = shell.kill();
    let succeeded = status.is_some_and(|status| status.success());
    assert!(succeeded, "{status:?}\n{}\n{}", said[0], said[1]);
    check_pictures(place.path());
    check_plots(place.path());
}

fn check_pictures(place: &Path) {
    let made: Vec<_> = files_below(place).into_iter().filter(|file| is(file, "jpg")).collect();
    for (name, side) in SIDES {
        let named = |file: &&std::path::PathBuf| {
            file.file_name().is_some_and(|file| file.to_string_lossy().contains(name))
        };
        let file = made.iter().find(named).unwrap_or_else(|| panic!("no {name} in {made:?}"));
        let picture = image::open(file).expect("it is a picture");
        assert_eq!(picture.width().max(picture.height()), side, "{file:?}");
    }
}

fn check_plots(place: &Path) {
    let plots: Vec<_> = files_below(place).into_iter().filter(|file| is(file, "svg")).collect();
    assert!(!plots.is_empty(), "no plot was drawn");
    for plot in plots {
        let text = fs::read_to_string(&plot).expect("a plot is text");
        assert!(text.trim_start().starts_with("<svg") || text.starts_with("<?xml"), "{plot:?}");
        assert!(text.trim_end().ends_with("</svg>"), "{plot:?} is cut off");
        assert!(text.contains("<polyline") || text.contains("<path"), "{plot:?} shows nothing");
    }
}

fn is(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}
