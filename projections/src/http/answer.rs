//! Answers: JSON with its position and its tag.

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use ports::stream::GlobalPosition;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The position that an answer includes everything up to.
pub(super) const POSITION: HeaderName = HeaderName::from_static("atalaya-position");

pub(super) const JSON: &str = "application/json";
/// Asked for again before it is shown again; for what has an `ETag` of its content.
pub(super) const REVALIDATE: &str = "no-cache";
/// Never kept: its readings change though its version does not.
pub(super) const UNKEPT: &str = "no-store";

/// A body with the headers that go with it.
pub(super) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    pub(super) fn json(body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("answers are plain data with text as keys");
        Self::of(JSON, body)
    }

    pub(super) fn of(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let answer = Self { status: StatusCode::OK, headers: HeaderMap::new(), body: body.into() };
        answer.with(CONTENT_TYPE, content_type)
    }

    /// `value` is plain text without line breaks.
    pub(super) fn with(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.insert(name, value);
        }
        self
    }

    pub(super) fn at(mut self, position: GlobalPosition) -> Self {
        self.headers.insert(POSITION, HeaderValue::from(position.0));
        self
    }

    /// A tag that changes exactly when the body does.
    pub(super) fn tagged_by_content(self) -> Self {
        let tag = content_tag(&self.body);
        self.with(ETAG, tag).with(CACHE_CONTROL, REVALIDATE)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

pub(super) fn content_tag(body: &[u8]) -> String {
    let hash = Sha256::digest(body);
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}
