//! What can happen to an image task, as it is recorded.

use cqrs_es::DomainEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Submission, Variant};
use crate::time::Timestamp;

/// What happened to an image task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum ImageEvent {
    /// It was submitted.
    Submitted(Submission),
    /// A worker began.
    ProcessingStarted {
        /// Counts from 1; begins anew after a retry.
        attempt: u32,
    },
    /// The variants that follow were not made anew: another task had the same picture.
    Reused {
        /// That task.
        task_id: Uuid,
    },
    /// A variant is stored.
    VariantProduced(Variant),
    /// All variants are stored.
    Completed {},
    /// An attempt failed.
    AttemptFailed {
        /// Which one.
        attempt: u32,
        /// Machine-readable.
        code: String,
        /// For a person to read.
        detail: String,
        /// When it is tried again, if it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Timestamp>,
    },
    /// It was given up until a person says `retry`.
    DeadLettered {
        /// How often it was tried.
        attempts: u32,
        /// Of the last attempt.
        code: String,
        /// Of the last attempt.
        detail: String,
    },
    /// The variants are no longer wanted.
    Cancelled {},
    /// A failed task is tried anew.
    RetryRequested {},
    /// It was kept for long enough. Its pictures are deleted.
    Expired {
        /// The names of the variants that it had.
        variants: Vec<String>,
    },
}

impl DomainEvent for ImageEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Submitted(_) => "submitted",
            Self::ProcessingStarted { .. } => "processing_started",
            Self::Reused { .. } => "reused",
            Self::VariantProduced(_) => "variant_produced",
            Self::Completed {} => "completed",
            Self::AttemptFailed { .. } => "attempt_failed",
            Self::DeadLettered { .. } => "dead_lettered",
            Self::Cancelled {} => "cancelled",
            Self::RetryRequested {} => "retry_requested",
            Self::Expired { .. } => "expired",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        match self {
            // Version 2 may have `not_before`.
            Self::Submitted(_) => "2",
            _ => "1",
        }
        .to_owned()
    }
}
