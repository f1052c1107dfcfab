//! A hundred histories in which everything fails, by seed: in the end every document is what the log says.

#[path = "poison/defect.rs"]
mod defect;
#[path = "plant/documents.rs"]
mod documents;
#[path = "simulation/ledger.rs"]
mod ledger;
#[path = "simulation/polled.rs"]
mod polled;
#[path = "plant/story.rs"]
mod story;
#[path = "simulation/world.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futures::future::join_all;
use ports::dead_letter::DeadLetters;
use ports::event::RecordedEvent;
use ports::memory::faulty::SplitMix64;
use tokio::runtime::Builder;

use self::documents::{GENERATION, all_of_the_log, documents, fold};
use self::world::World;

const SEEDS: std::ops::Range<u64> = 0..50;
const FAULT_RATE: f64 = 0.1;
const WRITERS: u64 = 3;
const EVENTS_PER_WRITER: usize = 25;
const LIVES_PER_RUNNER: usize = 8;
const REPLAY_REQUESTS: usize = 60;

/// What a history came to, in numbers: the same for the same seed.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    events: usize,
    faults: u64,
    defects_shown: u32,
    /// When the faults ended.
    parked: u64,
}

/// One history. While it lasts, any call may fail and any runner may be dropped; the defect is mended amid all that.
/// Then the faults end, what is still parked is replayed, and everything is compared.
async fn simulate(seed: u64, affects: fn(&RecordedEvent) -> bool) -> Outcome {
    let world = Arc::new(World::new(seed, FAULT_RATE));
    let handlers = world.handlers(affects).await;
    let mut seeds = SplitMix64::new(!seed);
    let mut random = || SplitMix64::new(seeds.draw());

    let writers = (0..WRITERS).map(|_| world.clone().write(random(), EVENTS_PER_WRITER));
    let mut actors: Vec<_> = writers.map(tokio::spawn).collect();
    actors.push(tokio::spawn(world.clone().look_after(random(), REPLAY_REQUESTS)));
    for handler in &handlers {
        let kept = world.clone().keep(handler.clone(), random(), LIVES_PER_RUNNER);
        actors.push(tokio::spawn(kept));
    }
    for actor in join_all(actors).await {
        actor.expect("nobody panics");
    }

    world.faults.set_rate(0.0);
    let runners: Vec<_> = handlers.into_iter().map(|handler| world.start(handler)).collect();
    for runner in &runners {
        runner.reaches_head(&world).await;
    }
    let parked = world.letters.count().await.expect("memory does not fail");
    world.replay_all().await;
    for runner in runners {
        runner.ends().await;
    }
    let events = compare(&world).await;
    let (faults, defects_shown) = (world.faults.injected(), world.defect.attempts());
    Outcome { events, faults, defects_shown, parked }
}

/// Gives how many events there are.
async fn compare(world: &World) -> usize {
    let events = all_of_the_log(&*world.log).await;
    for kind in projections::all() {
        let name = format!("{}.{GENERATION}", kind.name());
        let stored = documents(&*world.models, &*kind).await;
        assert_eq!(stored, fold(&*kind, &events).await, "{name}");
        assert_eq!(stored.is_empty(), kind.categories() != ["motor"], "{name}");
    }
    for (stream, versions) in &*world.ledger.lock().expect("nobody panics with it in hand") {
        let all = events.iter().filter(|event| event.stream == *stream).count() as u64;
        assert_eq!(*versions, Vec::from_iter(1..=all), "{stream}");
    }
    assert_eq!(world.letters.count().await.expect("memory does not fail"), 0);
    events.len()
}

/// On a runtime of its own, so that nothing but the seed decides.
fn run(seed: u64, affects: fn(&RecordedEvent) -> bool) -> Outcome {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without a network can be built");
    let simulation = AssertUnwindSafe(|| runtime.block_on(simulate(seed, affects)));
    catch_unwind(simulation).unwrap_or_else(|_| panic!("the history of seed {seed} ends badly"))
}

/// One event in seven, of every motor sooner or later.
fn every_seventh(event: &RecordedEvent) -> bool {
    event.position.0 % 7 == 5
}

#[test]
fn whatever_fails_the_documents_are_those_of_the_log_and_nothing_is_parked() {
    for seed in SEEDS {
        let outcome = run(seed, |_| false);
        assert!(outcome.events >= WRITERS as usize * EVENTS_PER_WRITER, "seed {seed}");
        assert!(outcome.faults > 50, "seed {seed}: only {} faults", outcome.faults);
        assert_eq!(outcome.parked, 0, "seed {seed}: an outage is no reason to park");
    }
}

#[test]
fn whatever_fails_what_was_parked_can_be_replayed_and_leaves_no_trace() {
    for seed in SEEDS {
        let outcome = run(seed, every_seventh);
        assert!(outcome.defects_shown > 15, "seed {seed}: only {}", outcome.defects_shown);
    }
}

#[test]
fn the_same_seed_tells_the_same_history() {
    for seed in [1, 2, 3] {
        assert_eq!(run(seed, every_seventh), run(seed, every_seventh));
    }
    assert_ne!(run(1, every_seventh), run(2, every_seventh));
}
