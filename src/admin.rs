//! What an operator does from a terminal. It all goes through the HTTP API of a running server.

mod api;
mod dead_letters;
mod events;
mod rebuild;
mod reprocess;

use anyhow::Context;

use crate::cli::Server;
use api::Api;

pub use dead_letters::dead_letters;
pub use events::events;
pub use rebuild::rebuild;
pub use reprocess::reprocess;

/// Fails unless the server at `url` is ready.
///
/// # Errors
/// It does not answer, or says that it is not ready.
pub async fn healthcheck(url: &str) -> anyhow::Result<()> {
    let api = Api::of(&Server { url: url.to_owned() });
    api.text("/readyz?verbose").await.map(|_| ()).context("the server is not ready")
}

/// Writes to standard output what was asked for. That whoever read it has gone is no error.
pub fn print(text: &str) {
    use std::io::Write;
    let _ = std::io::stdout().write_all(text.as_bytes());
}
