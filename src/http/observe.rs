//! What happens to every request, whatever it is for.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use infra_telemetry::{Metrics, TraceSpan};
use ports::problem::{CONTENT_TYPE, Problem};
use tracing::{debug, error};

const NO_ROUTE: &str = "none";

/// Times every request, as part of its trace, under the pattern of its route.
pub(super) async fn measure(
    State(metrics): State<Arc<Metrics>>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let method = method.as_str();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let given = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    let given = given.map(str::to_owned);
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let span = TraceSpan::request(method, route, given.as_deref());
    let response = span.run(next.run(request)).await;
    let status = response.status().as_u16();
    span.answered(status);
    let duration_s = began.elapsed().as_secs_f64();
    metrics.request(method, route, status, duration_s);
    debug!(%method, route, status, duration_s, "answered");
    if status >= 500 && status != 503 {
        error!(%method, route, status, "a request failed");
    }
    response
}

/// Headers that every answer has; a route's own ones go before them.
pub(super) async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let defaults = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

pub(super) async fn nothing_here(uri: Uri) -> Response {
    tell(&Problem::not_found(format!("there is nothing at {}", uri.path())))
}

pub(super) async fn not_this_way(method: Method, uri: Uri) -> Response {
    let detail = format!("{} does not take {method}", uri.path());
    tell(&Problem::new(405, "method_not_allowed", "Not this way", detail))
}

/// A problem as an answer.
pub(super) fn tell(problem: &Problem) -> Response {
    let status = axum::http::StatusCode::from_u16(problem.status)
        .unwrap_or(axum::http::StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(problem)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    if let Some(seconds) = problem.retry_after_seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
