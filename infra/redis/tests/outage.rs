//! Without Redis all goes on, and when it is back nothing old is shown.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "support/held.rs"]
mod held;
#[path = "support/server.rs"]
mod server;
#[path = "support/setting.rs"]
mod setting;

use std::time::Duration;

use held::Held;
use infra_redis::{CacheSettings, CachedReadModels};
use ports::read_models::ReadModels;
use server::Server;
use services::gate::{Gate, Way};
use setting::{
    MOTORS, bring_back, cached, count, document, entries, got, patient, progress, put, write,
};
use tokio::time::{Instant, timeout};

/// As in production, where a silent Redis must keep nobody waiting.
const ANSWER_MS_MAX: u64 = 50;

/// For many calls, on a busy machine.
const CALLS_S_MAX: u64 = 5;

fn brisk(settings: &CacheSettings, url: &str) -> CacheSettings {
    CacheSettings {
        url: Some(url.to_owned()),
        connect_ms_max: ANSWER_MS_MAX,
        response_ms_max: ANSWER_MS_MAX,
        off_ms: 60_000,
        ..settings.clone()
    }
}

/// What the reader is shown is the newest, since its progress says so.
async fn shows(reader: &CachedReadModels, key: &str, position: u64) {
    assert_eq!(reader.progress(&MOTORS).await.unwrap(), Some(progress(position)));
    assert_eq!(got(reader, key).await, Some(document(key, position)));
}

/// Asks until Redis answers again, which is then a matter of the next connection.
async fn until_hit(reader: &CachedReadModels, key: &str) {
    let before = count(&reader.counts().hits);
    let hit = async {
        while count(&reader.counts().hits) == before {
            _ = got(reader, key).await;
        }
    };
    timeout(Duration::from_secs(60), hit).await.expect("the cache is used again");
}

#[tokio::test]
async fn a_redis_that_is_killed_stops_nobody_and_comes_back_empty() {
    let Some(mut server) = Server::prepared() else { return };
    server.start().await;
    let settings = patient(&server.url());
    let store = Held::new();
    let projector = cached(&store, &settings).for_projectors();
    let reader = cached(&store, &settings);
    projector.ensure(&MOTORS).await.unwrap();
    for round in 0..3 {
        let before = 10 * round;
        put(&projector, "a", before + 1).await;
        shows(&reader, "a", before + 1).await;
        until_hit(&reader, "a").await;
        server.kill();
        put(&projector, "a", before + 2).await;
        shows(&reader, "a", before + 2).await;
        put(&projector, "a", before + 3).await;
        shows(&reader, "a", before + 3).await;
        server.start().await;
        shows(&reader, "a", before + 3).await;
        put(&projector, "a", before + 4).await;
        shows(&reader, "a", before + 4).await;
        until_hit(&reader, "a").await;
        shows(&reader, "a", before + 4).await;
    }
}

/// The projector is cut off from Redis, the readers are not: what they find there must not be believed.
#[tokio::test]
async fn a_projector_that_cannot_reach_redis_leaves_its_entries_behind() {
    let Some(url) = services::redis() else { return };
    let settings = patient(&url);
    for outage in [Way::Shut, Way::Silent] {
        let settings = CacheSettings { key_prefix: patient(&url).key_prefix, ..settings.clone() };
        let gate = Gate::to(url.trim_start_matches("redis://"), Way::Open).await;
        let through = CacheSettings {
            url: Some(format!("redis://{}", gate.address)),
            connect_ms_max: 500,
            response_ms_max: 500,
            ..settings.clone()
        };
        let store = Held::new();
        let projector = cached(&store, &through).for_projectors();
        let reader = cached(&store, &settings);
        projector.ensure(&MOTORS).await.unwrap();
        put(&projector, "a", 1).await;
        shows(&reader, "a", 1).await;
        gate.set(outage);
        for position in 2..5 {
            put(&projector, "a", position).await;
            shows(&reader, "a", position).await;
            // The reader has filled an entry by now, which the projector cannot reach either.
            shows(&reader, "a", position).await;
        }
        // A replay takes on no progress, and is seen all the same.
        projector.commit(&MOTORS, &[write("b", 3)], None).await.unwrap();
        assert_eq!(got(&reader, "b").await, Some(document("b", 3)));
        gate.set(Way::Open);
        for position in 5..8 {
            put(&projector, "a", position).await;
            shows(&reader, "a", position).await;
        }
        let reads = store.reads();
        shows(&reader, "a", 7).await;
        assert_eq!(store.reads(), reads, "the entries are kept again");
    }
}

/// A server takes over that has not heard of the last writes. Readers of the projector's process find out first, so
/// that the projector itself meets no failure.
#[tokio::test]
async fn what_a_fail_over_brings_back_is_left_behind_with_the_next_progress() {
    for next in [vec![], vec![write("b", 3)]] {
        let Some(mut server) = Server::prepared() else { return };
        server.start().await;
        let settings = patient(&server.url());
        let store = Held::new();
        let beside = cached(&store, &settings);
        let projector = beside.for_projectors();
        projector.ensure(&MOTORS).await.unwrap();
        put(&projector, "a", 1).await;
        let earlier = entries(&settings).await;
        assert_eq!(earlier.len(), 1);
        put(&projector, "a", 2).await;
        server.kill();
        server.start().await;
        bring_back(&settings, &earlier).await;
        until_hit(&beside, "a").await;
        projector.commit(&MOTORS, &next, Some(&progress(3))).await.unwrap();
        let reader = cached(&store, &settings);
        assert_eq!(reader.progress(&MOTORS).await.unwrap(), Some(progress(3)));
        assert_eq!(got(&reader, "a").await, Some(document("a", 2)));
    }
}

#[tokio::test]
async fn a_redis_that_does_not_answer_keeps_nobody_waiting() {
    for way in [Way::Shut, Way::Silent] {
        let gate = Gate::to("127.0.0.1:1", way).await;
        let settings = brisk(&CacheSettings::off(), &format!("redis://{}", gate.address));
        let store = Held::new();
        let projector = cached(&store, &settings).for_projectors();
        let reader = cached(&store, &settings);
        projector.ensure(&MOTORS).await.unwrap();
        let began = Instant::now();
        for position in 1..1_000 {
            put(&projector, "a", position).await;
            assert_eq!(got(&reader, "a").await, Some(document("a", position)));
        }
        assert!(began.elapsed() < Duration::from_secs(CALLS_S_MAX), "{:?}", began.elapsed());
        assert!(count(&reader.counts().failures) <= 1, "one call finds out for all");
        assert!(!reader.is_on());
    }
}

#[tokio::test]
async fn with_no_redis_at_all_everything_works_and_can_be_cached_later() {
    let Some(url) = services::redis() else { return };
    let store = Held::new();
    let projector = cached(&store, &CacheSettings::off()).for_projectors();
    projector.ensure(&MOTORS).await.unwrap();
    put(&projector, "a", 1).await;
    shows(&cached(&store, &CacheSettings::off()), "a", 1).await;
    let settings = patient(&url);
    shows(&cached(&store, &settings), "a", 1).await;
    let later = cached(&store, &settings).for_projectors();
    assert_eq!(later.progress(&MOTORS).await.unwrap(), Some(progress(1)));
    put(&later, "a", 2).await;
    shows(&cached(&store, &settings), "a", 2).await;
}
