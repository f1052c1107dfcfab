//! How fast a projection is built from zero over the embedded stores, against following the log event by event.

use std::sync::Arc;

use async_trait::async_trait;
use atalaya::adapters::{self, Adapters, Foundation};
use atalaya::config::{Config, Overrides};
use divan::{Bencher, counter::ItemsCount};
use domain::aggregate::encode;
use domain::motor::{MotorEvent, Nameplate};
use ports::PortError;
use ports::event::Metadata;
use ports::event_log::LogQuery;
use ports::event_store::Append;
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use ports::subscription::progress_at;
use projections::generation::prepare;
use projections::rebuild::{HoldLive, Rebuild};
use serde_json::json;
use tokio::runtime::Runtime;
use uuid::Uuid;

const MOTORS: u64 = 500;
const EVENTS_PER_MOTOR: u64 = 100;
const EVENTS: u64 = MOTORS * EVENTS_PER_MOTOR;
/// Of the peer, which commits after each event.
const EVENTS_ONE_BY_ONE: usize = 2_000;

fn main() {
    divan::main();
}

struct World {
    runtime: Runtime,
    adapters: Adapters,
    _embedded: Box<dyn Foundation>,
    _folder: tempfile::TempDir,
}

impl World {
    fn with_history() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let overrides =
            Overrides { data_dir: Some(folder.path().to_owned()), ..Overrides::default() };
        let config = Config::read(&|_| None, overrides).expect("the defaults are sound");
        let runtime = Runtime::new().expect("threads can be started");
        let (adapters, embedded) =
            runtime.block_on(adapters::open(&config)).expect("the folder is free");
        runtime.block_on(write_history(&adapters));
        Self { runtime, adapters, _embedded: embedded, _folder: folder }
    }

    fn rebuild(&self) -> Rebuild {
        Rebuild {
            kind: projections::all().remove(0),
            models: Arc::clone(&self.adapters.read_models),
            log: Arc::clone(&self.adapters.log),
            dead_letters: Arc::clone(&self.adapters.dead_letters),
            clock: Arc::clone(&self.adapters.clock),
            is_forced: true,
        }
    }
}

async fn write_history(adapters: &Adapters) {
    for motor in 0..MOTORS {
        let plate = |n: u64| -> Nameplate {
            let plate = json!({
                "name": format!("motor {motor}, revision {n}"),
                "rated_power_kw": 90.0,
                "rated_speed_rpm": 1480.0,
            });
            serde_json::from_value(plate).expect("it is a nameplate")
        };
        let first = MotorEvent::Registered(plate(0));
        let later = (1..EVENTS_PER_MOTOR).map(|n| MotorEvent::Revised(plate(n)));
        let append = Append {
            stream: StreamName::new("motor", Uuid::from_u128(u128::from(motor) + 1)),
            expected: StreamVersion(0),
            events: std::iter::once(first).chain(later).map(|event| encode(&event)).collect(),
            metadata: Metadata::default(),
            key: None,
        };
        adapters.store.append(append).await.expect("the store answers");
    }
}

/// Nothing follows the log here, so nothing has to stand still.
struct NobodyFollows(Adapters);

#[async_trait]
impl HoldLive for NobodyFollows {
    async fn hold(&self) -> Result<GlobalPosition, PortError> {
        self.0.log.head().await
    }

    async fn release(&self) {}
}

/// The whole rebuild: fold, compare by hash, swap.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn rebuild_beside_and_swap(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(EVENTS)).with_inputs(World::with_history).bench_values(
        |world| {
            let holding = NobodyFollows(world.adapters.clone());
            let outcome = world.runtime.block_on(world.rebuild().run(&holding, &|_| {}));
            assert_eq!(outcome.expect("it succeeds").events_folded, EVENTS);
        },
    );
}

/// The peer: the same documents in the same store, a commit after each event.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn peer_commit_after_each_event(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(EVENTS_ONE_BY_ONE))
        .with_inputs(World::with_history)
        .bench_values(|world| {
            let kind = projections::all().remove(0);
            let models = Arc::clone(&world.adapters.read_models);
            world.runtime.block_on(async {
                prepare(&*kind, &*models).await.expect("the store answers");
                let projector = kind.projector(1, Arc::clone(&models));
                let query = LogQuery { events_max: EVENTS_ONE_BY_ONE, ..LogQuery::default() };
                let page = world.adapters.log.read(&query).await.expect("the store answers");
                for event in page.events {
                    let progress = progress_at(event.position);
                    projector.handle(&[event], &progress).await.expect("it can be folded");
                }
            });
        });
}
