//! Whatever happens to Redis, a reader is never shown less than the progress that it was told.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "support/held.rs"]
mod held;
#[path = "support/setting.rs"]
mod setting;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use held::Held;
use infra_redis::{CacheSettings, CachedReadModels};
use ports::memory::faulty::SplitMix64;
use ports::read_models::ReadModels;
use services::gate::{Gate, Way};
use setting::{MOTORS, cached, count, empty, fold, patient, progress};
use tokio::time::timeout;

const KEYS: u64 = 6;
const EVENTS: u64 = 1_500;
const READERS: u64 = 6;
/// Too little for all documents.
const KEPT_BYTES_MAX: usize = 200;
const TEST_S_MAX: u64 = 120;

/// Which document the event at `position` changes.
fn key_of(position: u64) -> String {
    format!("k{}", SplitMix64::new(position).below(KEYS))
}

/// The newest event up to `position` of each document.
fn newest(key: &str, position: u64) -> u64 {
    (1..=position).rev().find(|&event| key_of(event) == key).unwrap_or(0)
}

/// Folds all events, restarting now and then, and repeating some as after a crash.
async fn project(
    store: Arc<Held>,
    settings: CacheSettings,
    gate: Arc<Gate>,
    empties: CacheSettings,
) {
    let mut random = SplitMix64::new(1);
    let mut projector = cached(&store, &settings).for_projectors();
    let mut position = 1;
    while position <= EVENTS {
        fold(&projector, &key_of(position), position).await;
        match random.below(60) {
            0 => projector = cached(&store, &settings).for_projectors(),
            1 => gate.set([Way::Open, Way::Shut, Way::Silent][random.below(3) as usize]),
            2 => empty(&empties).await,
            3 => {
                // The document without its entry or its progress, as a crash leaves it.
                let next = setting::write(&key_of(position + 1), position + 1);
                store.commit(&MOTORS, &[next], None).await.unwrap();
                projector = cached(&store, &settings).for_projectors();
            }
            4 => position -= random.below(5).min(position - 1),
            _ => {}
        }
        if random.below(8) == 0 {
            gate.set(Way::Open);
        }
        position += 1;
    }
}

async fn read(reader: CachedReadModels, seed: u64, ended: Arc<AtomicBool>) -> CachedReadModels {
    let mut random = SplitMix64::new(seed);
    while !ended.load(Ordering::SeqCst) {
        let told = reader.progress(&MOTORS).await.unwrap().map_or(0, |told| told.position.0);
        let count = 1 + random.below(3);
        let keys: Vec<String> = (0..count).map(|_| format!("k{}", random.below(KEYS))).collect();
        let found = reader.get(&MOTORS, &keys).await.unwrap();
        for key in &keys {
            let document = found.iter().find(|document| document.key == *key);
            let position = document.map_or(0, |document| document.position.0);
            let least = newest(key, told);
            assert!(position >= least, "{key} is at {position}, not at {least}, told {told}");
        }
    }
    reader
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_reader_is_shown_less_than_it_was_told() {
    let Some(url) = services::redis() else { return };
    let gate = Arc::new(Gate::to(url.trim_start_matches("redis://"), Way::Open).await);
    let settings = CacheSettings { off_ms: 1, ..patient(&url) };
    let through = CacheSettings {
        url: Some(format!("redis://{}", gate.address)),
        response_ms_max: 20,
        connect_ms_max: 20,
        ..settings.clone()
    };
    let store = Held::new();
    store.ensure(&MOTORS).await.unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    // Half of the readers share the projector's way to Redis, and its troubles.
    let readers: Vec<_> = (0..READERS)
        .map(|n| {
            let settings = if n % 2 == 0 { &settings } else { &through };
            let progress_ms_max = if n < 3 { 0 } else { 5 };
            let kept_bytes_max = if n % 3 == 0 { 0 } else { KEPT_BYTES_MAX };
            let settings = CacheSettings { progress_ms_max, kept_bytes_max, ..settings.clone() };
            tokio::spawn(read(cached(&store, &settings), n, Arc::clone(&ended)))
        })
        .collect();
    let project = project(Arc::clone(&store), through, gate, settings.clone());
    timeout(Duration::from_secs(TEST_S_MAX), project).await.unwrap();
    ended.store(true, Ordering::SeqCst);
    let mut hits = 0;
    for reader in readers {
        hits += count(&reader.await.unwrap().counts().hits);
    }
    assert!(hits > EVENTS, "the cache was of no use: {hits} hits");
    let told = cached(&store, &settings).progress(&MOTORS).await.unwrap();
    assert_eq!(told, Some(progress(EVENTS)));
}
