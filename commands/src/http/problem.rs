//! Refusals as RFC 9457 problem details.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::invalid::FieldError;
use ports::PortError;
use ports::command_bus::CommandError;
use ports::problem::{CONTENT_TYPE, Problem};
use tracing::{error, warn};

/// A request that is not fulfilled, and why.
#[derive(Debug)]
pub struct Refused(pub Problem);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status = StatusCode::from_u16(problem.status)
            .expect("problems are made with statuses that HTTP knows");
        let retry_after = problem.retry_after_seconds;
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

/// The causes of failures are for the log, not for clients.
impl From<CommandError> for Refused {
    fn from(failure: CommandError) -> Self {
        match &failure {
            CommandError::Unavailable(cause) => warn_of(cause),
            CommandError::Corrupt { stream, .. } => error!(%stream, "{failure}"),
            _ => {}
        }
        Self(failure.into())
    }
}

impl From<PortError> for Refused {
    fn from(failure: PortError) -> Self {
        warn_of(&failure);
        Self(Problem::unavailable(failure.to_string()))
    }
}

impl From<Vec<FieldError>> for Refused {
    fn from(faults: Vec<FieldError>) -> Self {
        Self(Problem::invalid(faults))
    }
}

fn warn_of(failure: &PortError) {
    warn!(cause = failure.chain(), "{failure}");
}

/// The media type is not one that is taken here.
pub(super) fn unsupported_media_type(detail: &str) -> Problem {
    Problem::new(415, "unsupported_media_type", "The media type is not supported", detail)
}

/// The body has more bytes than are taken.
pub(super) fn too_large(bytes_max: usize) -> Problem {
    let detail = format!("at most {bytes_max} bytes are taken");
    Problem::new(413, "too_large", "The body is too large", detail)
}

/// Too much of the same kind is under way.
pub(super) fn overloaded(detail: &str) -> Problem {
    const RETRY_AFTER_SECONDS: u64 = 2;
    Problem::new(503, "overloaded", "Too much at a time", detail).retry_after(RETRY_AFTER_SECONDS)
}

/// The work died; its cause was logged where it did.
pub(super) fn internal() -> Problem {
    Problem::new(500, "internal", "Something is wrong with us", "the work ended unexpectedly")
}
