//! What is kept of samples, readings and spectra, and what is not.

use std::collections::BTreeMap;

use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::clock::Timestamp;
use ports::memory::ManualClock;
use ports::readings::{Axis, Reading, Readings, ReadingsCommit, Spectrum, TrendQuery};
use ports::samples::{Sample, SampleSource, Samples};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;

const MOTOR: Uuid = Uuid::from_u128(7);
const DAY_S: f64 = 86_400.0;

struct Fresh {
    samples: SqliteSamples,
    clock: Arc<ManualClock>,
    _folder: TempDir,
}

fn fresh(settings: Settings) -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let held = Arc::new(DataFolder::open(folder.path()).unwrap());
    let clock = Arc::<ManualClock>::default();
    let samples = SqliteSamples::open(&held, Arc::clone(&clock) as _, &settings).unwrap();
    Fresh { samples, clock, _folder: folder }
}

/// A block of 1000 samples: something more than 4000 bytes.
fn block() -> Sample {
    let packed = "AACAPwAA".repeat(500) + "AAAAAAAA";
    let header = serde_json::json!({ "block": {
        "sensor": "DE", "axis": "radial_h", "unit": "g", "sample_rate_hz": 12_800.0,
        "started_at": "2026-01-01T00:00:00Z", "samples_base64": &packed[..4_000],
    }});
    serde_json::from_value(header).unwrap()
}

async fn consume(samples: &SqliteSamples, position: u64) {
    let checkpoint = Some(Checkpoint(position.to_string()));
    samples.commit(ReadingsCommit { checkpoint, ..ReadingsCommit::default() }).await.unwrap();
}

async fn kept(samples: &SqliteSamples) -> usize {
    let mut feed = samples.open(None).await.unwrap();
    feed.next(1_000).await.unwrap().samples.len()
}

#[tokio::test]
async fn old_samples_go_but_never_before_the_processor_has_them() {
    let fresh = fresh(Settings { samples_hours_max: 7 * 24, ..Settings::default() });
    for _ in 0..10 {
        fresh.samples.publish(MOTOR, &block()).await.unwrap();
        fresh.clock.advance(DAY_S);
    }
    assert_eq!(fresh.samples.purge_samples().await.unwrap(), 0, "nothing is consumed yet");
    consume(&fresh.samples, 2).await;
    assert_eq!(fresh.samples.purge_samples().await.unwrap(), 2);
    consume(&fresh.samples, 10).await;
    // They are 8 to 1 days old.
    assert_eq!(fresh.samples.purge_samples().await.unwrap(), 1);
    assert_eq!(kept(&fresh.samples).await, 7);
}

#[tokio::test]
async fn samples_beyond_the_bound_in_bytes_go_oldest_first() {
    let fresh = fresh(Settings { sample_bytes_max: 20_000, ..Settings::default() });
    for _ in 0..250 {
        fresh.samples.publish(MOTOR, &block()).await.unwrap();
    }
    consume(&fresh.samples, 249).await;
    let removed = fresh.samples.purge_samples().await.unwrap();
    let left = kept(&fresh.samples).await as u64;
    assert_eq!(removed + left, 250);
    assert!((4..=6).contains(&left), "{left}");
    assert_eq!(fresh.samples.purge_samples().await.unwrap(), 0);
}

#[tokio::test]
async fn a_position_is_not_used_again_when_all_samples_are_gone() {
    let fresh = fresh(Settings { sample_bytes_max: 0, ..Settings::default() });
    for _ in 0..3 {
        fresh.samples.publish(MOTOR, &block()).await.unwrap();
    }
    consume(&fresh.samples, 3).await;
    assert_eq!(fresh.samples.purge_samples().await.unwrap(), 3);
    fresh.samples.publish(MOTOR, &block()).await.unwrap();
    let mut feed = fresh.samples.open(Some(&Checkpoint("3".to_owned()))).await.unwrap();
    let batch = feed.next(10).await.unwrap();
    assert_eq!((batch.samples.len(), batch.checkpoint.0.as_str()), (1, "4"));
}

#[tokio::test]
async fn a_feed_that_fell_behind_goes_on_with_what_is_kept() {
    let fresh = fresh(Settings { sample_bytes_max: 0, ..Settings::default() });
    fresh.samples.publish(MOTOR, &block()).await.unwrap();
    consume(&fresh.samples, 1).await;
    fresh.samples.purge_samples().await.unwrap();
    let mut feed = fresh.samples.open(None).await.unwrap();
    let batch = feed.next(10).await.unwrap();
    assert_eq!((batch.samples.len(), batch.checkpoint.0.as_str()), (0, "1"));
}

#[tokio::test]
async fn a_sample_that_cannot_be_read_is_an_error_that_names_its_position() {
    let fresh = fresh(Settings::default());
    fresh.samples.publish(MOTOR, &block()).await.unwrap();
    let cut = "UPDATE samples SET waveform = x'000000'";
    fresh.samples.database.write(move |it| Ok(it.execute(cut, [])?)).await.unwrap();
    let mut feed = fresh.samples.open(None).await.unwrap();
    let refusal = feed.next(10).await.unwrap_err().chain();
    assert!(refusal.contains("the sample at position 1 cannot be read"), "{refusal}");
}

fn reading(day: i64, sensor: &str) -> Reading {
    Reading {
        motor_id: MOTOR,
        sensor: sensor.to_owned(),
        axis: Axis::RadialH,
        at: start().plus_seconds(day as f64 * DAY_S),
        features: BTreeMap::from([("kurtosis".to_owned(), day as f64)]),
        quality: Vec::new(),
        spectrum: Some(Spectrum {
            resolution_hz: 1.0,
            unit: "m/s2".to_owned(),
            amplitudes: vec![0.5; 16],
            speed_rpm: None,
        }),
    }
}

fn start() -> Timestamp {
    ManualClock::default().now()
}

async fn store(samples: &SqliteSamples, readings: Vec<Reading>) {
    samples.commit(ReadingsCommit { readings, ..ReadingsCommit::default() }).await.unwrap();
}

async fn trend(samples: &SqliteSamples) -> Result<Vec<f64>, PortError> {
    let query = TrendQuery {
        motor_id: MOTOR,
        feature: "kurtosis".to_owned(),
        sensor: None,
        axis: None,
        from: None,
        to: None,
        points_max: 10_000,
    };
    Ok(samples.trend(&query).await?.into_iter().map(|point| point.value).collect())
}

async fn count(samples: &SqliteSamples, sql: &'static str) -> i64 {
    samples.database.read(move |it| Ok(it.query_row(sql, [], |row| row.get(0))?)).await.unwrap()
}

#[tokio::test]
async fn old_readings_go_with_their_spectra_and_the_newest_stays() {
    let fresh = fresh(Settings { readings_days_max: 30, ..Settings::default() });
    store(&fresh.samples, (0..1_200).map(|day| reading(day, "DE")).collect()).await;
    store(&fresh.samples, vec![reading(3, "NDE")]).await;
    fresh.clock.advance(1_199.0 * DAY_S);
    assert_eq!(fresh.samples.purge_readings().await.unwrap(), 1_169);
    let mut expected = vec![3.0];
    expected.extend((1_169..1_200).map(f64::from));
    assert_eq!(trend(&fresh.samples).await.unwrap(), expected);
    assert_eq!(fresh.samples.latest(MOTOR).await.unwrap().len(), 2);
    assert_eq!(fresh.samples.purge_readings().await.unwrap(), 0);
}

#[tokio::test]
async fn only_the_newest_spectra_of_a_sensor_and_axis_are_kept() {
    let fresh = fresh(Settings { spectra_per_key_max: 3, ..Settings::default() });
    store(&fresh.samples, (0..10).map(|day| reading(day, "DE")).collect()).await;
    store(&fresh.samples, vec![reading(0, "NDE")]).await;
    assert_eq!(count(&fresh.samples, "SELECT count(*) FROM spectra WHERE sensor = 'DE'").await, 3);
    assert_eq!(count(&fresh.samples, "SELECT count(*) FROM spectra WHERE sensor = 'NDE'").await, 1);
    let newest = fresh.samples.spectrum(MOTOR, Some("DE"), None).await.unwrap().unwrap();
    assert_eq!(newest, reading(9, "DE"));
}

#[tokio::test]
async fn a_reading_that_cannot_be_read_is_an_error_that_names_its_time() {
    let fresh = fresh(Settings::default());
    store(&fresh.samples, vec![reading(0, "DE")]).await;
    let cut = "UPDATE readings SET features = '{\"kurtosis\":'";
    fresh.samples.database.write(move |it| Ok(it.execute(cut, [])?)).await.unwrap();
    let refusal = trend(&fresh.samples).await.unwrap_err().chain();
    assert!(refusal.contains("the reading of 2026-01-01T00:00:00.000000Z"), "{refusal}");
}
