//! Lets pages of other origins ask from a browser, where they are named.

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::Origins;

/// How long a browser may rely on what it was told.
const PREFLIGHT_S_MAX: u64 = 600;

/// What a page may say beside what any form can.
const ASKED: [HeaderName; 8] = [
    header::ACCEPT,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-correlation-id"),
];

/// What a page may read beside the body.
const TOLD: [HeaderName; 7] = [
    header::ETAG,
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
    HeaderName::from_static("atalaya-position"),
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
];

/// `router` as it is where no origin is named. Nothing is sent by itself: a page needs a key of its own, since a
/// browser adds none.
pub(super) fn allow(router: Router, origins: &Origins) -> Router {
    if origins.list().is_empty() {
        return router;
    }
    let methods = [Method::GET, Method::POST, Method::PATCH, Method::DELETE];
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.list().iter().cloned()))
        .allow_methods(methods)
        .allow_headers(ASKED)
        .expose_headers(TOLD)
        .max_age(Duration::from_secs(PREFLIGHT_S_MAX));
    router.layer(layer)
}
