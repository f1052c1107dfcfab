//! What the other tests store and ask for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::time::Timestamp;
use domain::vibration::Axis;
use infra_postgres::PgReadings;
use ports::checkpoint::Checkpoint;
use ports::command_bus::CommandEnvelope;
use ports::event::Metadata;
use ports::event_store::CommandKey;
use ports::readings::{Reading, Readings, ReadingsCommit, Spectrum, TrendQuery};
use ports::stream::StreamName;
use tokio::time::timeout;
use uuid::Uuid;

pub(crate) const FEATURE: &str = "velocity_rms_mm_s";
const WAIT_S_MAX: u64 = 60;

pub(crate) fn motor(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// Partitions lie around the present.
pub(crate) fn today() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is right");
    Timestamp::from_micros(since.as_micros() as i64)
}

pub(crate) fn days_ago(days: f64) -> Timestamp {
    today().plus_seconds(-days * 86_400.0)
}

pub(crate) fn reading(n: u128, at: Timestamp, value: f64) -> Reading {
    Reading {
        motor_id: motor(n),
        sensor: "DE".to_owned(),
        axis: Axis::RadialH,
        at,
        features: [(FEATURE.to_owned(), value)].into(),
        quality: Vec::new(),
        spectrum: None,
    }
}

pub(crate) fn with_spectrum(reading: Reading) -> Reading {
    let amplitudes = vec![0.0, reading.at.as_micros() as f32];
    let unit = "m/s2".to_owned();
    let spectrum = Spectrum { resolution_hz: 0.5, unit, amplitudes, speed_rpm: Some(1_480.0) };
    Reading { spectrum: Some(spectrum), ..reading }
}

/// The `n`th step of a processor, in which everything says so.
pub(crate) fn step(n: u64) -> ReadingsCommit {
    let at = Timestamp::from_micros(1_767_225_600_000_000 + n as i64);
    ReadingsCommit {
        readings: vec![reading(1, at, n as f64)],
        states: vec![(motor(1), n.to_string())],
        outgoing: vec![command(n)],
        checkpoint: Some(Checkpoint(n.to_string())),
    }
}

pub(crate) fn command(n: u64) -> CommandEnvelope {
    let key = CommandKey {
        scope: "vibration".to_owned(),
        key: n.to_string(),
        fingerprint: "0".repeat(64),
    };
    CommandEnvelope {
        stream: StreamName::new("motor", motor(1)),
        command: serde_json::json!({ "raise_alarm": n }),
        expected: None,
        key: Some(key),
        metadata: Metadata::default(),
    }
}

/// The keys of the commands that wait, as numbers, oldest first.
pub(crate) async fn waiting(readings: &PgReadings) -> Vec<u64> {
    let waiting = readings.outgoing(10_000).await.expect("the database answers");
    let key = |command: CommandEnvelope| command.key.expect("every command has one").key;
    waiting.into_iter().map(|waiting| key(waiting.command).parse().expect("a number")).collect()
}

pub(crate) async fn store(readings: &PgReadings, measured: Vec<Reading>) {
    let commit = ReadingsCommit { readings: measured, ..ReadingsCommit::default() };
    readings.commit(commit).await.expect("the database answers");
}

pub(crate) fn query(n: u128) -> TrendQuery {
    TrendQuery {
        motor_id: motor(n),
        feature: FEATURE.to_owned(),
        sensor: None,
        axis: None,
        from: None,
        to: None,
        points_max: 100_000,
    }
}

pub(crate) async fn values(readings: &PgReadings, query: &TrendQuery) -> Vec<f64> {
    let points = readings.trend(query).await.expect("the database answers");
    points.into_iter().map(|point| point.value).collect()
}

pub(crate) async fn in_time<T>(happening: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(WAIT_S_MAX), happening).await.expect("it should have happened")
}
