//! Samples through assessor, sender and motors, over memory and on a paused clock.

mod alone;
mod backlog;
mod baseline;
mod defects;
mod diagnosis;
mod presence;
mod reprocess;
mod restart;
mod sending;
mod stream;
mod table;
mod verdicts;

use std::collections::BTreeMap;
use std::f64::consts::{SQRT_2, TAU};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::aggregate::encode;
use domain::motor::{Command, Motor, MotorEvent, Nameplate};
use domain::time::Timestamp;
use domain::vibration::{Axis, Measurement, SampleBlock, Statistic, Unit};
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::clock::Clock;
use ports::command_bus::CommandBus;
use ports::readings::{
    OutgoingCommand, Reading, Readings, ReadingsCommit, SpectraQuery, TrendPoint, TrendQuery,
};
use ports::samples::{Sample, Samples};
use ports::stream::GlobalPosition;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

use super::{Assessor, Dropped, Fleet, Sender, Tally, VibrationSettings};
use crate::Dependencies;
use crate::testing::World;

/// The lowest rate that covers the band: tests need no more.
const RATE_HZ: f64 = 2_560.0;
/// How often a test looks before it says that something never happens.
const LOOKS_MAX: usize = 20_000;

fn motor(number: u128) -> Uuid {
    Uuid::from_u128(0x018e_0000_0000_7000_8000_0000_0000_0000 + number)
}

/// Group 2, rigid: 1.4, 2.8 and 4.5 mm/s; alarm above 2.8, trip above 5.625.
fn nameplate() -> Nameplate {
    serde_json::from_value(serde_json::json!({
        "name": "P-101", "rated_power_kw": 90.0, "rated_speed_rpm": 1480.0,
    }))
    .unwrap()
}

fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// A tone of 25 Hz with this velocity, from `at_s` after the start on.
fn block(at_s: f64, duration_s: f64, velocity_rms_mm_s: f64) -> SampleBlock {
    let amplitude_m_s2 = velocity_rms_mm_s * 1e-3 * SQRT_2 * TAU * 25.0;
    let samples = (duration_s * RATE_HZ).round() as usize;
    let sample = |i: usize| {
        let at_s = at_s + i as f64 / RATE_HZ;
        (amplitude_m_s2 * (TAU * 25.0 * at_s).sin()) as f32
    };
    SampleBlock {
        sensor: "DE".to_owned(),
        axis: Axis::RadialH,
        unit: Unit::MetrePerSecondSquared,
        sample_rate_hz: RATE_HZ,
        started_at: start().plus_seconds(at_s),
        speed_rpm: None,
        samples: (0..samples).map(sample).collect(),
    }
}

fn value(at_s: f64, velocity_rms_mm_s: f64) -> Sample {
    Sample::Measurement(Measurement {
        sensor: "DE".to_owned(),
        axis: Axis::RadialH,
        unit: Unit::MillimetrePerSecond,
        started_at: start().plus_seconds(at_s),
        speed_rpm: None,
        statistic: Statistic::Rms,
        value: velocity_rms_mm_s,
    })
}

/// All readings that were ever committed, beside what the store in memory does.
#[derive(Default)]
struct Recorder {
    inner: ports::memory::MemoryReadings,
    readings: Mutex<BTreeMap<(Uuid, String, Axis, Timestamp), Reading>>,
    told: Mutex<Vec<serde_json::Value>>,
}

impl Recorder {
    fn of(&self, id: Uuid) -> Vec<Reading> {
        let readings = self.readings.lock().unwrap();
        readings.values().filter(|reading| reading.motor_id == id).cloned().collect()
    }

    /// The commands for a motor in order, each once, as all that they say.
    fn told(&self, id: Uuid) -> Vec<serde_json::Value> {
        let told = self.told.lock().unwrap();
        let name = format!("motor-{id}");
        told.iter().filter(|command| command["stream"] == name.as_str()).cloned().collect()
    }

    async fn everything(&self, id: Uuid) -> (Vec<Reading>, Vec<serde_json::Value>, Option<String>) {
        let state = self.inner.states(&[id]).await.unwrap().remove(&id);
        (self.of(id), self.told(id), state)
    }
}

#[async_trait]
impl Readings for Recorder {
    async fn commit(&self, commit: ReadingsCommit) -> Result<(), PortError> {
        for reading in commit.readings.iter().cloned() {
            let key = (reading.motor_id, reading.sensor.clone(), reading.axis, reading.at);
            self.readings.lock().unwrap().insert(key, reading);
        }
        for command in &commit.outgoing {
            let command = serde_json::to_value(command).unwrap();
            let mut told = self.told.lock().unwrap();
            if !told.contains(&command) {
                told.push(command);
            }
        }
        self.inner.commit(commit).await
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, PortError> {
        self.inner.checkpoint().await
    }

    async fn states(&self, ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>, PortError> {
        self.inner.states(ids).await
    }

    async fn motors(&self, after: Option<Uuid>, max: usize) -> Result<Vec<Uuid>, PortError> {
        self.inner.motors(after, max).await
    }

    async fn outgoing(&self, commands_max: usize) -> Result<Vec<OutgoingCommand>, PortError> {
        self.inner.outgoing(commands_max).await
    }

    async fn settle(&self, ids: &[u64]) -> Result<(), PortError> {
        self.inner.settle(ids).await
    }

    async fn trend(&self, query: &TrendQuery) -> Result<Vec<TrendPoint>, PortError> {
        self.inner.trend(query).await
    }

    async fn latest(&self, motor_id: Uuid) -> Result<Vec<Reading>, PortError> {
        self.inner.latest(motor_id).await
    }

    async fn spectrum(
        &self,
        motor_id: Uuid,
        sensor: Option<&str>,
        axis: Option<Axis>,
    ) -> Result<Option<Reading>, PortError> {
        self.inner.spectrum(motor_id, sensor, axis).await
    }

    async fn spectra(&self, query: &SpectraQuery) -> Result<Vec<Reading>, PortError> {
        self.inner.spectra(query).await
    }
}

/// The vibration side of the program.
struct Rig {
    world: World,
    readings: Arc<Recorder>,
    fleet: Arc<Fleet>,
    folded: GlobalPosition,
    tally: Arc<Tally>,
    outgoing: Arc<Notify>,
    published: usize,
}

/// A loop at work; gone without a trace when dropped.
struct Running {
    _drain: watch::Sender<bool>,
    handle: JoinHandle<()>,
}

impl Running {
    fn start<F: Future<Output = ()> + Send + 'static>(
        run: impl FnOnce(watch::Receiver<bool>) -> F,
    ) -> Self {
        let (drain, draining) = watch::channel(false);
        Self { _drain: drain, handle: tokio::spawn(run(draining)) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

impl Rig {
    async fn with_motors(count: u128) -> Self {
        let mut rig = Self {
            world: World::new(),
            readings: Arc::default(),
            fleet: Arc::default(),
            folded: GlobalPosition(0),
            tally: Arc::default(),
            outgoing: Arc::default(),
            published: 0,
        };
        for number in 1..=count {
            rig.send(motor(number), Command::Register(nameplate())).await;
        }
        rig.fold().await;
        rig
    }

    async fn send(&self, id: Uuid, command: Command) {
        self.world.send::<Motor>(id, &command).await.unwrap();
    }

    async fn fold(&mut self) {
        self.world.feed(&*self.fleet, &mut self.folded).await;
    }

    fn dependencies(&self) -> Dependencies {
        Dependencies { readings: self.readings.clone(), ..self.world.dependencies() }
    }

    fn assess(&self) -> Running {
        self.assess_with(self.dependencies(), VibrationSettings::default())
    }

    fn assess_with(&self, dependencies: Dependencies, settings: VibrationSettings) -> Running {
        let (fleet, tally) = (self.fleet.clone(), self.tally.clone());
        let assessor = Assessor::new(&dependencies, fleet, tally, self.outgoing.clone(), settings);
        Running::start(|drain| assessor.run(drain))
    }

    fn tell(&self) -> Running {
        let sender = Sender::new(&self.dependencies(), self.outgoing.clone());
        Running::start(|drain| sender.run(drain))
    }

    async fn publish(&mut self, id: Uuid, sample: &Sample) {
        self.world.samples.publish(id, sample).await.unwrap();
        self.published += 1;
    }

    async fn publish_block(&mut self, id: Uuid, block: SampleBlock) {
        self.publish(id, &Sample::Block(block)).await;
    }

    async fn taken(&self) -> usize {
        let checkpoint = self.readings.checkpoint().await.unwrap();
        checkpoint.map_or(0, |Checkpoint(text)| text.parse().unwrap())
    }

    /// Goes on until every sample was taken, every command sent, and every event folded.
    async fn settle(&mut self) {
        for _ in 0..LOOKS_MAX {
            sleep(Duration::from_millis(10)).await;
            self.fold().await;
            let sent = self.readings.outgoing(1).await.unwrap().is_empty();
            if sent && self.taken().await == self.published {
                return;
            }
        }
        panic!("{} of {} were taken", self.taken().await, self.published);
    }

    async fn taken_all(&self) {
        for _ in 0..LOOKS_MAX {
            if self.taken().await == self.published {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("{} of {} were taken", self.taken().await, self.published);
    }

    /// Lets time pass in which the fleet keeps up with the log.
    async fn wait_s(&mut self, seconds: u32) {
        for _ in 0..seconds {
            sleep(Duration::from_secs(1)).await;
            self.fold().await;
        }
    }

    async fn history(&self, id: Uuid) -> Vec<MotorEvent> {
        self.world.history::<Motor>(id).await
    }

    /// What happened to a motor, by the types of its events.
    async fn happened(&self, id: Uuid) -> Vec<String> {
        let history = self.history(id).await;
        history.iter().map(|event| encode(event).event_type).collect()
    }

    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    async fn bus_send(&self, envelope: ports::command_bus::CommandEnvelope) {
        self.world.bus.send(envelope).await.unwrap();
    }
}

fn velocity(reading: &Reading) -> Option<f64> {
    reading.features.get("velocity_rms_mm_s").copied()
}
