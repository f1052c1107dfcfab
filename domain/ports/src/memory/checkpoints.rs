//! Progress by name, in memory.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::lock;
use crate::PortError;
use crate::checkpoint::{Checkpoints, Progress};

/// Checkpoints that end with the process.
#[derive(Default)]
pub struct MemoryCheckpoints {
    by_name: Mutex<HashMap<String, Progress>>,
}

#[async_trait]
impl Checkpoints for MemoryCheckpoints {
    async fn load(&self, name: &str) -> Result<Option<Progress>, PortError> {
        Ok(lock(&self.by_name).get(name).cloned())
    }

    async fn save(&self, name: &str, progress: &Progress) -> Result<(), PortError> {
        let mut by_name = lock(&self.by_name);
        take_on(by_name.entry(name.to_owned()).or_insert_with(|| progress.clone()), progress);
        Ok(())
    }

    async fn forget(&self, name: &str) -> Result<(), PortError> {
        lock(&self.by_name).remove(name);
        Ok(())
    }
}

/// At the same position the newer checkpoint counts: its source went on, past events that nobody wanted.
pub(super) fn take_on(present: &mut Progress, progress: &Progress) {
    if progress.position >= present.position {
        present.clone_from(progress);
    }
}
