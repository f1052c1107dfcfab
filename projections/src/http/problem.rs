//! Failures as clients get them: RFC 9457.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ports::PortError;
use ports::problem::{CONTENT_TYPE, Problem};
use tracing::error;

use crate::live::ReadError;

/// A problem on its way out.
#[derive(Debug)]
pub(super) struct Failure(pub(super) Problem);

impl Failure {
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self(Problem::not_found(detail))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&problem).expect("problems are plain data");
        let mut response = (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], body).into_response();
        if let Some(seconds) = problem.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

/// The cause is for the log, not for clients.
impl From<PortError> for Failure {
    fn from(failure: PortError) -> Self {
        error!("a query was not answered: {}", failure.chain());
        Self(Problem::unavailable("the store did not answer"))
    }
}

impl From<ReadError> for Failure {
    fn from(failure: ReadError) -> Self {
        let detail = failure.to_string();
        let problem = match failure {
            ReadError::Behind { .. } => {
                Problem::new(503, "behind", "The position is not reached yet", detail)
                    .retry_after(1)
            }
            // A person has to look at it first.
            ReadError::Parked { .. } => {
                Problem::new(503, "parked", "An event is parked", detail).retry_after(60)
            }
            ReadError::NotReady(_) => Problem::unavailable(detail).retry_after(1),
            ReadError::Unavailable(error) => return error.into(),
        };
        Self(problem)
    }
}
