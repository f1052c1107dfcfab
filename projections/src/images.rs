//! The image tasks: what was submitted, how far it is, and what came of it.

use std::collections::BTreeMap;

use domain::image::{Image, ImageEvent, State, Submission, Variant};
use domain::time::Timestamp;
use ports::event::RecordedEvent;
use ports::read_models::{Field, Sort};
use ports::stream::{GlobalPosition, StreamVersion};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kind::collection;
use crate::live::{ReadError, ReadSide};
use crate::projection::{Filterable, FoldError, Projection, Resource};

/// One document per image task.
pub struct Images;

/// An image task as the outside sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImageTask")]
pub struct ImageDocument {
    pub task_id: Uuid,
    pub state: State,
    /// How many attempts were started since it was submitted or last retried.
    pub attempts: u32,
    /// Of the last attempt that failed; gone when a later one succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<TaskFailure>,
    pub variants: Vec<VariantLink>,
    /// The original: its motor, format, size and hash.
    #[serde(flatten)]
    pub submission: Submission,
    pub submitted_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    /// The task of the same picture whose variants these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<Uuid>,
    pub version: StreamVersion,
    pub position: GlobalPosition,
}

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskFailure {
    /// Machine-readable: `corrupt`.
    pub code: String,
    pub detail: String,
}

/// A picture that was made, and where it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VariantLink {
    #[serde(flatten)]
    pub variant: Variant,
    pub href: String,
}

impl Projection for Images {
    const NAME: &'static str = "images";
    const CATEGORIES: &'static [&'static str] = &["image"];
    const VERSION: u32 = 1;
    const FIELDS: &'static [Field] =
        &[Field { name: "state" }, Field { name: "motor_id" }, Field { name: "submitted_at" }];
    const RESOURCE: Option<Resource> = Some(Resource {
        list: "/v1/images",
        item: "/v1/images/{id}",
        noun: "image task",
        summary: "The image tasks, the newest first",
        filters: &[Filterable::by("state"), Filterable::by("motor_id")],
        sort: Some(Sort { field: "submitted_at", descending: true }),
        with_readings: false,
    });
    type Document = ImageDocument;

    fn evolve(
        document: Option<ImageDocument>,
        event: &RecordedEvent,
    ) -> Result<Option<ImageDocument>, FoldError> {
        let happened = event.decode::<Image>()?;
        let mut task = match (document, &happened) {
            (Some(task), _) => task,
            (None, ImageEvent::Submitted(submission)) => submitted(submission, event),
            (None, _) => return Err(FoldError::no_beginning(event)),
        };
        task.state = task.state.after(&happened);
        task.apply(happened, event.recorded_at);
        (task.version, task.position) = (event.version, event.position);
        Ok(Some(task))
    }
}

/// How many tasks are in each state.
///
/// # Errors
/// The documents cannot be read.
pub async fn count_by_state(read_side: &ReadSide) -> Result<BTreeMap<String, u64>, ReadError> {
    let view = read_side.at(collection::<Images>(0), None).await?;
    let counts = read_side.models().count_by(&view.collection, &[], "state").await?;
    let named = counts.into_iter().filter_map(|(state, count)| {
        let name = state?.as_str()?.to_owned();
        Some((name, count))
    });
    Ok(named.collect())
}

fn submitted(submission: &Submission, event: &RecordedEvent) -> ImageDocument {
    ImageDocument {
        task_id: event.stream.id,
        state: State::Submitted,
        attempts: 0,
        failure: None,
        variants: Vec::new(),
        submission: submission.clone(),
        submitted_at: event.recorded_at,
        finished_at: None,
        next_attempt_at: submission.not_before,
        same_as: None,
        version: event.version,
        position: event.position,
    }
}

impl ImageDocument {
    fn apply(&mut self, event: ImageEvent, at: Timestamp) {
        match event {
            ImageEvent::Submitted(_) => {}
            ImageEvent::ProcessingStarted { attempt } => {
                self.attempts = attempt;
                self.next_attempt_at = None;
            }
            ImageEvent::Reused { task_id } => self.same_as = Some(task_id),
            ImageEvent::VariantProduced(variant) => {
                let href = format!("/v1/images/{}/{}", self.task_id, variant.name);
                self.variants.push(VariantLink { variant, href });
            }
            ImageEvent::Completed {} => {
                self.failure = None;
                self.finished_at = Some(at);
            }
            ImageEvent::AttemptFailed { code, detail, retry_at, .. } => {
                self.failure = Some(TaskFailure { code, detail });
                self.next_attempt_at = retry_at;
            }
            ImageEvent::DeadLettered { code, detail, .. } => {
                self.failure = Some(TaskFailure { code, detail });
                self.next_attempt_at = None;
                self.finished_at = Some(at);
            }
            ImageEvent::Cancelled {} => {
                self.next_attempt_at = None;
                self.finished_at = Some(at);
            }
            ImageEvent::RetryRequested {} => {
                self.attempts = 0;
                self.failure = None;
                self.finished_at = None;
            }
            // What the variants were stays to be read; that they are gone is told by the state.
            ImageEvent::Expired { .. } => {}
        }
    }
}
