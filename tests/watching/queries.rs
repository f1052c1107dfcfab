//! The queries of dashboards and rules, and the metrics that they speak of.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Words of the language that are no metrics.
const WORDS: [&str; 9] =
    ["and", "by", "group_left", "ignoring", "on", "or", "unless", "without", "bool"];

/// The names of metrics in all queries, but for what rules record themselves.
pub(crate) fn metrics() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for query in of_dashboards().into_iter().chain(of_rules()) {
        found.extend(named_in(&query));
    }
    // A histogram is told by three names, and asked for by any of them.
    found.into_iter().filter(|name| !name.contains(':')).collect()
}

/// How many rules there are.
pub(crate) fn rules() -> usize {
    of_rules().len()
}

fn of_dashboards() -> Vec<String> {
    let mut queries = Vec::new();
    for path in files("grafana/dashboards", "json") {
        let text = fs::read_to_string(&path).expect("the dashboard can be read");
        let board: Value = serde_json::from_str(&text).expect("a dashboard is JSON");
        let panels = board["panels"].as_array().expect("a dashboard has panels");
        let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
        let of_prometheus = targets.filter(|target| target["datasource"]["type"] == "prometheus");
        queries
            .extend(of_prometheus.filter_map(|target| target["expr"].as_str().map(str::to_owned)));
    }
    queries
}

/// What follows `expr:` on its line, or indented below it.
fn of_rules() -> Vec<String> {
    let mut queries: Vec<String> = Vec::new();
    for path in files("prometheus/rules", "yaml") {
        let text = fs::read_to_string(&path).expect("the rules can be read");
        let mut block_indent = None;
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            if let Some((before, query)) = line.split_once("expr: ") {
                block_indent = (query == "|").then_some(before.len());
                queries.push(if query == "|" { String::new() } else { query.to_owned() });
            } else if block_indent.is_some_and(|block| indent > block) {
                let query = queries.last_mut().expect("a block begins with its name");
                query.push('\n');
                query.push_str(line);
            } else {
                block_indent = None;
            }
        }
    }
    queries
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("compose").join(folder);
    let entries = fs::read_dir(&folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

/// Names that are followed by neither `(` nor anything in brackets that only groups.
fn named_in(query: &str) -> BTreeSet<String> {
    let query = without(&without(query, '{', '}'), '[', ']');
    let query = without_groupings(&query);
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut found = BTreeSet::new();
    let mut rest = query.as_str();
    while let Some(start) = rest.find(is_part) {
        let word_on = &rest[start..];
        let end = word_on.find(|c| !is_part(c)).unwrap_or(word_on.len());
        let (word, after) = word_on.split_at(end);
        rest = after;
        let is_function = after.trim_start().starts_with('(');
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        if !is_function && !is_number && !WORDS.contains(&word) {
            found.insert(word.to_owned());
        }
    }
    found
}

fn without(text: &str, open: char, close: char) -> String {
    let mut depth = 0;
    let mut kept = String::new();
    for c in text.chars() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
        } else if depth == 0 {
            kept.push(c);
        }
    }
    kept
}

/// `by (role)` names labels and no metrics.
fn without_groupings(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(" by (") {
        let (before, grouping) = rest.split_at(start);
        kept.push_str(before);
        let end = grouping.find(')').expect("a bracket is closed");
        rest = &grouping[end + 1..];
    }
    kept.push_str(rest);
    kept
}

#[test]
fn names_of_metrics_are_found_and_nothing_else() {
    let query = r#"sum by (role, le) (rate(one_total{code=~"5.."}[5m])) / (two > 0)
        or absent(three{a="b{c}"}) and time() - max(four:rate5m) > 14.4 * 0.001"#;
    let found: Vec<_> = named_in(query).into_iter().collect();
    assert_eq!(found, ["four:rate5m", "one_total", "three", "two"]);
    let found = named_in("histogram_quantile(0.99, sum by (le) (rate(five_bucket[5m])))");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["five_bucket"]);
}
