//! Where readings are, and for how long.

use domain::time::Timestamp;
use infra_postgres::{Retention, WeeksDropped};
use ports::readings::{Reading, Readings, TrendQuery};
use sqlx::PgConnection;

use crate::common::Database;
use crate::measured::{days_ago, motor, query, reading, store, today, values, with_spectrum};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_lie_in_the_partition_of_their_week() {
    let Some(database) = Database::fresh().await else { return };
    let readings = database.open().await.readings;
    let mut stranger = database.stranger().await;
    let far = [Timestamp::from_micros(5), today().plus_seconds(1e9)];
    let near = [days_ago(0.0), days_ago(8.0), days_ago(200.0)];
    store(&readings, near.map(|at| with_spectrum(reading(1, at, 1.0))).into()).await;
    assert_eq!(rows(&mut stranger, "readings_rest").await, 0);
    assert_eq!(weeks(&mut stranger, "readings").await, 3);
    assert_eq!(weeks(&mut stranger, "spectra").await, 3);
    store(&readings, far.map(|at| reading(1, at, 2.0)).into()).await;
    assert_eq!(rows(&mut stranger, "readings_rest").await, 2);
    assert_eq!(weeks(&mut stranger, "readings").await, 3, "a wrong clock makes no partitions");
    assert_eq!(values(&readings, &query(1)).await, [2.0, 1.0, 1.0, 1.0, 2.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_move_from_the_rest_when_their_week_is_made() {
    let Some(database) = Database::fresh().await else { return };
    let readings = database.open().await.readings;
    let mut stranger = database.stranger().await;
    let week_s = 7.0 * 86_400.0;
    let ahead = [20.0, 20.001, 30.0].map(|weeks| today().plus_seconds(weeks * week_s));
    store(&readings, ahead.map(|at| with_spectrum(reading(1, at, 1.0))).into()).await;
    assert_eq!(rows(&mut stranger, "readings_rest").await, 3);
    // As if so many weeks had gone by.
    let at = (ahead[0].as_micros() / 1_000_000) as f64;
    for parent in ["readings", "spectra"] {
        let make = sqlx::query("SELECT make_weeks($1, ARRAY[to_timestamp($2)], 0, 25)");
        make.bind(parent).bind(at).execute(&mut stranger).await.expect("the week can be made");
    }
    assert_eq!(rows(&mut stranger, "readings_rest").await, 1);
    assert_eq!(rows(&mut stranger, "spectra_rest").await, 1);
    assert_eq!(values(&readings, &query(1)).await, [1.0; 3]);
    store(&readings, vec![reading(1, ahead[0], 2.0)]).await;
    assert_eq!(values(&readings, &query(1)).await, [2.0, 1.0, 1.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_old_goes_by_whole_weeks() {
    let Some(database) = Database::fresh().await else { return };
    let readings = database.open().await.readings;
    let measured: Vec<Reading> = (0..100)
        .map(|days| with_spectrum(reading(1, days_ago(f64::from(days)), f64::from(days))))
        .collect();
    store(&readings, measured).await;
    let retention = Retention { readings_days_max: 50, spectra_days_max: 14 };
    let dropped = readings.purge(today(), &retention).await.unwrap();
    assert!((7..=8).contains(&dropped.readings), "{dropped:?}");
    assert!((12..=14).contains(&dropped.spectra), "{dropped:?}");
    let left = values(&readings, &query(1)).await;
    assert!((51..=58).contains(&left.len()), "{left:?}");
    assert!(left.is_sorted_by(|older, newer| older > newer));
    let mut stranger = database.stranger().await;
    assert_eq!(rows(&mut stranger, "readings_rest").await, 0);
    assert!((15..=22).contains(&rows(&mut stranger, "spectra").await));
    let again = readings.purge(today(), &retention).await.unwrap();
    assert_eq!(again, WeeksDropped::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_reading_and_spectrum_stay_for_good() {
    let Some(database) = Database::fresh().await else { return };
    let readings = database.open().await.readings;
    let spectral = with_spectrum(reading(1, days_ago(90.0), 90.0));
    let newest = reading(1, days_ago(70.0), 70.0);
    let older = [100.0, 91.0, 80.0].map(|days| reading(1, days_ago(days), days));
    let other = with_spectrum(reading(2, days_ago(95.0), 95.0));
    store(&readings, older.into()).await;
    store(&readings, vec![spectral.clone(), newest.clone(), other.clone()]).await;
    let retention = Retention { readings_days_max: 20, spectra_days_max: 20 };
    for _ in 0..2 {
        readings.purge(today(), &retention).await.unwrap();
        assert_eq!(values(&readings, &query(1)).await, [90.0, 70.0]);
        assert_eq!(readings.latest(motor(1)).await.unwrap(), std::slice::from_ref(&newest));
        let spectrum = readings.spectrum(motor(1), None, None).await.unwrap();
        assert_eq!(spectrum.as_ref(), Some(&spectral));
        let spectrum = readings.spectrum(motor(2), None, None).await.unwrap();
        assert_eq!(spectrum.as_ref(), Some(&other));
    }
    // Once there is a newer one, it goes as well, wherever it lies.
    store(&readings, vec![with_spectrum(reading(1, days_ago(1.0), 1.0))]).await;
    let dropped = readings.purge(today(), &retention).await.unwrap();
    assert_eq!(dropped, WeeksDropped { readings: 0, spectra: 0, rest: 3 });
    assert_eq!(values(&readings, &query(1)).await, [1.0]);
    assert_eq!(values(&readings, &query(2)).await, [95.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_readings_come_and_go_while_weeks_are_dropped() {
    let Some(database) = Database::fresh().await else { return };
    let (one, other) = (database.open().await.readings, database.open().await.readings);
    let retention = Retention { readings_days_max: 20, spectra_days_max: 20 };
    let late = async {
        for n in 0..40_u32 {
            let at = days_ago(f64::from(n % 10) * 7.0);
            store(&one, vec![with_spectrum(reading(1, at, f64::from(n)))]).await;
        }
    };
    let purge = async {
        for _ in 0..10 {
            other.purge(today(), &retention).await.unwrap();
        }
    };
    tokio::join!(late, purge);
    other.purge(today(), &retention).await.unwrap();
    let recent = TrendQuery { from: Some(days_ago(20.0)), ..query(1) };
    assert_eq!(values(&one, &recent).await.len(), 12);
    let all = values(&one, &query(1)).await.len();
    assert!((12..=16).contains(&all), "{all}");
}

async fn rows(connection: &mut PgConnection, table: &str) -> i64 {
    let count = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(&count).fetch_one(connection).await.expect("there is such a table")
}

async fn weeks(connection: &mut PgConnection, parent: &str) -> i64 {
    let count = "SELECT count(*) - 1 FROM pg_inherits WHERE inhparent = $1::regclass";
    sqlx::query_scalar(count).bind(parent).fetch_one(connection).await.expect("a catalogue")
}
