//! What stands behind the question mark, checked.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::response::Response;
use ports::problem::Problem;
use serde::de::DeserializeOwned;

use super::super::observe::tell;

/// The parameters of a request. What cannot be one is told as a problem.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let asked = Query::try_from_uri(&parts.uri);
        asked.map(|Query(asked)| Self(asked)).map_err(|error| {
            let title = "A query parameter cannot be accepted";
            tell(&Problem::new(400, "bad_parameter", title, error.body_text()))
        })
    }
}
