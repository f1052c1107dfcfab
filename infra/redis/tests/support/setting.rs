//! A projector and its readers, as processes of their own, over one store and one Redis.
#![allow(dead_code, reason = "each test uses some of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use infra_redis::{CacheSettings, CachedReadModels};
use ports::checkpoint::{Checkpoint, Progress};
use ports::read_models::{Collection, Document, Field, ReadModels, Write};
use ports::stream::GlobalPosition;
use redis::{Client, Cmd, FromRedisValue};
use serde_json::{Value, json};

pub(crate) const MOTORS: Collection =
    Collection { name: "motors", generation: 1, fields: &[Field { name: "zone" }] };

/// Longer than a busy machine takes, so that no test sees an outage that it did not make.
const PATIENT_MS: u64 = 10_000;

/// A prefix that nobody else has, bounds that only an outage exceeds, and nothing that is not asked of Redis.
pub(crate) fn patient(url: &str) -> CacheSettings {
    CacheSettings {
        key_prefix: format!("{}:", services::fresh_name("t")),
        progress_ms_max: 0,
        kept_bytes_max: 0,
        connect_ms_max: PATIENT_MS,
        response_ms_max: PATIENT_MS,
        off_ms: 0,
        ..CacheSettings::at(url)
    }
}

/// Of a process of its own.
pub(crate) fn cached(
    inner: &Arc<impl ReadModels + 'static>,
    settings: &CacheSettings,
) -> CachedReadModels {
    let inner: Arc<dyn ReadModels> = inner.clone();
    CachedReadModels::new(inner, settings).expect("the address is in order")
}

pub(crate) fn body(n: u64) -> Value {
    json!({ "zone": "A", "n": n })
}

pub(crate) fn write(key: &str, position: u64) -> Write {
    let body = Some(body(position));
    Write { key: key.to_owned(), position: GlobalPosition(position), body }
}

pub(crate) fn document(key: &str, position: u64) -> Document {
    let body = Some(body(position));
    Document { key: key.to_owned(), position: GlobalPosition(position), body }
}

pub(crate) fn progress(position: u64) -> Progress {
    Progress {
        position: GlobalPosition(position),
        checkpoint: Checkpoint(format!("offset {position}")),
    }
}

/// Writes one document as the event at `position` makes it, with the progress there.
pub(crate) async fn put(models: &dyn ReadModels, key: &str, position: u64) {
    let progress = progress(position);
    models.commit(&MOTORS, &[write(key, position)], Some(&progress)).await.expect("it is written");
}

/// Folds the event at `position` into `key` as a projector does: where it finds it folded it writes nothing.
pub(crate) async fn fold(models: &dyn ReadModels, key: &str, position: u64) {
    let stored = got(models, key).await;
    let seen = stored.map_or(0, |document| document.position.0);
    let writes = if seen < position { vec![write(key, position)] } else { Vec::new() };
    models.commit(&MOTORS, &writes, Some(&progress(position))).await.expect("it is written");
}

pub(crate) async fn got(models: &dyn ReadModels, key: &str) -> Option<Document> {
    models.get(&MOTORS, &[key.to_owned()]).await.expect("it is read").pop()
}

pub(crate) fn count(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

/// Removes every entry of a test, as an eviction would.
pub(crate) async fn empty(settings: &CacheSettings) {
    for (key, _) in entries(settings).await {
        let _: u64 = asked(settings, redis::cmd("DEL").arg(key)).await;
    }
}

/// Every entry of a test, as it is.
pub(crate) async fn entries(settings: &CacheSettings) -> Vec<(String, Vec<u8>)> {
    let pattern = format!("{}*", settings.key_prefix);
    let keys: Vec<String> = asked(settings, redis::cmd("KEYS").arg(pattern)).await;
    let mut entries = Vec::new();
    for key in keys {
        let found: Option<Vec<u8>> = asked(settings, redis::cmd("GET").arg(&key)).await;
        entries.extend(found.map(|bytes| (key, bytes)));
    }
    entries
}

pub(crate) async fn bring_back(settings: &CacheSettings, entries: &[(String, Vec<u8>)]) {
    for (key, bytes) in entries {
        let _: String = asked(settings, redis::cmd("SET").arg(key).arg(bytes)).await;
    }
}

async fn asked<T: FromRedisValue>(settings: &CacheSettings, command: &Cmd) -> T {
    let client = Client::open(settings.url.as_deref().expect("there is one")).expect("a server");
    let mut connection = client.get_multiplexed_async_connection().await.expect("it answers");
    command.query_async(&mut connection).await.expect("it answers")
}
