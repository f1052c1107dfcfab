//! The faults come by seed, on the right side of the effect, and as often as was asked.

use std::sync::Arc;

use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Faults, Faulty, SplitMix64};
use crate::checkpoint::Checkpoints;
use crate::event::{Metadata, NewEvent};
use crate::event_store::{Append, AppendError, CommandKey, EventStore};
use crate::memory::{ManualClock, MemoryCheckpoints, MemoryLog};
use crate::stream::{GlobalPosition, StreamName, StreamVersion};
use crate::subscription::progress_at;

/// Per call: did the caller hear of success, and did the effect happen?
async fn outcomes(seed: u64, rate: f64, calls: usize) -> Vec<(bool, bool)> {
    let inner = Arc::new(MemoryCheckpoints::default());
    let faulty = Faulty::over(Arc::clone(&inner), &Faults::seeded(seed, rate));
    let mut outcomes = Vec::new();
    for call in 0..calls {
        let name = call.to_string();
        let heard = faulty.save(&name, &progress_at(GlobalPosition(1))).await.is_ok();
        outcomes.push((heard, inner.load(&name).await.unwrap().is_some()));
    }
    outcomes
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults() {
    assert_eq!(outcomes(7, 0.3, 200).await, outcomes(7, 0.3, 200).await);
    assert_ne!(outcomes(7, 0.3, 200).await, outcomes(8, 0.3, 200).await);
}

#[tokio::test]
async fn a_call_fails_before_its_effect_as_often_as_after_it() {
    let outcomes = outcomes(1, 0.4, 2_000).await;
    let share = |outcome| outcomes.iter().filter(|&&seen| seen == outcome).count() as f64 / 2_000.0;
    assert!((share((false, false)) - 0.2).abs() < 0.03, "before: {}", share((false, false)));
    assert!((share((false, true)) - 0.2).abs() < 0.03, "after: {}", share((false, true)));
    assert!((share((true, true)) - 0.6).abs() < 0.03, "none: {}", share((true, true)));
    assert_eq!(share((true, false)), 0.0, "a success without its effect");
}

#[tokio::test]
async fn the_rate_can_be_changed_on_the_way() {
    let faults = Faults::seeded(3, 1.0);
    let faulty = Faulty::over(Arc::new(MemoryCheckpoints::default()), &faults);
    assert!(faulty.load("motors").await.is_err());
    faults.set_rate(0.0);
    assert!(faulty.load("motors").await.is_ok());
    assert_eq!(faults.injected(), 1);
}

/// What every caller of a port does: try again under the same key until somebody says how it ended.
#[tokio::test]
async fn a_command_that_is_tried_until_it_is_answered_happens_once() {
    let log = Arc::new(MemoryLog::new(Arc::new(ManualClock::default())));
    let faults = Faults::seeded(11, 0.5);
    let store = Faulty::over(Arc::clone(&log), &faults);
    let stream = StreamName::new("motor", Uuid::from_u128(1));
    for n in 0..200 {
        while let Err(AppendError::Unavailable(_)) = store.append(nth_command(&stream, n)).await {}
    }
    let events = log.read_stream(&stream, StreamVersion(0), 1_000).await.unwrap();
    assert!(events.iter().map(|event| event.version.0).eq(1..=200), "{} events", events.len());
    assert!(faults.injected() > 100, "only {} faults", faults.injected());
}

fn nth_command(stream: &StreamName, n: u64) -> Append {
    let data = RawValue::from_string("{}".to_owned()).unwrap();
    let key =
        CommandKey { scope: "test".to_owned(), key: n.to_string(), fingerprint: n.to_string() };
    Append {
        stream: stream.clone(),
        expected: StreamVersion(n),
        events: vec![NewEvent { event_type: "started".to_owned(), schema_version: 1, data }],
        metadata: Metadata::default(),
        key: Some(key),
    }
}

#[test]
fn the_generator_gives_its_published_sequence() {
    let mut random = SplitMix64::new(1_234_567);
    let first = [random.draw(), random.draw(), random.draw()];
    assert_eq!(
        first,
        [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    );
}
