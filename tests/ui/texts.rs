//! Whether every text of the dashboard has been said in Spanish.

use std::collections::BTreeSet;
use std::path::Path;

use crate::common::server::files_below;

/// What precedes a text that is to be translated.
const MARKS: [&str; 3] = ["t(", "text(", "plural("];

fn ui() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("projections/ui")
}

/// The quoted texts at the beginning of the arguments of every call of `mark`; those of `plural` come after a number.
fn texts_in(code: &str, mark: &str) -> Vec<String> {
    let name_ends = |before: &str| {
        before
            .chars()
            .next_back()
            .is_some_and(|last| last.is_alphanumeric() || "._$".contains(last))
    };
    let calls = code.match_indices(mark).filter(|(at, _)| !name_ends(&code[..*at]));
    calls.flat_map(|(at, _)| quoted(&code[at + mark.len()..], mark == "plural(")).collect()
}

fn quoted(arguments: &str, is_plural: bool) -> Vec<String> {
    let text = arguments.trim_start();
    let texts = if is_plural { text.split_once(',').map_or("", |(_, rest)| rest) } else { text };
    let wanted = if is_plural { 2 } else { 1 };
    let mut found = Vec::new();
    let mut rest = texts.trim_start();
    while let Some((one, after)) = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        found.push(one.to_owned());
        rest = after.trim_start().strip_prefix(',').unwrap_or_default().trim_start();
        if found.len() == wanted {
            break;
        }
    }
    found
}

#[test]
fn every_text_is_there_in_spanish() {
    let files = files_below(&ui());
    let code = files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "js"));
    let (dictionaries, code): (Vec<_>, Vec<_>) =
        code.partition(|file| file.parent().is_some_and(|folder| folder.ends_with("lang")));
    let read =
        |file: &&std::path::PathBuf| std::fs::read_to_string(file).expect("code can be read");
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for text in code.iter().map(read) {
        for mark in MARKS {
            wanted.extend(texts_in(&text, mark));
        }
    }
    let page = std::fs::read_to_string(ui().join("index.html")).expect("there is a page");
    let shell = page.split("data-text>").skip(1).filter_map(|rest| rest.split('<').next());
    wanted.extend(shell.map(str::to_owned));
    assert!(wanted.len() > 200, "only {} were found", wanted.len());
    let spanish: String = dictionaries.iter().map(read).collect();
    let is_unsaid = |text: &&String| {
        !spanish.contains(&format!("\"{text}\":")) && !spanish.contains(&format!("\n  {text}:"))
    };
    let unsaid: Vec<_> = wanted.iter().filter(is_unsaid).collect();
    assert!(unsaid.is_empty(), "without Spanish: {unsaid:#?}");
}
