//! A rebuild gives what the live one is, and readers never notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::aggregate::EncodedEvent;
use domain::motor::MotorEvent;
use ports::PortError;
use ports::dead_letter::DeadLetters;
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogQuery};
use ports::handler::EventHandler;
use ports::memory::faulty::{Faults, Faulty};
use ports::read_models::{Document, Generations, ReadModels};
use ports::stream::GlobalPosition;
use ports::subscription::progress_at;
use projections::ProjectionKind;
use projections::folding::Folding;
use projections::generation::{Standing, prepare};
use projections::live::{ReadSettings, ReadSide};
use projections::projector::Poison;
use projections::rebuild::{Comparison, HoldLive, Phase, Rebuild, RebuildError, hash};
use serde_json::value::RawValue;
use tokio::time::sleep;

use crate::make::{MOTOR, OTHER_MOTOR, Story, append, busy_plant, found, registered};
use crate::plant::{Plant, QUIET};

#[tokio::test]
async fn a_rebuild_of_every_projection_equals_the_live_one() {
    let story = busy_plant();
    for kind in projections::all() {
        let plant = Plant::at_the_head(&kind, &story).await;
        let live = hash(&*plant.models, &kind.collection(1)).await.expect("memory");
        assert!(live.documents >= 8);
        let outcome = plant.rebuild().run(&*plant, QUIET).await.expect("equal");
        assert_eq!((outcome.comparison, &outcome.hash), (Comparison::Same, &live));
        assert_eq!((outcome.generation, outcome.previous), (2, Some(1)));
        assert_eq!(outcome.position, GlobalPosition(300));
        let expected = Generations { live: Some(2), previous: Some(1), newest: 2 };
        assert_eq!(plant.generations().await, expected);
        let progress = plant.handler(2).progress().await.expect("memory").expect("taken over");
        assert_eq!(progress, progress_at(GlobalPosition(300)));
        assert_eq!(plant.holds.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn events_that_come_while_it_rebuilds_are_in_it() {
    let kind = projections::all().swap_remove(0);
    let plant = Plant::at_the_head(&kind, &busy_plant()).await;
    let late = Story::default().motor(OTHER_MOTOR, &registered("P-late"));
    append(&plant.log, &late.events[0]).await;
    // The live one is behind the head when it is held: nothing beyond it may be in the new one either.
    let outcome = plant.rebuild().run(&*plant, QUIET).await.expect("equal");
    assert_eq!((outcome.position, outcome.comparison), (GlobalPosition(300), Comparison::Same));
    plant.run_live().await;
    let models = &*plant.models;
    let (new, old) = (kind.collection(2), kind.collection(1));
    let (new, old) =
        (hash(models, &new).await.expect("memory"), hash(models, &old).await.expect("memory"));
    assert_eq!((new.documents, &new), (9, &old), "the previous one is kept up to date");
}

#[tokio::test]
async fn a_difference_under_the_same_version_is_refused_unless_forced() {
    let kind = projections::all().swap_remove(0);
    let story = Story::default()
        .motor(MOTOR, &registered("P-101"))
        .motor(OTHER_MOTOR, &registered("P-102"));
    let plant = Plant::at_the_head(&kind, &story).await;
    plant.spoil(&OTHER_MOTOR.to_string()).await;
    let refused = plant.rebuild().run(&*plant, QUIET).await.expect_err("it differs");
    let RebuildError::Differs { first_key, .. } = &refused else { panic!("{refused}") };
    assert_eq!(*first_key, OTHER_MOTOR.to_string());
    assert_eq!(plant.generations().await, Generations { live: Some(1), previous: None, newest: 2 });
    assert!(!plant.is_held.load(Ordering::SeqCst), "the runners go on");
    let forced = Rebuild { is_forced: true, ..plant.rebuild() };
    let outcome = forced.run(&*plant, QUIET).await.expect("forced");
    assert_eq!(outcome.comparison, Comparison::Forced { first_key: first_key.clone() });
    assert_eq!(
        plant.generations().await,
        Generations { live: Some(3), previous: Some(1), newest: 3 }
    );
    let abandoned = hash(&*plant.models, &kind.collection(2)).await.map(|hash| hash.documents);
    assert_eq!(abandoned.unwrap_or(0), 0, "what was refused is dropped by the next rebuild");
}

#[tokio::test]
async fn a_roll_back_shows_the_previous_one_up_to_where_the_live_one_stood() {
    let kind = projections::all().swap_remove(0);
    let story = Story::default().motor(MOTOR, &registered("P-101"));
    let plant = Plant::at_the_head(&kind, &story).await;
    let nothing = plant.rebuild().roll_back(&*plant).await.expect_err("there is none");
    assert!(matches!(nothing, RebuildError::NoPrevious("motors")), "{nothing}");
    plant.rebuild().run(&*plant, QUIET).await.expect("equal");
    let more = story.motor(MOTOR, &found("DE"));
    append(&plant.log, &more.events[1]).await;
    // Only the live one has come further.
    let page = plant.log.read(&LogQuery { events_max: 10, ..LogQuery::default() }).await;
    let events = page.expect("memory").events;
    plant.handler(2).handle(&events, &progress_at(GlobalPosition(2))).await.expect("sound");
    let after = plant.rebuild().roll_back(&*plant).await.expect("there is one");
    assert_eq!(after, Generations { live: Some(1), previous: Some(2), newest: 2 });
    let models = &*plant.models;
    let new = hash(models, &kind.collection(2)).await.expect("memory");
    assert_eq!(hash(models, &kind.collection(1)).await.expect("memory"), new);
}

#[tokio::test]
async fn a_generation_of_another_version_is_replaced_without_comparing_and_not_rolled_back_to() {
    let kind = projections::all().swap_remove(0);
    let plant = Plant::at_the_head(&kind, &busy_plant()).await;
    let newer: Arc<dyn ProjectionKind> = Arc::new(Newer(kind));
    let standing = prepare(&*newer, &*plant.models).await.expect("memory");
    let generations = Generations { live: Some(1), previous: None, newest: 1 };
    assert_eq!(standing, Standing { generations, kept: vec![] });
    assert!(standing.is_outdated());
    let rebuild = Rebuild { kind: Arc::clone(&newer), ..plant.rebuild() };
    let outcome = rebuild.run(&*plant, QUIET).await.expect("nothing to compare");
    assert_eq!(outcome.comparison, Comparison::OtherVersion);
    let standing = prepare(&*newer, &*plant.models).await.expect("memory");
    assert_eq!((standing.is_outdated(), standing.kept), (false, vec![2]));
    let refused = rebuild.roll_back(&*plant).await.expect_err("old rules");
    assert!(matches!(refused, RebuildError::PreviousOutdated("motors")), "{refused}");
}

/// The same projection under the next version.
struct Newer(Arc<dyn ProjectionKind>);

impl ProjectionKind for Newer {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn version(&self) -> u32 {
        self.0.version() + 1
    }
    fn categories(&self) -> &'static [&'static str] {
        self.0.categories()
    }
    fn resource(&self) -> Option<projections::projection::Resource> {
        self.0.resource()
    }
    fn collection(&self, generation: u64) -> ports::read_models::Collection {
        self.0.collection(generation)
    }
    fn projector(&self, generation: u64, models: Arc<dyn ReadModels>) -> Arc<dyn EventHandler> {
        self.0.projector(generation, models)
    }
    fn folding(&self) -> Box<dyn Folding> {
        self.0.folding()
    }
    fn key(&self, event: &RecordedEvent) -> Option<String> {
        self.0.key(event)
    }
    fn fold(
        &self,
        key: &str,
        document: Option<Document>,
        events: &[&RecordedEvent],
    ) -> Result<Option<Document>, Poison> {
        self.0.fold(key, document, events)
    }
    fn schema(&self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        self.0.schema(generator)
    }
}

fn garbage() -> EncodedEvent {
    let data = RawValue::from_string("{}".to_owned()).expect("JSON");
    EncodedEvent { event_type: "exploded".to_owned(), schema_version: 1, data }
}

#[tokio::test]
async fn a_stream_that_cannot_be_folded_is_parked_with_all_that_follows_and_the_rest_goes_on() {
    let kind = projections::all().swap_remove(0);
    let story = Story::default()
        .motor(MOTOR, &registered("P-101"))
        .then("motor", MOTOR, garbage())
        .motor(OTHER_MOTOR, &registered("P-102"))
        .motor(MOTOR, &MotorEvent::Decommissioned {});
    let plant = Plant::at_the_head(&kind, &Story::default()).await;
    for event in &story.events {
        append(&plant.log, event).await;
    }
    plant.handler(1).handle(&[], &progress_at(GlobalPosition(4))).await.expect("memory");
    let rebuild = Rebuild { is_forced: true, ..plant.rebuild() };
    let outcome = rebuild.run(&*plant, QUIET).await.expect("forced");
    assert_eq!((outcome.events_folded, outcome.events_parked, outcome.hash.documents), (2, 2, 2));
    let stream = &story.events[0].stream;
    let letters = plant.dead_letters.sequence("motors.2", stream, 10).await.expect("memory");
    let parked: Vec<_> = letters.iter().map(|one| (one.event.position.0, one.attempts)).collect();
    assert_eq!(parked, [(2, 1), (4, 0)]);
    // Two rebuilds later the generation is gone, and its letters with it.
    for _ in 0..2 {
        rebuild.run(&*plant, QUIET).await.expect("forced");
    }
    assert_eq!(plant.dead_letters.sequence("motors.2", stream, 10).await.expect("memory").len(), 0);
    assert_eq!(plant.dead_letters.sequence("motors.4", stream, 10).await.expect("memory").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_reads_before_the_first_generation_is_built_waits_for_it_but_not_for_ever() {
    let kind = projections::all().swap_remove(0);
    let plant = Plant::unbuilt(&kind, &busy_plant()).await;
    let settings = ReadSettings::default();
    let side = ReadSide::new(plant.models.clone(), plant.dead_letters.clone(), settings);
    let begun = tokio::time::Instant::now();
    let unbuilt = side.at(kind.collection(0), None).await.expect_err("there is nothing");
    assert_eq!(unbuilt.to_string(), "`motors` has no documents yet");
    assert_eq!(begun.elapsed().as_millis(), 2_000);
    let built = async {
        sleep(Duration::from_millis(1_000)).await;
        plant.build().await;
    };
    let asked = Some(GlobalPosition(300));
    let (view, ()) = tokio::join!(side.at(kind.collection(0), asked), built);
    assert_eq!(view.expect("it was built in time").collection.generation, 1);
}

#[tokio::test]
async fn reads_never_fail_or_go_back_while_it_rebuilds() {
    let kind = projections::all().swap_remove(0);
    let plant = Plant::at_the_head(&kind, &busy_plant()).await;
    let settings = ReadSettings::default();
    let side = ReadSide::new(plant.models.clone(), plant.dead_letters.clone(), settings);
    let (stop, reader_kind) = (Arc::new(AtomicBool::new(false)), Arc::clone(&kind));
    let is_over = Arc::clone(&stop);
    let reader = tokio::spawn(async move {
        let mut reads = 0_u32;
        while !is_over.load(Ordering::SeqCst) {
            let asked = Some(GlobalPosition(300));
            let view = side.at(reader_kind.collection(0), asked).await.expect("there is one");
            let seen = hash(side.models(), &view.collection).await.expect("it is there");
            assert_eq!(seen.documents, 8, "generation {}", view.collection.generation);
            reads += 1;
            tokio::task::yield_now().await;
        }
        reads
    });
    let before = plant.models.generations("motors").await.expect("memory");
    for round in 0..3 {
        // A store that gives way to others, so that reads come between all steps.
        let inner: Arc<dyn ReadModels> = plant.models.clone();
        let models = Arc::new(Faulty::<dyn ReadModels>::over(inner, &Faults::seeded(round, 0.0)));
        let rebuild = Rebuild { models, ..plant.rebuild() };
        rebuild.run(&*plant, QUIET).await.expect("equal");
        tokio::task::yield_now().await;
        plant.run_live().await;
    }
    stop.store(true, Ordering::SeqCst);
    assert!(reader.await.expect("the reader saw no failure") > 10);
    assert_eq!(plant.generations().await.live, before.live.map(|live| live + 3));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_now_and_then_delays_a_rebuild_and_changes_nothing() {
    let kind = projections::all().swap_remove(0);
    let plant = Plant::at_the_head(&kind, &busy_plant()).await;
    for seed in 0..10 {
        let faults = Faults::seeded(seed, 0.3);
        let (models, log): (Arc<dyn ReadModels>, Arc<dyn EventLog>) =
            (plant.models.clone(), plant.log.clone());
        let rebuild = Rebuild {
            models: Arc::new(Faulty::<dyn ReadModels>::over(models, &faults)),
            log: Arc::new(Faulty::<dyn EventLog>::over(log, &faults)),
            ..plant.rebuild()
        };
        let outcome = rebuild.run(&*plant, QUIET).await.expect("it is patient");
        assert_eq!(outcome.comparison, Comparison::Same, "seed {seed}");
        assert!(faults.injected() > 0);
    }
}

#[tokio::test]
async fn a_rebuild_tells_how_far_it_is() {
    let kind = projections::all().swap_remove(0);
    let plant = Plant::at_the_head(&kind, &busy_plant()).await;
    let told = std::sync::Mutex::new(Vec::new());
    let report = |progress: projections::rebuild::RebuildProgress| {
        told.lock().expect("one thread").push((progress.phase, progress.position.0));
    };
    plant.rebuild().run(&*plant, &report).await.expect("equal");
    let told = told.into_inner().expect("one thread");
    let expected = [Phase::Folding, Phase::Comparing, Phase::CatchingUp].map(|phase| (phase, 300));
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_live_one_that_did_not_stand_still_is_not_replaced() {
    struct Restless(Arc<Plant>);
    #[async_trait]
    impl HoldLive for Restless {
        async fn hold(&self) -> Result<GlobalPosition, PortError> {
            Ok(GlobalPosition(self.0.hold().await?.0 - 1))
        }
        async fn release(&self) {
            self.0.release().await;
        }
    }
    let kind = projections::all().swap_remove(0);
    let plant = Plant::at_the_head(&kind, &busy_plant()).await;
    let refused = plant.rebuild().run(&Restless(Arc::clone(&plant)), QUIET).await;
    assert!(matches!(refused, Err(RebuildError::NotHeld { .. })), "{refused:?}");
    assert_eq!(plant.generations().await.live, Some(1));
}
