//! What happens to every request, whatever it is for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use infra_telemetry::{Metrics, TraceSpan};
use ports::problem::{CONTENT_TYPE, Problem};
use tokio::time::timeout;
use tracing::{debug, error};

const NO_ROUTE: &str = "none";
const API_FOLDER: &str = "/v1/";
/// Of a refusal in a library's words.
const REFUSAL_BYTES_MAX: usize = 4_096;
/// Longer than the largest body may take to arrive.
const ANSWER_S_MAX: u64 = 330;

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

/// Gives up on an answer that does not come. An answer that has begun may take as long as it likes.
pub(super) async fn bound(request: Request, next: Next) -> Response {
    let late = |_| {
        let detail = format!("there was no answer within {ANSWER_S_MAX} s");
        tell(&Problem::unavailable(detail))
    };
    let answer = timeout(Duration::from_secs(ANSWER_S_MAX), next.run(request)).await;
    answer.unwrap_or_else(late)
}

/// Whatever a library refuses by itself is told as everything else is.
pub(super) async fn explain(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with(API_FOLDER);
    let response = next.run(request).await;
    let is_plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let status = response.status();
    if !is_api || !is_plain || !status.is_client_error() {
        return response;
    }
    let said = axum::body::to_bytes(response.into_body(), REFUSAL_BYTES_MAX).await;
    let said = String::from_utf8_lossy(&said.unwrap_or_default()).into_owned();
    let title = "The request cannot be read";
    tell(&Problem::new(status.as_u16(), "malformed", title, said))
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
