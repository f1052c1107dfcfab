//! How many samples a second go through the assessor, over memory ports: a hundred motors, two seconds of each.

use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use divan::counter::ItemsCount;
use domain::aggregate::encode;
use domain::motor::MotorEvent;
use domain::vibration::{Axis, SampleBlock, Unit};
use ports::checkpoint::Checkpoint;
use ports::clock::Clock;
use ports::command_bus::{Accepted, CommandBus, CommandEnvelope, CommandError};
use ports::event::Metadata;
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{Append, EventStore};
use ports::handler::EventHandler;
use ports::memory::{
    ManualClock, MemoryBlobs, MemoryCallbacks, MemoryCheckpoints, MemoryLog, MemoryReadings,
    MemoryRenditions, MemorySamples, MemoryWorkQueue,
};
use ports::readings::Readings;
use ports::samples::{Sample, Samples};
use ports::stream::{StreamName, StreamVersion};
use ports::subscription::progress_at;
use processors::Dependencies;
use processors::vibration::{Assessor, Fleet, VibrationSettings};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use uuid::Uuid;

const MOTORS: u128 = 100;
const RATE_HZ: usize = 12_800;
const SECONDS: usize = 2;

fn main() {
    divan::main();
}

/// No command leaves the assessor by itself.
struct NoBus;

#[async_trait]
impl CommandBus for NoBus {
    async fn send(&self, _: CommandEnvelope) -> Result<Accepted, CommandError> {
        Err(CommandError::Overloaded)
    }
}

struct World {
    dependencies: Dependencies,
    fleet: Arc<Fleet>,
    readings: Arc<MemoryReadings>,
    blocks: usize,
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn samples(bencher: divan::Bencher<'_, '_>) {
    let runtime = Runtime::new().expect("a runtime can be had");
    let samples = MOTORS as usize * RATE_HZ * SECONDS;
    bencher
        .counter(ItemsCount::new(samples))
        .with_inputs(|| runtime.block_on(prepare()))
        .bench_values(|world| runtime.block_on(assess(world)));
}

async fn prepare() -> World {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let log = Arc::new(MemoryLog::new(Arc::clone(&clock)));
    let samples = Arc::new(MemorySamples::new(Arc::clone(&clock)));
    for number in 0..MOTORS {
        log.append(registration(Uuid::from_u128(number))).await.expect("it is new");
    }
    let mut blocks = 0;
    for second in 0..SECONDS {
        for number in 0..MOTORS {
            let sample = Sample::Block(block(&*clock, second, number));
            samples.publish(Uuid::from_u128(number), &sample).await.expect("memory takes all");
            blocks += 1;
        }
    }
    let fleet = Arc::new(Fleet::default());
    let query = LogQuery { events_max: 1_000, ..LogQuery::default() };
    let page = log.read(&query).await.expect("memory gives all");
    fleet.handle(&page.events, &progress_at(page.through)).await.expect("motors can be read");
    let readings = Arc::new(MemoryReadings::default());
    let dependencies = Dependencies {
        clock,
        bus: Arc::new(NoBus),
        store: log.clone(),
        log,
        checkpoints: Arc::new(MemoryCheckpoints::default()),
        blobs: Arc::new(MemoryBlobs::default()),
        queue: Arc::new(MemoryWorkQueue::default()),
        renditions: Arc::new(MemoryRenditions::default()),
        samples,
        readings: readings.clone(),
        callbacks: Arc::new(MemoryCallbacks::default()),
    };
    World { dependencies, fleet, readings, blocks }
}

async fn assess(world: World) {
    let World { dependencies, fleet, readings, blocks } = world;
    let settings = VibrationSettings::default();
    let assessor = Assessor::new(&dependencies, fleet, Arc::default(), Arc::default(), settings);
    let (drain, draining) = watch::channel(false);
    let running = tokio::spawn(assessor.run(draining));
    let all = Checkpoint(blocks.to_string());
    while readings.checkpoint().await.expect("memory gives all") != Some(all.clone()) {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    drain.send_replace(true);
    running.await.expect("the assessor drains");
}

fn registration(id: Uuid) -> Append {
    let nameplate = serde_json::json!({
        "name": "P-101", "rated_power_kw": 90.0, "rated_speed_rpm": 1480.0,
    });
    let nameplate = serde_json::from_value(nameplate).expect("it is a nameplate");
    Append {
        stream: StreamName::new("motor", id),
        expected: StreamVersion(0),
        events: vec![encode(&MotorEvent::Registered(nameplate))],
        metadata: Metadata::default(),
        key: None,
    }
}

/// A tone with a little noise, of another loudness for each motor.
fn block(clock: &dyn Clock, second: usize, number: u128) -> SampleBlock {
    let amplitude = 0.1 + number as f64 / 100.0;
    let mut noise = 1_u32;
    let sample = |i: usize| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let at_s = i as f64 / RATE_HZ as f64;
        let tone = amplitude * (TAU * 24.6 * at_s).sin();
        (tone + 0.05 * (f64::from(noise) / f64::from(u32::MAX) - 0.5)) as f32
    };
    SampleBlock {
        sensor: "DE".to_owned(),
        axis: Axis::RadialH,
        unit: Unit::MetrePerSecondSquared,
        sample_rate_hz: RATE_HZ as f64,
        started_at: clock.now().plus_seconds(second as f64),
        speed_rpm: Some(1478.0),
        samples: (second * RATE_HZ..(second + 1) * RATE_HZ).map(sample).collect(),
    }
}
