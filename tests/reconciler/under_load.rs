//! Nothing is found where nothing is wrong, however much goes on meanwhile: writers, runners that are killed, stores
//! that fail, streams that are parked and replayed. By seed.

use std::sync::Arc;
use std::time::Duration;

use atalaya::reconciler::{Difference, Reconciler, ReconcilerPorts, ReconcilerSettings, Report};
use futures::future::join_all;
use infra_telemetry::Metrics;
use ports::event::RecordedEvent;
use ports::memory::faulty::{Faults, Faulty, SplitMix64};
use ports::memory::{ManualClock, MemoryCheckpoints};
use projections::generation::prepare;
use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::documents::{all_of_the_log, documents, fold};
use crate::world::World;

const SEEDS: std::ops::Range<u64> = 0..4;
const WRITERS: u64 = 3;
const EVENTS_PER_WRITER: usize = 30;
const LIVES_PER_RUNNER: usize = 8;
const REPLAY_REQUESTS: usize = 60;

/// Much busier than a reconciler should be, so that it meets everything on its way.
fn reconciler(world: &World, faults: &Arc<Faults>) -> Reconciler {
    fn failing<P>(faults: &Arc<Faults>, port: &Arc<P>) -> Arc<Faulty<P>> {
        Arc::new(Faulty::over(port.clone(), faults))
    }
    let log = failing(faults, &world.log);
    let ports = ReconcilerPorts {
        streams: log.clone(),
        log,
        read_models: failing(faults, &world.models),
        dead_letters: failing(faults, &world.letters),
        checkpoints: Arc::new(MemoryCheckpoints::default()),
        clock: Arc::new(ManualClock::default()),
        topic: None,
        metrics: Arc::new(Metrics::new().expect("metrics can be set up")),
    };
    let settings = ReconcilerSettings {
        share_percent: 100,
        slice_events_max: 20,
        slice_documents_max: 20,
        pass_pause_ms: 100,
        recheck_pause_ms: 20,
    };
    Reconciler::new(projections::all(), ports, settings)
}

/// Gives what was ever found, and how many passes there were.
async fn follow(mut report: watch::Receiver<Report>) -> (Vec<Difference>, u64) {
    let (mut found, mut passes) = (Vec::new(), 0);
    while report.changed().await.is_ok() {
        let seen = report.borrow_and_update().clone();
        found.extend(seen.differences);
        passes = seen.passes;
    }
    (found, passes)
}

struct Outcome {
    passes: u64,
    faults: u64,
    defects_shown: u32,
}

async fn simulate(seed: u64, fault_rate: f64, affects: fn(&RecordedEvent) -> bool) -> Outcome {
    let world = Arc::new(World::new(seed, 0.0));
    for kind in projections::all() {
        prepare(&*kind, &*world.models).await.expect("memory does not fail");
    }
    world.faults.set_rate(fault_rate);
    let handlers = world.handlers(affects).await;
    // It begins a slice anew when any of its many calls fails, so that with more faults it would not get far.
    let faults = Faults::seeded(seed + 1, fault_rate / 20.0);
    let reconciler = reconciler(&world, &faults);
    let (drain, drains) = watch::channel(false);
    let following = tokio::spawn(follow(reconciler.report()));
    let reconciling = tokio::spawn(reconciler.run(drains));

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
    world.replay_all().await;
    for runner in runners {
        runner.ends().await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    is_right(&world).await;
    drain.send_replace(true);
    reconciling.await.expect("it does not panic");
    let (found, passes) = following.await.expect("it does not panic");
    assert_eq!(found, [], "seed {seed}");
    Outcome { passes, faults: faults.injected(), defects_shown: world.defect.attempts() }
}

/// What it found nothing wrong with.
async fn is_right(world: &World) {
    let events = all_of_the_log(&*world.log).await;
    for kind in projections::all() {
        assert_eq!(documents(&*world.models, &*kind).await, fold(&*kind, &events).await);
    }
}

fn run(seed: u64, fault_rate: f64, affects: fn(&RecordedEvent) -> bool) -> Outcome {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without a network can be built");
    runtime.block_on(simulate(seed, fault_rate, affects))
}

#[test]
fn nothing_is_found_while_events_come_in_and_runners_are_killed() {
    for seed in SEEDS {
        let outcome = run(seed, 0.0, |_| false);
        assert!(outcome.passes > 20, "seed {seed}: {} passes", outcome.passes);
    }
}

#[test]
fn nothing_is_found_while_stores_fail_and_streams_are_parked_and_replayed() {
    let mut faults = 0;
    for seed in SEEDS {
        let outcome = run(seed, 0.02, |event| event.position.0 % 7 == 5);
        assert!(outcome.passes > 10, "seed {seed}: {} passes", outcome.passes);
        assert!(outcome.defects_shown > 10, "seed {seed}: {}", outcome.defects_shown);
        faults += outcome.faults;
    }
    assert!(faults > 5, "only {faults} faults");
}
