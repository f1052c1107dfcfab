//! What a client need not be told again.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

/// Leaves out the body of an answer that the client has already, by its tag.
pub(super) async fn unless_known(request: Request, next: Next) -> Response {
    let asks = request.headers().contains_key(IF_NONE_MATCH);
    let headers = asks.then(|| request.headers().clone());
    let response = next.run(request).await;
    let Some(headers) = headers.filter(|_| response.status() == StatusCode::OK) else {
        return response;
    };
    let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
    if !tag.is_some_and(|tag| is_known(&headers, tag)) {
        return response;
    }
    let (mut head, _) = response.into_parts();
    head.status = StatusCode::NOT_MODIFIED;
    head.headers.remove(CONTENT_TYPE);
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::empty())
}

/// Whether `If-None-Match` names `tag`; compared weakly, as RFC 9110 has it.
pub(super) fn is_known(request: &HeaderMap, tag: &str) -> bool {
    let lists = request.get_all(IF_NONE_MATCH).into_iter().filter_map(|list| list.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
