//! Who may ask.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use commands::http::Actor;
use ports::problem::Problem;

use super::observe::tell;
use crate::config::Secret;

const HEADER: &str = "x-api-key";
const ANONYMOUS: &str = "anonymous";
const KEY_HOLDER: &str = "api-key";

/// Health, docs and the dashboard's own files are open: they hold nothing of the fleet.
const OPEN_PATHS: [&str; 7] =
    ["/", "/livez", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json", "/docs"];
const OPEN_FOLDERS: [&str; 2] = ["/docs/", "/ui/"];

/// Asks for the key where one is set, and notes who asks.
pub(super) async fn require_key(
    State(api_key): State<Arc<Option<Secret>>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let open =
        OPEN_PATHS.contains(&path) || OPEN_FOLDERS.iter().any(|folder| path.starts_with(folder));
    let offered = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    let actor = match &*api_key {
        None => ANONYMOUS,
        Some(key) if offered.is_some_and(|offered| key.matches(offered)) => KEY_HOLDER,
        Some(_) if open => ANONYMOUS,
        Some(_) => {
            let detail = "the header X-API-Key is missing, or is not the key";
            return tell(&Problem::new(401, "unauthorized", "A key is needed", detail));
        }
    };
    request.extensions_mut().insert(Actor(actor.to_owned()));
    next.run(request).await
}
