//! The schemas that samples are written in, as the registry numbers them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use apache_avro::util::max_allocation_bytes;
use ports::PortError;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::refusal::Refusal;
use super::wire::{SCHEMA, WriterSchema};
use crate::registry::{Registry, RegistryError};
use crate::relay::chain;

/// How many schemas are remembered; when there are more, all are forgotten and asked for again.
const KNOWN_MAX: usize = 1_000;
/// How long it is believed that the registry does not have a schema.
const ABSENT_MS_MAX: u64 = 30_000;
/// What a length in a record may make the decoder allocate: more than any record has.
const ALLOCATION_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Asks the registry, and remembers what it said.
pub struct SampleSchemas {
    registry: Arc<Registry>,
    /// The number of our own schema.
    own: OnceCell<u32>,
    known: Mutex<HashMap<u32, Known>>,
}

/// What is known of a number.
enum Known {
    Schema(Arc<WriterSchema>),
    Unusable(String),
    Absent(Instant),
}

impl SampleSchemas {
    /// Asks `registry`.
    pub fn new(registry: Arc<Registry>) -> Self {
        // It holds for the process, and the first one to say so wins: a record never needs more than this.
        max_allocation_bytes(ALLOCATION_BYTES_MAX);
        Self { registry, own: OnceCell::new(), known: Mutex::default() }
    }

    /// The number of our own schema for `topic`; registers it the first time.
    pub(super) async fn own(&self, topic: &str) -> Result<u32, PortError> {
        let register = || async {
            let subject = format!("{topic}-value");
            let registered = self.registry.register_one(&subject, SCHEMA).await;
            let attempted = || format!("registering the schema of samples as {subject}");
            registered.map_err(|error| PortError::new(attempted(), error))
        };
        self.own.get_or_try_init(register).await.copied()
    }

    /// The schema `id`; `None` as long as the registry has not been asked.
    pub(super) fn get(&self, id: u32) -> Option<Result<Arc<WriterSchema>, Refusal>> {
        let believed = Duration::from_millis(ABSENT_MS_MAX);
        match self.known().get(&id)? {
            Known::Schema(schema) => Some(Ok(Arc::clone(schema))),
            Known::Unusable(fault) => Some(Err(Refusal::Avro(fault.clone()))),
            Known::Absent(since) if since.elapsed() < believed => {
                Some(Err(Refusal::UnknownSchema(id)))
            }
            Known::Absent(_) => None,
        }
    }

    /// Asks the registry for the schema `id`. An answer, whichever, is remembered; no answer is an error.
    pub(super) async fn learn(&self, id: u32) -> Result<(), PortError> {
        let known = match self.registry.codec(id).await {
            Ok(codec) => Known::Schema(Arc::new(WriterSchema::of(codec.schema().clone()))),
            Err(RegistryError::NoSchema { .. }) => Known::Absent(Instant::now()),
            Err(error @ RegistryError::NoAvro { .. }) => Known::Unusable(chain(&error)),
            Err(error) => {
                return Err(PortError::new(format!("asking the registry for schema {id}"), error));
            }
        };
        let mut all = self.known();
        if all.len() >= KNOWN_MAX {
            all.clear();
        }
        all.insert(id, known);
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn teach(&self, id: u32, schema: WriterSchema) {
        self.known().insert(id, Known::Schema(Arc::new(schema)));
    }

    fn known(&self) -> MutexGuard<'_, HashMap<u32, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
