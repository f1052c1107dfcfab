//! The how-to pages are true: what they say is done to a copy of the sources, and the result is compiled and run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The sources by their path within the workspace.
type Tree = BTreeMap<PathBuf, Vec<u8>>;

const AGGREGATE: &str = include_str!("../docs/howto/add-an-aggregate.md");
const PROJECTION: &str = include_str!("../docs/howto/add-a-projection.md");

/// What is put beside the result, to see that it does what the pages promise.
const PROOFS: [(&str, &str); 2] = [
    ("commands/tests/pumps.rs", include_str!("howto/commands.rs")),
    ("projections/tests/pumps.rs", include_str!("howto/projections.rs")),
];

/// The tests of the pages and the proofs together. Fewer would mean that some were not run.
const TESTS_MIN: usize = 10;

#[test]
fn an_aggregate_and_a_projection_cost_one_file_and_two_lines_each_and_work() {
    let original = sources();
    let with_aggregate = applied(AGGREGATE, &original);
    assert_cost(&original, &with_aggregate);
    let mut tree = applied(PROJECTION, &with_aggregate);
    assert_cost(&with_aggregate, &tree);
    tree.extend(PROOFS.map(|(path, text)| (path.into(), text.as_bytes().to_vec())));
    // Always the same folder, and only what differs is written: the second run compiles little.
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("howto");
    write(&copy, &tree);
    assert_formatted(&copy);
    assert_tests_pass(&copy);
}

#[test]
fn a_page_that_has_fallen_behind_the_sources_is_noticed() {
    let mut moved = sources();
    moved.insert("domain/src/lib.rs".into(), b"//! Something else.\n".to_vec());
    let applied = std::panic::catch_unwind(|| applied(AGGREGATE, &moved));
    assert!(applied.is_err());
}

/// All that Cargo needs, and a little more; nothing that was built.
fn sources() -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tree = Tree::new();
    gather(root, Path::new(""), &mut tree);
    tree
}

fn gather(root: &Path, folder: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(root.join(folder)).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let name = entry.file_name();
        let path = folder.join(&name);
        let is_hidden = name.to_string_lossy().starts_with('.');
        let is_built = folder == Path::new("") && (name == "target" || name == "data");
        if is_hidden || is_built {
            continue;
        }
        match entry.file_type().expect("the entry has a type") {
            kind if kind.is_dir() => gather(root, &path, tree),
            kind if kind.is_file() => {
                tree.insert(path.clone(), fs::read(root.join(path)).expect("the file can be read"));
            }
            _ => {}
        }
    }
}

/// The sources after a reader has done what the page says.
fn applied(page: &str, before: &Tree) -> Tree {
    let mut tree = before.clone();
    for block in blocks(page, "rust") {
        let (path, content) = block.split_once('\n').expect("a block has more than one line");
        let path = path.strip_prefix("// ").expect("the first line names the file");
        let replaced = tree.insert(path.into(), content.as_bytes().to_vec());
        assert!(replaced.is_none(), "{path} is there already");
    }
    for line in blocks(page, "text").iter().flat_map(|block| block.lines()) {
        add_line(line, &mut tree);
    }
    tree
}

/// Adds what ``file, after `anchor`: line`` asks for, indented as the line that holds the anchor.
fn add_line(wanted: &str, tree: &mut Tree) {
    let (path, rest) = wanted.split_once(", after `").expect("it says where");
    let (anchor, line) = rest.split_once("`: ").expect("it says what");
    let content = tree.get_mut(Path::new(path)).unwrap_or_else(|| panic!("there is no {path}"));
    let text = String::from_utf8(std::mem::take(content)).expect("sources are text");
    assert_eq!(text.matches(anchor).count(), 1, "`{anchor}` in {path}");
    let add = |known: &str| {
        if !known.contains(anchor) {
            return format!("{known}\n");
        }
        let indent = &known[..known.len() - known.trim_start().len()];
        format!("{known}\n{indent}{line}\n")
    };
    *content = text.lines().map(add).collect::<String>().into_bytes();
}

/// The contents of the fenced blocks of a language, each with the end of its last line.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    let after = page.split(opening.as_str()).skip(1);
    let until_fence = |rest: &'a str| rest.find("\n```").map(|end| &rest[..=end]);
    after.map(|rest| until_fence(rest).expect("a block is closed")).collect()
}

/// Exactly one file is new, and exactly two lines were added to others; nothing was taken away.
fn assert_cost(before: &Tree, after: &Tree) {
    let new = after.keys().filter(|path| !before.contains_key(*path)).count();
    let lines = |tree: &Tree| -> usize {
        let known = tree.iter().filter(|(path, _)| before.contains_key(*path));
        known.map(|(_, content)| content.iter().filter(|byte| **byte == b'\n').count()).sum()
    };
    assert_eq!((new, lines(after) - lines(before)), (1, 2), "new files, new lines");
    for (path, content) in before {
        let kept = after.get(path).expect("no file goes away");
        let kept: Vec<_> = kept.split(|byte| *byte == b'\n').collect();
        let mut rest = kept.iter();
        let all = content.split(|byte| *byte == b'\n').all(|line| rest.any(|kept| *kept == line));
        assert!(all, "a line of {} was changed", path.display());
    }
}

/// Makes `folder` hold the tree and nothing else, touching only what differs.
fn write(folder: &Path, tree: &Tree) {
    let mut known = Tree::new();
    fs::create_dir_all(folder).expect("the folder can be made");
    gather(folder, Path::new(""), &mut known);
    for path in known.keys().filter(|path| !tree.contains_key(*path)) {
        fs::remove_file(folder.join(path)).expect("the file can be removed");
    }
    for (path, content) in tree.iter().filter(|(path, content)| known.get(*path) != Some(content)) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("it can be made");
        fs::write(path, content).expect("the file can be written");
    }
}

fn assert_formatted(copy: &Path) {
    let files = ["domain/src/pump.rs", "projections/src/pumps.rs"];
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--check", "--edition", "2024"]).args(files).current_dir(copy);
    let output = rustfmt.output().expect("rustfmt is part of the toolchain");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn assert_tests_pass(copy: &Path) {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let packages = ["-p", "domain", "-p", "commands", "-p", "projections"];
    let output = Command::new(cargo)
        .args(["test", "--offline", "--lib", "--test", "pumps"])
        .args(packages)
        .arg("pump")
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", built)
        // Nobody steps through it, and without it there is a third less to write.
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .output()
        .expect("cargo can be run");
    let told = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{why}");
    let passed: usize = told.lines().filter(|line| line.ends_with("... ok")).count();
    assert!(passed >= TESTS_MIN, "only {passed} tests were run:\n{told}");
}
