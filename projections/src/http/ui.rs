//! The dashboard's files, from the binary or from a directory.

use std::path::Path as FilePath;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use include_dir::{Dir, include_dir};

use super::Context;
use super::answer::Answer;
use super::problem::Failure;

static UI: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/ui");
const INDEX: &str = "index.html";
/// Only what this server serves; fetched pictures and plots are shown as blobs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
    connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) async fn index(State(shared): State<Context>) -> Result<Answer, Failure> {
    found(&shared, INDEX).await
}

pub(super) async fn file(
    State(shared): State<Context>,
    Path(path): Path<String>,
) -> Result<Answer, Failure> {
    found(&shared, &path).await
}

async fn found(shared: &Context, path: &str) -> Result<Answer, Failure> {
    let bytes = match &shared.queries.ui_dir {
        Some(dir) if is_plain(path) => tokio::fs::read(dir.join(path)).await.ok().map(Bytes::from),
        Some(_) => None,
        None => UI.get_file(path).map(|file| Bytes::from_static(file.contents())),
    };
    let bytes = bytes.ok_or_else(|| Failure::not_found(format!("there is no file {path:?}")))?;
    let answer = Answer::of(content_type(path), bytes)
        .with(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with(CONTENT_SECURITY_POLICY, POLICY)
        .with(REFERRER_POLICY, "no-referrer");
    Ok(answer.tagged_by_content())
}

/// A path that stays in its directory on every system.
fn is_plain(path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0'])
    };
    path.split('/').all(plain)
}

fn content_type(path: &str) -> &'static str {
    let extension = FilePath::new(path).extension().and_then(|extension| extension.to_str());
    match extension.unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "webmanifest" => "application/json",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leaves_its_directory() {
        for path in ["", "..", "../x", "a/../../x", "a//b", "/etc/passwd", ".env", "a\\b", "c:x"] {
            assert!(!is_plain(path), "{path}");
        }
        assert!(is_plain("views/motor.js"));
    }

    #[test]
    fn every_file_of_the_dashboard_has_a_type() {
        fn all<'a>(dir: &'a Dir<'_>) -> Vec<&'a FilePath> {
            let below = dir.dirs().flat_map(all);
            dir.files().map(|file| file.path()).chain(below).collect()
        }
        let files = all(&UI);
        assert!(files.contains(&FilePath::new(INDEX)));
        for path in files {
            let path = path.to_str().expect("plain names");
            assert_ne!(content_type(path), "application/octet-stream", "{path}");
        }
    }
}
