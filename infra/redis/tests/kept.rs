//! What a process keeps itself is good until anybody commits anything.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "support/held.rs"]
mod held;
#[path = "support/setting.rs"]
mod setting;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use held::Held;
use infra_redis::{CacheSettings, CachedReadModels};
use ports::read_models::{ReadModels, Write};
use setting::{
    MOTORS, bring_back, cached, count, document, empty, entries, got, patient, progress, put, write,
};

/// A projector, and a reader that keeps what it is told.
fn scene(
    kept_bytes_max: usize,
) -> Option<(Arc<Held>, CacheSettings, CachedReadModels, CachedReadModels)> {
    let settings = patient(&services::redis()?);
    let settings = CacheSettings { kept_bytes_max, ..settings };
    let store = Held::new();
    let projector = cached(&store, &settings).for_projectors();
    let reader = cached(&store, &settings);
    Some((store, settings, projector, reader))
}

#[tokio::test]
async fn what_was_asked_of_redis_once_is_not_asked_again() {
    let Some((store, settings, projector, reader)) = scene(1_000) else { return };
    projector.ensure(&MOTORS).await.unwrap();
    put(&projector, "a", 3).await;
    assert_eq!(got(&reader, "a").await, Some(document("a", 3)));
    empty(&settings).await;
    for _ in 0..3 {
        assert_eq!(got(&reader, "a").await, Some(document("a", 3)));
    }
    assert_eq!(count(&reader.counts().kept_hits), 3);
    assert_eq!(store.reads(), 0);
}

#[tokio::test]
async fn readers_that_ask_at_a_time_share_a_look_at_the_progress() {
    let Some((store, _settings, projector, reader)) = scene(1_000) else { return };
    projector.ensure(&MOTORS).await.unwrap();
    put(&projector, "a", 3).await;
    let before = store.looks.load(Ordering::SeqCst);
    let told = join_all((0..32).map(|_| reader.progress(&MOTORS))).await;
    assert!(told.into_iter().all(|told| told.unwrap() == Some(progress(3))));
    // One that was under way when the others asked, and one that began after it.
    assert_eq!(store.looks.load(Ordering::SeqCst) - before, 2);
}

#[tokio::test]
async fn the_next_commit_ends_it() {
    let Some((_store, _settings, projector, reader)) = scene(1_000) else { return };
    projector.ensure(&MOTORS).await.unwrap();
    put(&projector, "b", 9).await;
    put(&projector, "a", 10).await;
    for key in ["a", "a", "nowhere", "nowhere", "nowhere"] {
        _ = got(&reader, key).await;
    }
    assert_eq!(count(&reader.counts().kept_hits), 2);
    put(&projector, "a", 11).await;
    assert_eq!(got(&reader, "a").await, Some(document("a", 11)));
    // A replay takes on no progress.
    projector.commit(&MOTORS, &[write("nowhere", 4)], None).await.unwrap();
    assert_eq!(got(&reader, "nowhere").await, Some(document("nowhere", 4)));
    assert_eq!(reader.progress(&MOTORS).await.unwrap(), Some(progress(11)));
    // Nor does a batch that returns after its progress was taken on.
    _ = got(&reader, "b").await;
    projector.commit(&MOTORS, &[write("b", 10)], Some(&progress(11))).await.unwrap();
    assert_eq!(got(&reader, "b").await, Some(document("b", 10)));
    let gone = Write { body: None, ..write("b", 12) };
    projector.commit(&MOTORS, &[gone], Some(&progress(12))).await.unwrap();
    assert_eq!(got(&reader, "b").await.and_then(|document| document.body), None);
}

#[tokio::test]
async fn no_more_is_kept_than_may_be() {
    let Some((_store, settings, projector, reader)) = scene(100) else { return };
    projector.ensure(&MOTORS).await.unwrap();
    for (position, key) in (1..).zip(["a", "b", "c"]) {
        put(&projector, key, position).await;
    }
    for key in ["a", "b", "c"] {
        _ = got(&reader, key).await;
    }
    empty(&settings).await;
    for (position, key) in (1..).zip(["a", "b", "c"]) {
        assert_eq!(got(&reader, key).await, Some(document(key, position)));
    }
    assert_eq!(count(&reader.counts().kept_hits), 1, "three are more than 100 bytes");
}

/// So that what a fail-over brings back is not kept for ever either.
#[tokio::test]
async fn nothing_is_kept_for_longer_than_an_entry_lives() {
    let Some((store, settings, projector, _)) = scene(1_000) else { return };
    projector.ensure(&MOTORS).await.unwrap();
    put(&projector, "a", 1).await;
    let earlier = entries(&settings).await;
    put(&projector, "a", 2).await;
    bring_back(&settings, &earlier).await;
    let short = CacheSettings { entry_ms_max: 1, ..settings.clone() };
    let reader = cached(&store, &short);
    assert_eq!(got(&reader, "a").await, Some(document("a", 1)), "the server has lost a write");
    empty(&settings).await;
    let shown = async { while got(&reader, "a").await != Some(document("a", 2)) {} };
    tokio::time::timeout(Duration::from_secs(10), shown).await.unwrap();
}
