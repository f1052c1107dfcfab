//! Rebuilds of logs that are longer than a page, and that grow meanwhile.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::aggregate::EncodedEvent;
use domain::motor::MotorEvent;
use ports::PortError;
use ports::dead_letter::DeadLetters;
use ports::memory::faulty::{Faults, Faulty};
use ports::read_models::ReadModels;
use ports::stream::{GlobalPosition, StreamName};
use ports::subscription::progress_at;
use projections::rebuild::{CollectionHash, Comparison, HoldLive, Rebuild, hash};
use serde_json::value::RawValue;
use tokio::task::yield_now;
use uuid::Uuid;

use crate::make::{Story, append, busy_plant, found, registered};
use crate::plant::{Plant, QUIET};

/// More than one page, with some room for more in the one that the runner takes.
const EVENTS: u64 = 9_000;
const MOTORS: u64 = 300;

fn motor(number: u64) -> Uuid {
    Uuid::from_u64_pair(1, number % MOTORS)
}

fn stream(number: u64) -> StreamName {
    StreamName::new("motor", motor(number))
}

fn unreadable() -> EncodedEvent {
    let data = RawValue::from_string("{}".to_owned()).expect("JSON");
    EncodedEvent { event_type: "exploded".to_owned(), schema_version: 1, data }
}

/// Every motor is registered; then they take turns. At `spoilt` positions there is something unreadable.
fn long_story(spoilt: &[u64]) -> Story {
    (0..EVENTS).fold(Story::default(), |story, n| match n {
        _ if spoilt.contains(&(n + 1)) => story.then("motor", motor(n), unreadable()),
        0..MOTORS => story.motor(motor(n), &registered(&format!("P-{n}"))),
        _ => story.motor(motor(n), &found(if n.is_multiple_of(2) { "DE" } else { "NDE" })),
    })
}

#[tokio::test]
async fn what_cannot_be_folded_is_parked_wherever_it_stands_in_a_long_log() {
    // On the first page, at the end of it, and on the second, where also followers of the former are.
    let spoilt = [1_000, 5_000, 5_001, 7_777];
    let kind = projections::all().swap_remove(0);
    let plant = Plant::at_the_head(&kind, &Story::default()).await;
    for event in &long_story(&spoilt).events {
        append(&plant.log, event).await;
    }
    plant.handler(1).handle(&[], &progress_at(GlobalPosition(EVENTS))).await.expect("memory");
    let rebuild = Rebuild { is_forced: true, ..plant.rebuild() };
    let outcome = rebuild.run(&*plant, QUIET).await.expect("forced");
    let behind = |position: u64| (position..=EVENTS).step_by(MOTORS as usize);
    let expected: BTreeMap<_, Vec<u64>> =
        spoilt.map(|position| (stream(position - 1), behind(position).collect())).into();
    for (stream, positions) in &expected {
        let letters = plant.dead_letters.sequence("motors.2", stream, 1_000).await.expect("memory");
        let parked: Vec<u64> = letters.iter().map(|letter| letter.event.position.0).collect();
        assert_eq!(parked, *positions, "{stream}");
        let attempts: u32 = letters.iter().map(|letter| letter.attempts).sum();
        assert_eq!(attempts, 1, "only the first was tried");
    }
    let parked: usize = expected.values().map(Vec::len).sum();
    assert_eq!(outcome.events_parked, parked as u64);
    assert_eq!(outcome.events_folded, EVENTS - parked as u64);
    let sound = Plant::at_the_head(&kind, &long_story(&[])).await;
    let collection = kind.collection(2);
    let document = plant.models.get(&collection, &[motor(0).to_string()]).await.expect("memory");
    let same = sound.models.get(&kind.collection(1), &[motor(0).to_string()]).await;
    assert_eq!(document, same.expect("memory"), "the others are whole");
}

/// Keeps what the new generation comes to while everything stands still.
struct Witness {
    plant: Arc<Plant>,
    seen: Mutex<Option<CollectionHash>>,
}

#[async_trait]
impl HoldLive for Witness {
    async fn hold(&self) -> Result<GlobalPosition, PortError> {
        self.plant.hold().await
    }

    async fn release(&self) {
        let newest = self.plant.generations().await.newest;
        let collection = self.plant.kind.collection(newest);
        let seen = hash(&*self.plant.models, &collection).await.expect("memory");
        *self.seen.lock().expect("one thread") = Some(seen);
        self.plant.release().await;
    }
}

#[tokio::test]
async fn a_live_one_that_goes_on_all_the_while_is_followed_and_compared() {
    for kind in projections::all() {
        let plant = Plant::at_the_head(&kind, &busy_plant()).await;
        let stop = Arc::new(AtomicBool::new(false));
        let (is_over, living) = (Arc::clone(&stop), Arc::clone(&plant));
        let writer = tokio::spawn(async move {
            let mut story = busy_plant();
            while !is_over.load(Ordering::SeqCst) {
                let number = story.events.len() as u64;
                let event = if number.is_multiple_of(2) { registered("P") } else { found("DE") };
                // Motors that were there all along, and ones that come in between.
                let id = if number.is_multiple_of(2) { motor(number) } else { motor(number - 1) };
                story = match story.versions.contains_key(&StreamName::new("motor", id)) {
                    true => story
                        .motor(id, &MotorEvent::Relocated { location: Some(number.to_string()) }),
                    false => story.motor(id, &event),
                };
                append(&living.log, &story.events[story.events.len() - 1]).await;
                if !living.is_held.load(Ordering::SeqCst) {
                    living.run_live().await;
                }
                yield_now().await;
            }
        });
        for round in 0..5 {
            // A store that gives way to others, so that the writer comes between all steps.
            let inner: Arc<dyn ReadModels> = plant.models.clone();
            let models =
                Arc::new(Faulty::<dyn ReadModels>::over(inner, &Faults::seeded(round, 0.0)));
            let rebuild = Rebuild { models, ..plant.rebuild() };
            let witness = Witness { plant: Arc::clone(&plant), seen: Mutex::default() };
            let outcome = rebuild.run(&witness, QUIET).await.expect("equal");
            assert_eq!(outcome.comparison, Comparison::Same, "{}", kind.name());
            let seen = witness.seen.into_inner().expect("one thread");
            assert_eq!(seen, Some(outcome.hash), "{}", kind.name());
        }
        stop.store(true, Ordering::SeqCst);
        writer.await.expect("the writer saw no failure");
        plant.run_live().await;
        let of = async |generation| hash(&*plant.models, &kind.collection(generation)).await;
        assert_eq!(of(6).await.expect("memory"), of(5).await.expect("memory"), "{}", kind.name());
    }
}
