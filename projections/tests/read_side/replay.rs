//! Whatever comes twice, late or in other batches: the documents are the same.

use std::sync::Arc;

use domain::aggregate::EncodedEvent;
use domain::motor::MotorEvent;
use ports::event::RecordedEvent;
use ports::handler::{EventHandler, HandleError};
use ports::memory::MemoryReadModels;
use ports::memory::faulty::{Faults, Faulty, SplitMix64};
use ports::read_models::{Document, ReadModels};
use ports::stream::GlobalPosition;
use ports::subscription::progress_at;
use projections::projection::{FoldError, Projection};
use projections::projector::Projector;
use projections::{ProjectionKind, collection};
use serde_json::value::RawValue;

use crate::make::{MOTOR, OTHER_MOTOR, Story, busy_plant, lost, registered};

/// The documents of one projection, and the handler that fills them.
struct Shelf {
    models: Arc<dyn ReadModels>,
    kind: Arc<dyn ProjectionKind>,
    handler: Arc<dyn EventHandler>,
}

impl Shelf {
    async fn of(kind: &Arc<dyn ProjectionKind>) -> Self {
        let models: Arc<dyn ReadModels> = Arc::new(MemoryReadModels::default());
        Self::over(kind, &models, &models).await
    }

    /// The handler sees `faulty`, the test sees `models`.
    async fn over(
        kind: &Arc<dyn ProjectionKind>,
        models: &Arc<dyn ReadModels>,
        faulty: &Arc<dyn ReadModels>,
    ) -> Self {
        models.ensure(&kind.collection(1)).await.expect("memory does not fail");
        let handler = kind.projector(1, Arc::clone(faulty));
        Self { models: Arc::clone(models), kind: Arc::clone(kind), handler }
    }

    async fn handle(&self, events: &[RecordedEvent]) -> Result<(), HandleError> {
        let through = events.last().map_or(GlobalPosition(0), |event| event.position);
        self.handler.handle(events, &progress_at(through)).await
    }

    async fn documents(&self, story: &Story) -> Vec<Document> {
        let ids = story.events.iter().map(|event| event.stream.id.to_string());
        let versions =
            story.events.iter().map(|event| format!("{}/{:020}", event.stream.id, event.version.0));
        let mut keys: Vec<String> = ids.chain(versions).collect();
        keys.sort();
        keys.dedup();
        let mut found = self.models.get(&self.kind.collection(1), &keys).await.expect("memory");
        found.sort_by(|one, next| one.key.cmp(&next.key));
        found
    }
}

async fn at_once(kind: &Arc<dyn ProjectionKind>, story: &Story) -> Vec<Document> {
    let shelf = Shelf::of(kind).await;
    shelf.handle(&story.events).await.expect("the story is sound");
    let documents = shelf.documents(story).await;
    assert!(documents.len() >= 8, "{} has too little to compare", kind.name());
    documents
}

#[tokio::test]
async fn one_event_at_a_time_gives_what_one_batch_gives() {
    let story = busy_plant();
    for kind in projections::all() {
        let shelf = Shelf::of(&kind).await;
        for event in &story.events {
            shelf.handle(std::slice::from_ref(event)).await.expect("the story is sound");
        }
        assert_eq!(shelf.documents(&story).await, at_once(&kind, &story).await, "{}", kind.name());
    }
}

#[tokio::test]
async fn batches_that_come_again_and_late_change_nothing() {
    let story = busy_plant();
    for kind in projections::all() {
        let expected = at_once(&kind, &story).await;
        for seed in 0..4 {
            let shelf = Shelf::of(&kind).await;
            let mut random = SplitMix64::new(seed);
            let mut done = 0;
            while done < story.events.len() {
                // A subscription may go back to an old checkpoint at any time, and cut its batches anew.
                let from = random.below(done as u64 + 1) as usize;
                let to = (from + 1 + random.below(60) as usize).min(story.events.len());
                shelf.handle(&story.events[from..to]).await.expect("the story is sound");
                done = done.max(to);
            }
            shelf.handle(&story.events[..40]).await.expect("an old batch is harmless");
            assert_eq!(shelf.documents(&story).await, expected, "{} seed {seed}", kind.name());
            let progress = shelf.handler.progress().await.expect("memory").expect("some");
            assert_eq!(progress.position, GlobalPosition(300));
        }
    }
}

#[tokio::test]
async fn a_store_that_fails_now_and_then_converges_to_the_same_documents() {
    let story = busy_plant();
    for kind in projections::all() {
        let expected = at_once(&kind, &story).await;
        for seed in 0..5 {
            let inner = Arc::new(MemoryReadModels::default());
            let faults = Faults::seeded(seed, 0.3);
            let models: Arc<dyn ReadModels> = inner.clone();
            let faulty: Arc<dyn ReadModels> =
                Arc::new(Faulty::<dyn ReadModels>::over(inner, &faults));
            let shelf = Shelf::over(&kind, &models, &faulty).await;
            for batch in story.events.chunks(16) {
                while let Err(error) = shelf.handle(batch).await {
                    assert!(matches!(error, HandleError::Unavailable(_)), "{error}");
                }
            }
            assert!(faults.injected() > 0);
            assert_eq!(shelf.documents(&story).await, expected, "{} seed {seed}", kind.name());
        }
    }
}

fn garbage() -> EncodedEvent {
    let data = RawValue::from_string(r#"{"unheard": "of"}"#.to_owned()).expect("JSON");
    EncodedEvent { event_type: "exploded".to_owned(), schema_version: 1, data }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_named_and_nothing_of_its_batch_is_kept() {
    let kind = &projections::all()[0];
    let story = Story::default()
        .motor(MOTOR, &registered("P-101"))
        .motor(OTHER_MOTOR, &registered("P-102"))
        .then("motor", OTHER_MOTOR, garbage())
        .then("motor", MOTOR, garbage());
    let shelf = Shelf::of(kind).await;
    let error = shelf.handle(&story.events).await.expect_err("garbage");
    let HandleError::Poison { position, reason } = error else { panic!("{error}") };
    assert_eq!(position, GlobalPosition(3), "the first of the two");
    assert!(reason.contains("exploded"), "{reason}");
    assert_eq!(shelf.documents(&story).await, []);
    assert!(shelf.handler.progress().await.expect("memory").is_none());
}

#[tokio::test]
async fn a_parked_event_is_replayed_onto_the_document_that_waited_for_it() {
    let kind = &projections::all()[0];
    let story = Story::default()
        .motor(MOTOR, &registered("P-101"))
        .motor(MOTOR, &lost("DE"))
        .motor(OTHER_MOTOR, &registered("P-102"));
    let shelf = Shelf::of(kind).await;
    // The runner parked the second event, and went on with the others.
    shelf.handle(&[story.events[0].clone(), story.events[2].clone()]).await.expect("sound");
    let progress = shelf.handler.progress().await.expect("memory");
    shelf.handler.replay(&story.events[1]).await.expect("sound");
    assert_eq!(shelf.documents(&story).await, {
        let whole = Shelf::of(kind).await;
        whole.handle(&story.events).await.expect("sound");
        whole.documents(&story).await
    });
    assert_eq!(shelf.handler.progress().await.expect("memory"), progress);
}

#[tokio::test]
async fn generations_have_names_of_their_own() {
    let models: Arc<dyn ReadModels> = Arc::new(MemoryReadModels::default());
    let names: Vec<String> = projections::all()
        .iter()
        .map(|kind| kind.projector(3, Arc::clone(&models)).name().to_owned())
        .collect();
    let expected = [
        "motors.3",
        "fleet.3",
        "motor_history.3",
        "images.3",
        "notifications.3",
        "vibration_trend.3",
        "diagnoses.3",
    ];
    assert_eq!(names, expected);
}

/// Grows by six megabytes with each event, and is removed by a decommissioning.
struct Growing;

impl Projection for Growing {
    const NAME: &'static str = "growing";
    const CATEGORIES: &'static [&'static str] = &["motor"];
    const VERSION: u32 = 1;
    type Document = String;

    fn evolve(
        document: Option<String>,
        event: &RecordedEvent,
    ) -> Result<Option<String>, FoldError> {
        let grown = || document.unwrap_or_default() + &"x".repeat(6 * 1024 * 1024);
        Ok((event.event_type != "decommissioned").then(grown))
    }
}

async fn growing() -> (Arc<MemoryReadModels>, Projector<Growing>) {
    let models = Arc::<MemoryReadModels>::default();
    models.ensure(&collection::<Growing>(1)).await.expect("memory");
    (models.clone(), Projector::of(1, models))
}

#[tokio::test]
async fn a_document_that_no_store_could_hold_is_the_fault_of_the_event_that_made_it_so() {
    let (_, projector) = growing().await;
    let story = (0..4).fold(Story::default(), |story, _| story.motor(MOTOR, &lost("DE")));
    let error = projector.handle(&story.events, &progress_at(GlobalPosition(4))).await;
    let Err(HandleError::Poison { position, .. }) = error else { panic!("{error:?}") };
    assert_eq!(position, GlobalPosition(3));
}

#[tokio::test]
async fn a_removed_document_is_not_revived_by_an_event_that_comes_again() {
    let (models, projector) = growing().await;
    let story =
        Story::default().motor(MOTOR, &lost("DE")).motor(MOTOR, &MotorEvent::Decommissioned {});
    for events in [&story.events[..], &story.events[..1]] {
        projector.handle(events, &progress_at(GlobalPosition(2))).await.expect("sound");
        let key = MOTOR.to_string();
        let found = models.get(&collection::<Growing>(1), &[key]).await.expect("memory");
        assert_eq!((found[0].position, &found[0].body), (GlobalPosition(2), &None));
    }
}
