//! How a failure is told to a client: RFC 9457 problem details, as plain data.

use domain::invalid::FieldError;
use domain::rejection::Rejection;
use schemars::JsonSchema;
use serde::Serialize;

use crate::command_bus::CommandError;

/// Of bodies that carry a [`Problem`].
pub const CONTENT_TYPE: &str = "application/problem+json";

/// A failure. `type` is a stable name for programs, `detail` a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// `urn:atalaya:problem:<code>`
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every problem of this type.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// What is wrong with the input, field by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// After how many seconds trying again makes sense: told as `Retry-After`.
    #[serde(skip)]
    pub retry_after_seconds: Option<u64>,
}

impl Problem {
    /// A problem of type `code` (`snake_case`, stable).
    pub fn new(status: u16, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:atalaya:problem:{code}"),
            title: title.to_owned(),
            status,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_seconds: None,
        }
    }

    /// The same, with what is wrong field by field.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// The same, to be tried again after `seconds`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// There is nothing at this address.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, "not_found", "Not found", detail)
    }

    /// The input cannot be accepted.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [FieldError { pointer, detail }] => format!("{pointer}: {detail}"),
            many => format!("{} of the fields cannot be accepted", many.len()),
        };
        Self::new(422, "invalid", "The input cannot be accepted", detail).with_errors(errors)
    }

    /// The input is not in the format that it should have.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(400, "malformed", "The request cannot be read", detail)
    }

    /// The store, or what stands for it, did not answer.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(503, "unavailable", "Not available at the moment", detail)
            .retry_after(RETRY_AFTER_SECONDS)
    }
}

const RETRY_AFTER_SECONDS: u64 = 1;

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let detail = rejection.to_string();
        match rejection {
            Rejection::Unknown => Self::not_found(detail),
            Rejection::AlreadyExists => {
                Self::new(409, "already_exists", "There is one already", detail)
            }
            Rejection::Invalid(errors) => Self::invalid(errors),
            Rejection::NotNow { code, .. } => {
                Self::new(409, code, "Not possible in the present state", detail)
            }
        }
    }
}

/// The cause of an [`CommandError::Unavailable`] is for the log, not for clients; the caller writes it there.
impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let detail = error.to_string();
        match error {
            CommandError::Rejected(rejection) => rejection.into(),
            CommandError::Malformed(errors) => Self::invalid(errors),
            CommandError::UnknownCategory(_) => Self::not_found(detail),
            CommandError::VersionMismatch { .. } => {
                Self::new(412, "version_mismatch", "The version has changed", detail)
            }
            CommandError::KeyReused => Self::new(
                422,
                "idempotency_key_reused",
                "The key was used for something else",
                detail,
            ),
            CommandError::KeyInUse => {
                Self::new(409, "idempotency_key_in_use", "The command is being handled", detail)
                    .retry_after(RETRY_AFTER_SECONDS)
            }
            CommandError::Contended { .. } => {
                Self::new(409, "contended", "The aggregate is changing too fast", detail)
                    .retry_after(RETRY_AFTER_SECONDS)
            }
            CommandError::Overloaded => Self::new(503, "overloaded", "Too much at a time", detail)
                .retry_after(RETRY_AFTER_SECONDS),
            CommandError::Corrupt { .. } => {
                Self::new(500, "corrupt_history", "The history cannot be read", detail)
            }
            CommandError::Unavailable(_) => Self::unavailable(detail),
        }
    }
}
