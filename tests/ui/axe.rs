//! What axe-core finds on a page: who cannot see, or has no mouse, is to be served as well.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::browser::Browser;

const VERSION: &str = "4.14.1";
const RULES: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/// The others are opinions.
const SERIOUS: [&str; 2] = ["serious", "critical"];
const RUN: &str = "const done = arguments[arguments.length - 1];\
    axe.run({ runOnly: arguments[0] }).then(\
        ({ violations }) => done(violations.map(({ id, impact, nodes }) =>\
            ({ id, impact, nodes: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`) }))),\
        (error) => done(String(error)));";

/// The checker's own program.
pub(crate) struct Axe(String);

impl Axe {
    /// From npm into the cache, outside the sources; once.
    pub(crate) fn fetched() -> Self {
        let cache = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
        let folder =
            cache.expect("there is a home").join("atalaya/tools").join(format!("axe-{VERSION}"));
        let file = folder.join("node_modules/axe-core/axe.min.js");
        if !file.exists() {
            let status = Command::new("npm")
                .args(["install", "--silent", "--no-save", "--ignore-scripts", "--prefix"])
                .arg(&folder)
                .arg(format!("axe-core@{VERSION}"))
                .stdout(Stdio::null())
                .status();
            assert!(status.is_ok_and(|status| status.success()), "npm fetches axe-core");
        }
        Self(std::fs::read_to_string(file).expect("npm has put it there"))
    }

    /// Asserts that nothing serious is wrong with what the browser shows.
    pub(crate) async fn is_content_with(&self, browser: &Browser, page: &str) {
        let script = format!("{};{RUN}", self.0);
        let found = browser.script_async(&script, vec![json!(RULES)]).await;
        let found = found.as_array().unwrap_or_else(|| panic!("{page}: {found}"));
        let is_serious =
            |one: &&Value| one["impact"].as_str().is_some_and(|impact| SERIOUS.contains(&impact));
        let serious: Vec<_> = found.iter().filter(is_serious).collect();
        assert!(serious.is_empty(), "{page}: {serious:#?}");
    }
}
