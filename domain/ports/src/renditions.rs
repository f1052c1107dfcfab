//! Remembers what was made of which picture, so that the same picture is not rendered twice.

use async_trait::async_trait;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::PortError;

/// What was made of contents, and who is at it. A content is named by the hash of the bytes and by how they are
/// rendered. All of it may be lost: pictures are then rendered once more.
#[async_trait]
pub trait Renditions: Send + Sync {
    /// Asks whether `task_id` may render `content`, and claims it until `until` if so. Of those who ask at a time one
    /// is granted. A claim that has run out at `now` counts for nothing; one's own is prolonged.
    async fn claim(
        &self,
        content: &str,
        task_id: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, PortError>;

    /// Records what was made of `content`, whoever holds the claim. What is recorded already stays.
    async fn made(&self, content: &str, rendition: Rendition) -> Result<(), PortError>;

    /// Takes back the claims of a task, and what it made: it is given up, or its files are gone.
    async fn forget(&self, task_id: Uuid) -> Result<(), PortError>;
}

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Go ahead.
    Granted,
    /// Another task is at it; unless it says otherwise, until then.
    Held(Timestamp),
    /// It has been made.
    Made(Rendition),
}

/// What was made of a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendition {
    /// The task that has the files.
    pub task_id: Uuid,
    /// What there is, in the words of whoever made it.
    pub outcome: String,
}
