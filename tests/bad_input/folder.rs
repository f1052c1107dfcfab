//! A folder that is in use, or that cannot be used.

use std::fs;
use std::process::{Command, Output};

use super::world::World;
use crate::common::server::ServerOptions;

/// It is expected to refuse to start.
fn refusal(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("the program can be started");
    let said = String::from_utf8_lossy(&stderr).into_owned();
    assert!(!status.success(), "it started: {said}");
    assert!(stdout.is_empty(), "{}", String::from_utf8_lossy(&stdout));
    let lines: Vec<_> = said.lines().collect();
    let [line] = lines[..] else { panic!("it is not said in one line: {said}") };
    assert!(line.starts_with("atalaya: "), "{line}");
    line.to_owned()
}

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_refused_and_the_first_serves_on() {
    let mut world = World::new().await;
    let folder = world.folder.path().to_owned();
    let line = refusal(ServerOptions::new(&folder).command());
    assert!(line.contains("is in use by process"), "{line}");
    assert!(line.contains(&folder.display().to_string()), "{line}");
    world.assert_unharmed().await;
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("taken");
    fs::write(&file, "a file where the folder should be").unwrap();
    let line = refusal(ServerOptions::new(&file).command());
    assert!(line.contains(&file.display().to_string()), "{line}");
}

#[test]
fn the_file_of_another_program_is_left_alone() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("log.db");
    fs::write(&file, "these are not our bytes".repeat(100)).unwrap();
    let line = refusal(ServerOptions::new(scratch.path()).command());
    assert!(line.contains("log.db"), "{line}");
    assert_eq!(fs::read(&file).unwrap(), "these are not our bytes".repeat(100).as_bytes());
}

#[test]
fn a_wrong_setting_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let line = refusal(ServerOptions::new(scratch.path()).with("CONCURRENCY", "many").command());
    assert!(line.contains("CONCURRENCY"), "{line}");
}
