//! What is told of an image task that has ended: the fold of its events up to that end.

use domain::aggregate::DecodeError;
use domain::image::{Image, ImageEvent, State, Variant};
use domain::notification::Message;
use domain::time::Timestamp;
use ports::event::RecordedEvent;
use ports::stream::StreamVersion;
use serde::Serialize;
use uuid::Uuid;

/// The body of a message.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    message_type: &'a str,
    timestamp: Timestamp,
    data: &'a Task,
}

/// An image task as receivers see it.
#[derive(Clone, Default, Serialize)]
struct Task {
    task_id: Uuid,
    state: State,
    version: StreamVersion,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    motor_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    variants: Vec<Link>,
    href: String,
}

#[derive(Clone, Serialize)]
struct Failure {
    code: String,
    detail: String,
}

#[derive(Clone, Serialize)]
struct Link {
    #[serde(flatten)]
    variant: Variant,
    href: String,
}

/// An end of a task, and when it came.
pub(super) struct End {
    pub(super) message: Message,
    pub(super) at: Timestamp,
}

/// The ends of the task whose whole history this is, as they are told to `url`. A task that was tried anew after it
/// had failed has several.
pub(super) fn ends(history: &[RecordedEvent], url: &str) -> Result<Vec<End>, DecodeError> {
    let mut task = Task::default();
    let mut ends = Vec::new();
    for event in history {
        let happened = event.decode::<Image>()?;
        task.apply(event, &happened);
        if let Some(message_type) = message_type(&happened) {
            ends.push(End {
                message: message(&task, event, message_type, url),
                at: event.recorded_at,
            });
        }
    }
    Ok(ends)
}

/// As which the end of a task is told; none for what is no end.
fn message_type(event: &ImageEvent) -> Option<&'static str> {
    match event {
        ImageEvent::Completed {} => Some("image.completed"),
        ImageEvent::DeadLettered { .. } => Some("image.failed"),
        ImageEvent::Cancelled {} => Some("image.cancelled"),
        ImageEvent::Expired { .. } => Some("image.expired"),
        ImageEvent::Submitted(_)
        | ImageEvent::ProcessingStarted { .. }
        | ImageEvent::Reused { .. }
        | ImageEvent::VariantProduced(_)
        | ImageEvent::AttemptFailed { .. }
        | ImageEvent::RetryRequested {} => None,
    }
}

/// Whether an event of an image task is an end of it.
pub(super) fn is_end(event: &RecordedEvent) -> Result<bool, DecodeError> {
    Ok(message_type(&event.decode::<Image>()?).is_some())
}

fn message(task: &Task, event: &RecordedEvent, message_type: &str, url: &str) -> Message {
    let body = Body { message_type, timestamp: event.recorded_at, data: task };
    Message {
        message_id: event.id(),
        message_type: message_type.to_owned(),
        task_version: event.version.0,
        url: url.to_owned(),
        body: serde_json::to_string(&body).expect("a task is plain data"),
    }
}

impl Task {
    fn apply(&mut self, event: &RecordedEvent, happened: &ImageEvent) {
        let task_id = event.stream.id;
        (self.task_id, self.version) = (task_id, event.version);
        self.state = self.state.after(happened);
        match happened {
            ImageEvent::Submitted(submission) => {
                self.motor_id = submission.motor_id;
                self.href = format!("/v1/images/{task_id}");
            }
            ImageEvent::ProcessingStarted { attempt } => self.attempts = *attempt,
            ImageEvent::VariantProduced(variant) => {
                let href = format!("/v1/images/{task_id}/{}", variant.name);
                self.variants.push(Link { variant: variant.clone(), href });
            }
            ImageEvent::Completed {} => self.failure = None,
            ImageEvent::Expired { .. } => self.variants.clear(),
            ImageEvent::DeadLettered { code, detail, .. } => {
                self.failure = Some(Failure { code: code.clone(), detail: detail.clone() });
            }
            _ => {}
        }
    }
}
