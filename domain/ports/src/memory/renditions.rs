//! What was made of which picture, in memory.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::time::Timestamp;
use uuid::Uuid;

use super::lock;
use crate::PortError;
use crate::renditions::{Claim, Rendition, Renditions};

/// Renditions that are forgotten with the process.
#[derive(Default)]
pub struct MemoryRenditions {
    by_content: Mutex<HashMap<String, Entry>>,
}

struct Entry {
    task_id: Uuid,
    until: Timestamp,
    outcome: Option<String>,
}

#[async_trait]
impl Renditions for MemoryRenditions {
    async fn claim(
        &self,
        content: &str,
        task_id: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, PortError> {
        let mut by_content = lock(&self.by_content);
        if let Some(Entry { task_id: holder, until, outcome }) = by_content.get(content) {
            if let Some(outcome) = outcome.clone() {
                return Ok(Claim::Made(Rendition { task_id: *holder, outcome }));
            }
            if *holder != task_id && *until > now {
                return Ok(Claim::Held(*until));
            }
        }
        by_content.insert(content.to_owned(), Entry { task_id, until, outcome: None });
        Ok(Claim::Granted)
    }

    async fn made(&self, content: &str, rendition: Rendition) -> Result<(), PortError> {
        let mut by_content = lock(&self.by_content);
        if by_content.get(content).is_none_or(|entry| entry.outcome.is_none()) {
            let Rendition { task_id, outcome } = rendition;
            let entry = Entry { task_id, until: Timestamp::MAX, outcome: Some(outcome) };
            by_content.insert(content.to_owned(), entry);
        }
        Ok(())
    }

    async fn forget(&self, task_id: Uuid) -> Result<(), PortError> {
        lock(&self.by_content).retain(|_, entry| entry.task_id != task_id);
        Ok(())
    }
}
