//! Whoever is slow puts nothing old over something new, whatever was lost meanwhile.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "support/held.rs"]
mod held;
#[path = "support/setting.rs"]
mod setting;

use std::sync::Arc;

use futures::FutureExt;
use held::Held;
use infra_redis::{CacheSettings, CachedReadModels};
use ports::read_models::{ReadModels, Write};
use ports::stream::GlobalPosition;
use setting::{MOTORS, cached, count, document, empty, fold, got, patient, progress, put, write};

/// A store, a projector, and a reader in a process of its own.
struct Scene {
    store: Arc<Held>,
    settings: CacheSettings,
    projector: CachedReadModels,
    reader: Arc<CachedReadModels>,
}

async fn scene() -> Option<Scene> {
    let settings = patient(&services::redis()?);
    let store = Held::new();
    let projector = cached(&store, &settings).for_projectors();
    projector.ensure(&MOTORS).await.unwrap();
    let reader = Arc::new(cached(&store, &settings));
    Some(Scene { store, settings, projector, reader })
}

impl Scene {
    /// A reader that has missed the cache, has read the store, and has not yet gone on.
    async fn slow_reader(&self, key: &'static str) -> tokio::task::JoinHandle<()> {
        self.store.hold_next();
        let reader = Arc::clone(&self.reader);
        let reading = tokio::spawn(async move { _ = got(&*reader, key).await });
        self.store.has_read().await;
        reading
    }
}

#[tokio::test]
async fn what_was_read_once_comes_from_the_cache() {
    let Some(scene) = scene().await else { return };
    put(&scene.projector, "b", 3).await;
    empty(&scene.settings).await;
    for round in 0..3 {
        assert_eq!(got(&*scene.reader, "b").await, Some(document("b", 3)));
        assert_eq!(got(&*scene.reader, "nowhere").await, None);
        assert_eq!(scene.store.reads(), 2, "round {round}");
    }
    assert_eq!(count(&scene.reader.counts().hits), 4);
    assert_eq!(count(&scene.reader.counts().misses), 2);
}

#[tokio::test]
async fn what_was_written_is_in_the_cache_before_anybody_reads_it() {
    let Some(scene) = scene().await else { return };
    put(&scene.projector, "a", 3).await;
    put(&scene.projector, "a", 5).await;
    assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 5)));
    let gone = Write { body: None, ..write("a", 7) };
    scene.projector.commit(&MOTORS, &[gone], Some(&progress(7))).await.unwrap();
    let tombstone = got(&*scene.reader, "a").await.unwrap();
    assert_eq!((tombstone.position, tombstone.body), (GlobalPosition(7), None));
    assert_eq!(scene.store.reads(), 0);
}

#[tokio::test]
async fn a_reader_that_was_slow_puts_nothing_old_over_something_new() {
    let Some(scene) = scene().await else { return };
    put(&scene.projector, "a", 3).await;
    empty(&scene.settings).await;
    let reading = scene.slow_reader("a").await;
    put(&scene.projector, "a", 5).await;
    scene.store.release();
    reading.await.unwrap();
    assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 5)));
    assert_eq!(count(&scene.reader.counts().refusals), 1);
}

#[tokio::test]
async fn a_reader_that_was_slow_puts_nothing_old_where_something_new_was_lost() {
    let Some(scene) = scene().await else { return };
    put(&scene.projector, "a", 3).await;
    empty(&scene.settings).await;
    let reading = scene.slow_reader("a").await;
    put(&scene.projector, "a", 5).await;
    empty(&scene.settings).await;
    scene.store.release();
    reading.await.unwrap();
    assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 5)));
    assert_eq!(count(&scene.reader.counts().refusals), 1);
}

#[tokio::test]
async fn that_there_was_nothing_is_not_put_over_the_first_document() {
    for is_lost in [false, true] {
        let Some(scene) = scene().await else { return };
        put(&scene.projector, "other", 1).await;
        let reading = scene.slow_reader("a").await;
        put(&scene.projector, "a", 2).await;
        if is_lost {
            empty(&scene.settings).await;
        }
        scene.store.release();
        reading.await.unwrap();
        assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 2)));
    }
}

#[tokio::test]
async fn that_there_is_nothing_gives_way_to_the_first_document() {
    let Some(scene) = scene().await else { return };
    put(&scene.projector, "other", 1).await;
    assert_eq!(got(&*scene.reader, "a").await, None);
    put(&scene.projector, "a", 2).await;
    assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 2)));
}

#[tokio::test]
async fn a_batch_that_returns_puts_nothing_old_over_something_new() {
    let Some(scene) = scene().await else { return };
    put(&scene.projector, "a", 5).await;
    scene.projector.commit(&MOTORS, &[write("a", 3)], Some(&progress(5))).await.unwrap();
    let both = [write("a", 4), write("a", 5), write("a", 3)];
    scene.projector.commit(&MOTORS, &both, Some(&progress(5))).await.unwrap();
    assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 5)));
    assert_eq!(scene.store.reads(), 0);
    assert_eq!(count(&scene.projector.counts().refusals), 2);
}

/// A projector that was cut off between the documents and their entries, and started anew.
#[tokio::test]
async fn after_a_crash_no_entry_from_before_it_is_believed() {
    let Some(scene) = scene().await else { return };
    put(&scene.projector, "a", 3).await;
    assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 3)));
    scene.store.commit(&MOTORS, &[write("a", 5)], None).await.unwrap();
    let restarted = cached(&scene.store, &scene.settings).for_projectors();
    fold(&restarted, "a", 5).await;
    assert_eq!(scene.reader.progress(&MOTORS).await.unwrap(), Some(progress(5)));
    assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 5)));
}

/// The same, where the first thing that happens is the replay of a parked event: it takes on no progress.
#[tokio::test]
async fn after_a_crash_a_replay_is_seen_too() {
    let Some(scene) = scene().await else { return };
    put(&scene.projector, "a", 3).await;
    put(&scene.projector, "b", 9).await;
    assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 3)));
    let restarted = cached(&scene.store, &scene.settings).for_projectors();
    restarted.commit(&MOTORS, &[write("a", 5)], None).await.unwrap();
    assert_eq!(scene.reader.progress(&MOTORS).await.unwrap(), Some(progress(9)));
    assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 5)));
}

/// Two projectors at a time, as when one is slow to learn that another has taken over.
#[tokio::test]
async fn what_another_projector_wrote_is_not_overlooked() {
    let Some(scene) = scene().await else { return };
    let late = cached(&scene.store, &scene.settings).for_projectors();
    put(&scene.projector, "a", 3).await;
    assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 3)));
    // The late one gets no further than the document; the other finds the event folded, and goes on.
    scene.store.commit(&MOTORS, &[write("a", 5)], None).await.unwrap();
    fold(&scene.projector, "a", 5).await;
    assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 5)));
    // Both go on, in turns; each publishes what it has folded itself.
    for position in 6..12 {
        let (one, other) =
            if position % 2 == 0 { (&late, &scene.projector) } else { (&scene.projector, &late) };
        for projector in [one, other] {
            fold(projector, "a", position).await;
            let told = scene.reader.progress(&MOTORS).await.unwrap().unwrap().position;
            let found = got(&*scene.reader, "a").await.unwrap();
            assert!(found.position >= told, "{} is older than {told}", found.position);
        }
    }
}

/// Neither the replay of one projector nor a batch of its that returns vouches for what another one has folded.
#[tokio::test]
async fn a_projector_does_not_vouch_for_another_ones_progress() {
    for again in [None, Some(progress(2))] {
        let Some(scene) = scene().await else { return };
        put(&scene.projector, "a", 3).await;
        assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 3)));
        let other = cached(&scene.store, &scene.settings).for_projectors();
        fold(&other, "a", 5).await;
        scene.projector.commit(&MOTORS, &[write("b", 2)], again.as_ref()).await.unwrap();
        assert_eq!(scene.reader.progress(&MOTORS).await.unwrap(), Some(progress(5)));
        assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 5)));
        assert_eq!(got(&*scene.reader, "b").await, Some(document("b", 2)));
    }
}

#[tokio::test]
async fn a_commit_that_was_dropped_leaves_no_entry_that_is_believed() {
    let Some(scene) = scene().await else { return };
    put(&scene.projector, "a", 3).await;
    let batch = [write("a", 5)];
    let progress_at = progress(5);
    let commit = scene.projector.commit(&MOTORS, &batch, Some(&progress_at));
    // Polled once: the documents are written in memory at once, then the entries are on their way.
    assert!(commit.now_or_never().is_none(), "it must not have ended");
    let stored = scene.store.get(&MOTORS, &["a".to_owned()]).await.unwrap();
    assert_eq!(stored, [document("a", 5)]);
    put(&scene.projector, "b", 6).await;
    assert_eq!(got(&*scene.reader, "a").await, Some(document("a", 5)));
    assert!(count(&scene.projector.counts().epochs) >= 2);
}
