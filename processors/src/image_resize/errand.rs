//! What a job tells its worker.

use serde::{Deserialize, Serialize};

use crate::wish::Cause;

/// The payload of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Errand {
    /// What led to it.
    #[serde(flatten)]
    pub(super) cause: Cause,
    /// Of the original. None when the picture is to be rendered in any case: something went wrong with it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
}

impl Errand {
    pub(super) fn written(&self) -> String {
        serde_json::to_string(self).expect("an errand is plain data")
    }

    /// What cannot be read loses the thread between cause and effect, and nothing else.
    pub(super) fn read(payload: &str) -> Self {
        serde_json::from_str(payload).unwrap_or_default()
    }
}
