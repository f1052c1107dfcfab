//! Files, in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use super::lock;
use crate::PortError;
use crate::blobs::{BlobKey, Blobs};

/// Blobs that end with the process.
#[derive(Default)]
pub struct MemoryBlobs {
    by_key: Mutex<BTreeMap<BlobKey, Bytes>>,
}

#[async_trait]
impl Blobs for MemoryBlobs {
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), PortError> {
        lock(&self.by_key).insert(key.clone(), bytes);
        Ok(())
    }

    async fn get(&self, key: &BlobKey) -> Result<Option<Bytes>, PortError> {
        Ok(lock(&self.by_key).get(key).cloned())
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), PortError> {
        lock(&self.by_key).remove(key);
        Ok(())
    }

    async fn originals(
        &self,
        after: Option<Uuid>,
        originals_max: usize,
    ) -> Result<Vec<Uuid>, PortError> {
        let by_key = lock(&self.by_key);
        let originals = by_key.keys().filter_map(|key| match key {
            BlobKey::Original { task_id } => Some(*task_id),
            BlobKey::Variant { .. } => None,
        });
        let later = originals.filter(|task_id| after.is_none_or(|after| *task_id > after));
        Ok(later.take(originals_max).collect())
    }
}
