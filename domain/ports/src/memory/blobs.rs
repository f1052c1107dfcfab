//! Files, in memory.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;

use super::lock;
use crate::PortError;
use crate::blobs::{BlobKey, Blobs};

/// Blobs that end with the process.
#[derive(Default)]
pub struct MemoryBlobs {
    by_key: Mutex<HashMap<BlobKey, Bytes>>,
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
}
