//! Many writers at once, with conflicts and roll-backs, while a reader follows the log.

#[path = "support/scratch.rs"]
mod scratch;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ports::event_store::{Append, AppendError, EventStore};
use ports::stream::{StreamName, StreamVersion};
use ports::subscription::{LogSubscriptions, Subscriptions};
use scratch::{Scratch, append, event, motor};

const EVENTS: u64 = 50_000;
const WRITERS: u64 = 16;
const STREAMS: u64 = 100;
const PAGE_EVENTS: usize = 700;

#[derive(Default)]
struct Tally {
    events: AtomicU64,
    appends: AtomicU64,
    conflicts: AtomicU64,
    roll_backs: AtomicU64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_every_event_of_many_writers_once_and_in_order() {
    let scratch = Scratch::new();
    let stores = scratch.open();
    let tally = Arc::new(Tally::default());
    let writers: Vec<_> = (0..WRITERS)
        .map(|seed| tokio::spawn(write(Arc::clone(&stores.log) as _, Arc::clone(&tally), seed)))
        .collect();

    let subscriptions = LogSubscriptions::over(Arc::clone(&stores.log) as _);
    let mut subscription = subscriptions.open("tail", &[], None).await.unwrap();
    let mut position = 0;
    let mut versions: HashMap<StreamName, u64> = HashMap::new();
    while position < EVENTS {
        let delivery = subscription.next(PAGE_EVENTS).await.unwrap();
        for event in delivery.events {
            position += 1;
            assert_eq!(event.position.0, position);
            let version = versions.entry(event.stream).or_default();
            *version += 1;
            assert_eq!(event.version.0, *version);
        }
        assert_eq!(delivery.progress.position.0, position);
    }
    for writer in writers {
        writer.await.unwrap();
    }

    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    assert!(of(&tally.conflicts) > 100, "conflicts: {}", of(&tally.conflicts));
    assert!(of(&tally.roll_backs) > 100, "roll-backs: {}", of(&tally.roll_backs));
    let counts = stores.log.counts();
    let (appends, commits) = (of(&tally.appends), counts.commits);
    assert!(commits * 2 < appends, "{commits} commits for {appends} appends");
    stores.close().await;
}

/// Appends until there are enough events: one to eight at a time, sometimes on a version that is long gone, and
/// sometimes with an event at the end that the store refuses.
async fn write(store: Arc<dyn EventStore>, tally: Arc<Tally>, seed: u64) {
    let mut random = Random(seed + 1);
    let mut known: HashMap<u64, StreamVersion> = HashMap::new();
    while tally.events.load(Ordering::Relaxed) < EVENTS {
        let number = random.below(STREAMS);
        let expected = known.get(&number).copied().unwrap_or_default();
        let mut events = vec![event("measured"); 1 + random.below(8) as usize];
        if random.below(20) == 0 {
            events.push(event(""));
        }
        let carried = events.len() as u64;
        let append = Append { events, ..append(motor(number), expected) };
        tally.appends.fetch_add(1, Ordering::Relaxed);
        match store.append(append).await {
            Ok(appended) => {
                tally.events.fetch_add(carried, Ordering::Relaxed);
                known.insert(number, appended.version);
            }
            Err(AppendError::Conflict { actual, .. }) => {
                tally.conflicts.fetch_add(1, Ordering::Relaxed);
                known.insert(number, actual);
            }
            Err(AppendError::Unavailable(_)) => {
                tally.roll_backs.fetch_add(1, Ordering::Relaxed);
            }
            Err(AppendError::Repeated(_)) => panic!("no command carried a key"),
        }
    }
}

/// Numbers that look random and are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
