//! The image task: a picture that was submitted, and what became of it.

mod event;
mod state;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::aggregate::{Decide, Endpoint, Method, Upcaster, carry};
use crate::invalid::Faults;
use crate::rejection::Rejection;
use crate::time::Timestamp;

pub use event::ImageEvent;
pub use state::State;

/// The longest `detail` of a failure that is recorded, in characters; the rest is cut.
pub const DETAIL_CHARACTERS_MAX: usize = 500;
/// The most variants that one task may have.
pub const VARIANTS_MAX: usize = 16;

/// An image task as its events tell it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Image {
    state: State,
    /// How many attempts were started since it was submitted or last retried.
    attempts: u32,
    /// The names of the variants that are stored.
    #[serde(default)]
    variants: Vec<String>,
}

/// What can be asked of an image task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// The original is stored; variants are wanted.
    Submit(Submission),
    /// A worker is about to begin. Counted before anything is decoded, so that a crash counts too.
    StartProcessing(StartProcessing),
    /// Every variant is stored.
    Complete(Complete),
    /// An attempt has failed.
    FailAttempt(FailAttempt),
    /// The variants are no longer wanted.
    Cancel {},
    /// A failed task is to be tried anew.
    Retry {},
    /// A finished task has been kept for long enough: its pictures are to go.
    Expire {},
}

/// What is known of a picture when it is submitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Submission {
    /// The motor in the picture; none for a free one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motor_id: Option<Uuid>,
    /// Higher goes first; -100 to 100.
    #[serde(default)]
    pub priority: i32,
    /// Not to be worked on earlier; none for at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The format by its content: `jpeg`.
    pub format: String,
    /// Of the original as stored, before its orientation is applied.
    pub width: u32,
    /// Of the original as stored, before its orientation is applied.
    pub height: u32,
    /// The size of the original.
    pub bytes: u64,
    /// Of the original, in hex.
    pub sha256: String,
}

/// Begins an attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartProcessing {
    /// After this many attempts the task is given up.
    pub attempts_max: u32,
}

/// Ends an attempt well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Complete {
    /// Which one.
    pub attempt: u32,
    /// What was made; at most [`VARIANTS_MAX`].
    pub variants: Vec<Variant>,
    /// The task of the same picture whose variants these are; none when they were made for this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<Uuid>,
}

/// A picture made of the original.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Variant {
    /// Its file name: `1024x1024.jpg`.
    pub name: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Its size.
    pub bytes: u64,
    /// Of its bytes, in hex.
    pub sha256: String,
}

/// Ends an attempt badly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailAttempt {
    /// Which one.
    pub attempt: u32,
    /// Machine-readable: `corrupt`.
    pub code: String,
    /// For a person to read.
    pub detail: String,
    /// When it is tried again; `None`: never, because nothing would change or it was tried often enough.
    pub retry_at: Option<Timestamp>,
}

impl Decide for Image {
    const ID_FIELD: &'static str = "task_id";
    const ENDPOINTS: &'static [Endpoint] = &[
        Endpoint {
            method: Method::Delete,
            path: "/v1/images/{id}",
            command: "cancel",
            summary: "Cancel an image task",
            body: None,
        },
        Endpoint {
            method: Method::Post,
            path: "/v1/images/{id}/retry",
            command: "retry",
            summary: "Try a failed image task anew",
            body: None,
        },
    ];

    const UPCASTERS: &'static [Upcaster] = &[
        // What was written before there was `not_before` reads as it is.
        Upcaster { event_type: "submitted", from: 1, change: |data| data },
    ];

    fn decide(&self, command: Command) -> Result<Vec<ImageEvent>, Rejection> {
        match command {
            Command::Submit(submission) => self.submit(submission),
            Command::StartProcessing(StartProcessing { attempts_max }) => self.start(attempts_max),
            Command::Complete(complete) => self.complete(complete),
            Command::FailAttempt(failure) => self.fail(failure),
            Command::Cancel {} => self.cancel(),
            Command::Retry {} => self.retry(),
            Command::Expire {} => self.expire(),
        }
    }
}

impl Image {
    fn submit(&self, submission: Submission) -> Result<Vec<ImageEvent>, Rejection> {
        if self.state != State::Nothing {
            return Err(Rejection::AlreadyExists);
        }
        let mut faults = Faults::default();
        faults.require_range(submission.priority.into(), -100.0, 100.0, "/priority");
        faults.require(submission.bytes > 0, "/bytes", "must not be 0");
        faults.into_result()?;
        Ok(vec![ImageEvent::Submitted(submission)])
    }

    /// An attempt that was started and never ended has died with its worker: it counts as failed.
    fn start(&self, attempts_max: u32) -> Result<Vec<ImageEvent>, Rejection> {
        self.require_unfinished()?;
        let mut events = Vec::new();
        if self.state == State::Processing {
            let retry_at = None;
            let (code, detail) = ("crashed".to_owned(), "the worker died during it".to_owned());
            events.push(ImageEvent::AttemptFailed {
                attempt: self.attempts,
                code,
                detail,
                retry_at,
            });
        }
        if self.attempts < attempts_max {
            events.push(ImageEvent::ProcessingStarted { attempt: self.attempts + 1 });
        } else {
            events.push(ImageEvent::DeadLettered {
                attempts: self.attempts,
                code: "crashed".to_owned(),
                detail: "every attempt ended with the death of its worker".to_owned(),
            });
        }
        Ok(events)
    }

    fn complete(&self, complete: Complete) -> Result<Vec<ImageEvent>, Rejection> {
        self.require_attempt(complete.attempt)?;
        let mut faults = Faults::default();
        let count = complete.variants.len();
        faults.require((1..=VARIANTS_MAX).contains(&count), "/variants", "must be 1 to 16");
        faults.into_result()?;
        let reused = complete.same_as.map(|task_id| ImageEvent::Reused { task_id });
        let variants = complete.variants.into_iter().map(ImageEvent::VariantProduced);
        Ok(reused.into_iter().chain(variants).chain([ImageEvent::Completed {}]).collect())
    }

    fn fail(&self, failure: FailAttempt) -> Result<Vec<ImageEvent>, Rejection> {
        self.require_attempt(failure.attempt)?;
        let FailAttempt { attempt, code, detail, retry_at } = failure;
        let detail: String = detail.chars().take(DETAIL_CHARACTERS_MAX).collect();
        let failed = ImageEvent::AttemptFailed {
            attempt,
            code: code.clone(),
            detail: detail.clone(),
            retry_at,
        };
        let given_up = ImageEvent::DeadLettered { attempts: attempt, code, detail };
        Ok(if retry_at.is_some() { vec![failed] } else { vec![failed, given_up] })
    }

    fn cancel(&self) -> Result<Vec<ImageEvent>, Rejection> {
        if self.state == State::Cancelled {
            return Ok(vec![]);
        }
        self.require_unfinished()?;
        Ok(vec![ImageEvent::Cancelled {}])
    }

    fn retry(&self) -> Result<Vec<ImageEvent>, Rejection> {
        match self.state {
            State::Nothing => Err(Rejection::Unknown),
            State::Failed => Ok(vec![ImageEvent::RetryRequested {}]),
            _ => Err(Rejection::NotNow {
                code: "not_failed",
                detail: "only a failed image task can be tried anew",
            }),
        }
    }

    /// Whoever cleans up acts on the event, so that it is told once and then acted on until it is done.
    fn expire(&self) -> Result<Vec<ImageEvent>, Rejection> {
        match self.state {
            State::Nothing => Err(Rejection::Unknown),
            State::Expired => Ok(vec![]),
            State::Completed | State::Failed | State::Cancelled => {
                Ok(vec![ImageEvent::Expired { variants: self.variants.clone() }])
            }
            State::Submitted | State::Processing => Err(Rejection::NotNow {
                code: "not_finished",
                detail: "only a finished image task can expire",
            }),
        }
    }

    fn require_unfinished(&self) -> Result<(), Rejection> {
        match self.state {
            State::Nothing => Err(Rejection::Unknown),
            State::Submitted | State::Processing => Ok(()),
            State::Completed | State::Failed | State::Cancelled | State::Expired => {
                Err(Rejection::NotNow {
                    code: "finished",
                    detail: "the image task is finished already",
                })
            }
        }
    }

    /// A worker that was taken for dead may come back with an attempt that is no longer the present one.
    fn require_attempt(&self, attempt: u32) -> Result<(), Rejection> {
        self.require_unfinished()?;
        if self.state == State::Processing && self.attempts == attempt {
            Ok(())
        } else {
            Err(Rejection::NotNow {
                code: "attempt_superseded",
                detail: "this is not the attempt under way",
            })
        }
    }
}

/// Carried by cqrs-es. Nothing is decided here.
impl Aggregate for Image {
    const TYPE: &'static str = "image";
    type Command = Command;
    type Event = ImageEvent;
    type Error = Rejection;
    type Services = ();

    async fn handle(
        &mut self,
        command: Command,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Rejection> {
        carry(self, command, sink).await
    }

    fn apply(&mut self, event: ImageEvent) {
        self.fold(&event);
    }
}

#[cfg(test)]
mod tests;
