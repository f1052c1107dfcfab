//! Headers that every answer has.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::peer::Peer;
use crate::config::Proxies;

/// Answers are data, plots and pictures: nothing in them may run or load anything. Plots have styles of their own.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
const PERMISSIONS: &str = "camera=(), microphone=(), geolocation=()";
const ONE_YEAR: &str = "max-age=31536000; includeSubDomains";

/// Adds what keeps browsers from doing what nobody meant; a route's own headers go before these.
pub(super) async fn harden(
    State(proxies): State<Arc<Proxies>>,
    request: Request,
    next: Next,
) -> Response {
    let is_encrypted = Peer::of(&request, &proxies).is_some_and(|peer| peer.is_encrypted);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let defaults = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // Over plain HTTP browsers have to ignore it, and a test on one's own machine must not bind them.
    if is_encrypted {
        let name = header::STRICT_TRANSPORT_SECURITY;
        headers.entry(name).or_insert(HeaderValue::from_static(ONE_YEAR));
    }
    response
}
