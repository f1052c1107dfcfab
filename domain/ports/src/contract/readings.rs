//! Readings, the processor's state, and its outgoing commands. Motors are new in every clause; the clauses on the
//! checkpoint and on outgoing commands assume that nobody else commits meanwhile.

mod state;
mod trends;

use std::collections::BTreeMap;

use domain::vibration::Axis;
use serde_json::json;
use uuid::Uuid;

use super::{beside, fresh_id, fresh_name};
use crate::command_bus::CommandEnvelope;
use crate::event::Metadata;
use crate::event_store::CommandKey;
use crate::readings::{Reading, Readings, ReadingsCommit, SpectraQuery, Spectrum, TrendQuery};
use crate::stream::StreamName;
use domain::time::Timestamp;

pub use state::*;
pub use trends::*;

/// Makes one test per clause; the subject is a [`Readings`].
#[macro_export]
macro_rules! readings_contract {
    ($($subject:tt)+) => {
        $crate::contract_clauses! { readings ($($subject)+)
            a_reading_comes_out_as_it_went_in,
            a_reading_of_the_same_time_and_place_replaces_the_earlier_one,
            a_repeated_commit_changes_no_reading,
            a_trend_has_the_newest_points_oldest_first,
            a_trend_starts_at_its_lower_and_ends_before_its_upper_bound,
            a_trend_is_narrowed_to_a_sensor_and_an_axis,
            a_trend_leaves_out_readings_without_its_feature,
            the_latest_reading_of_each_sensor_and_axis_is_told_without_its_spectrum,
            a_late_reading_does_not_become_the_latest,
            the_newest_spectrum_is_found,
            spectra_of_a_sensor_and_axis_come_oldest_first,
            a_state_replaces_the_earlier_one,
            motors_with_a_state_are_told_in_pages,
            a_commit_without_a_checkpoint_leaves_it,
            state_and_checkpoint_move_together,
            outgoing_commands_come_oldest_first_until_settled,
            settling_twice_is_no_error,
        }
    };
}

pub async fn a_reading_comes_out_as_it_went_in(readings: &dyn Readings) {
    let motor = fresh_id();
    let features = [("velocity_rms_mm_s", 0.1 + 0.2), ("kurtosis", -1.0 / 3.0), ("zero", 0.0)];
    let written = Reading {
        features: features.map(|(name, value)| (name.to_owned(), value)).into(),
        quality: vec!["clipped".to_owned(), "ß".to_owned()],
        spectrum: Some(Spectrum {
            resolution_hz: 0.78125,
            unit: "m/s2".to_owned(),
            amplitudes: vec![0.1, 0.0, f32::MIN_POSITIVE, 1.0e30],
            speed_rpm: Some(1_480.25),
        }),
        ..reading(motor, 1_767_225_600_123_456)
    };
    store(readings, vec![written.clone()]).await;
    assert_eq!(readings.spectrum(motor, None, None).await.unwrap(), Some(written));
}

pub async fn a_reading_of_the_same_time_and_place_replaces_the_earlier_one(
    readings: &dyn Readings,
) {
    let motor = fresh_id();
    let earlier = Reading { quality: vec!["clipped".to_owned()], ..valued(motor, 5, 1.0) };
    store(readings, vec![with_spectrum(earlier)]).await;
    store(readings, vec![valued(motor, 5, 2.0)]).await;
    assert_eq!(values(readings, &trend(motor)).await, [2.0]);
    assert_eq!(readings.latest(motor).await.unwrap(), [valued(motor, 5, 2.0)]);
    assert_eq!(readings.spectrum(motor, None, None).await.unwrap(), None);
    let elsewhere = [
        Reading { sensor: "NDE".to_owned(), ..valued(motor, 5, 3.0) },
        Reading { axis: Axis::RadialV, ..valued(motor, 5, 4.0) },
        valued(motor, 6, 5.0),
    ];
    store(readings, elsewhere.into()).await;
    assert_eq!(values(readings, &trend(motor)).await.len(), 4);
}

pub async fn a_repeated_commit_changes_no_reading(readings: &dyn Readings) {
    let motor = fresh_id();
    let commit = || ReadingsCommit {
        readings: (0..5).map(|at| valued(motor, at, at as f64)).collect(),
        states: vec![(motor, r#"{"since": 5}"#.to_owned())],
        ..ReadingsCommit::default()
    };
    readings.commit(commit()).await.unwrap();
    readings.commit(commit()).await.unwrap();
    assert_eq!(values(readings, &trend(motor)).await, [0.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(readings.states(&[motor]).await.unwrap()[&motor], r#"{"since": 5}"#);
}

pub async fn the_latest_reading_of_each_sensor_and_axis_is_told_without_its_spectrum(
    readings: &dyn Readings,
) {
    let motor = fresh_id();
    let at = |sensor: &str, axis, at| {
        with_spectrum(Reading { sensor: sensor.to_owned(), axis, ..valued(motor, at, at as f64) })
    };
    let newest =
        [at("DE", Axis::RadialH, 20), at("DE", Axis::RadialV, 5), at("NDE", Axis::RadialH, 9)];
    let older = [at("NDE", Axis::RadialH, 1), at("DE", Axis::RadialH, 10)];
    store(readings, older.into()).await;
    store(readings, newest.iter().rev().cloned().collect()).await;
    store(readings, vec![valued(fresh_id(), 99, 99.0)]).await;
    let bare = newest.map(|reading| Reading { spectrum: None, ..reading });
    assert_eq!(readings.latest(motor).await.unwrap(), bare);
    assert!(readings.latest(fresh_id()).await.unwrap().is_empty());
}

pub async fn a_late_reading_does_not_become_the_latest(readings: &dyn Readings) {
    let motor = fresh_id();
    store(readings, vec![valued(motor, 10, 10.0)]).await;
    store(readings, vec![valued(motor, 9, 9.0)]).await;
    assert_eq!(readings.latest(motor).await.unwrap(), [valued(motor, 10, 10.0)]);
}

pub async fn the_newest_spectrum_is_found(readings: &dyn Readings) {
    let motor = fresh_id();
    let at =
        |sensor: &str, axis, at| Reading { sensor: sensor.to_owned(), axis, ..reading(motor, at) };
    let oldest = with_spectrum(at("DE", Axis::X, 1));
    let older = with_spectrum(at("DE", Axis::Y, 2));
    let newest = with_spectrum(at("NDE", Axis::X, 3));
    let scalar = at("DE", Axis::X, 4);
    store(readings, vec![newest.clone(), scalar, oldest.clone(), older.clone()]).await;
    for (sensor, axis, expected) in [
        (None, None, Some(&newest)),
        (Some("DE"), None, Some(&older)),
        (None, Some(Axis::X), Some(&newest)),
        (Some("DE"), Some(Axis::X), Some(&oldest)),
        (Some("NDE"), Some(Axis::Y), None),
    ] {
        let found = readings.spectrum(motor, sensor, axis).await.unwrap();
        assert_eq!(found.as_ref(), expected, "{sensor:?} {axis:?}");
    }
    assert_eq!(readings.spectrum(fresh_id(), None, None).await.unwrap(), None);
}

pub async fn spectra_of_a_sensor_and_axis_come_oldest_first(readings: &dyn Readings) {
    let motor = fresh_id();
    let at = |at| with_spectrum(Reading { axis: Axis::X, ..reading(motor, at) });
    let elsewhere = [
        with_spectrum(Reading { axis: Axis::Y, ..reading(motor, 2) }),
        with_spectrum(Reading { sensor: "other".to_owned(), ..at(3) }),
        with_spectrum(Reading { axis: Axis::X, ..reading(fresh_id(), 2) }),
    ];
    let bare = Reading { axis: Axis::X, ..reading(motor, 5) };
    store(readings, [3, 1, 4, 2].map(at).into()).await;
    store(readings, elsewhere.into_iter().chain([bare]).collect()).await;
    let all = SpectraQuery {
        motor_id: motor,
        sensor: at(1).sensor,
        axis: Axis::X,
        from: None,
        to: None,
        spectra_max: 10,
    };
    assert_eq!(readings.spectra(&all).await.unwrap(), [1, 2, 3, 4].map(at));
    let newest = SpectraQuery { spectra_max: 2, ..all.clone() };
    assert_eq!(readings.spectra(&newest).await.unwrap(), [3, 4].map(at));
    let moment = |micros| Some(Timestamp::from_micros(micros));
    let within = SpectraQuery { from: moment(2), to: moment(4), ..all.clone() };
    assert_eq!(readings.spectra(&within).await.unwrap(), [2, 3].map(at));
    let unknown = SpectraQuery { motor_id: fresh_id(), ..all };
    assert!(readings.spectra(&unknown).await.unwrap().is_empty());
}

const FEATURE: &str = "velocity_rms_mm_s";

fn reading(motor_id: Uuid, at_micros: i64) -> Reading {
    Reading {
        motor_id,
        sensor: "DE".to_owned(),
        axis: Axis::RadialH,
        at: Timestamp::from_micros(at_micros),
        features: BTreeMap::new(),
        quality: Vec::new(),
        spectrum: None,
    }
}

fn valued(motor_id: Uuid, at_micros: i64, value: f64) -> Reading {
    Reading { features: [(FEATURE.to_owned(), value)].into(), ..reading(motor_id, at_micros) }
}

fn with_spectrum(reading: Reading) -> Reading {
    let spectrum = Spectrum {
        resolution_hz: 0.5,
        unit: "m/s2".to_owned(),
        amplitudes: vec![0.0, reading.at.as_micros() as f32],
        speed_rpm: None,
    };
    Reading { spectrum: Some(spectrum), ..reading }
}

fn trend(motor_id: Uuid) -> TrendQuery {
    let feature = FEATURE.to_owned();
    TrendQuery {
        motor_id,
        feature,
        sensor: None,
        axis: None,
        from: None,
        to: None,
        points_max: 100,
    }
}

fn command() -> CommandEnvelope {
    CommandEnvelope {
        stream: StreamName::new("motor", fresh_id()),
        command: json!({ "raise_alarm": { "at": "2026-01-01T00:00:00Z", "text": "ß" } }),
        expected: None,
        key: Some(CommandKey {
            scope: "vibration".to_owned(),
            key: fresh_name(),
            fingerprint: "0".repeat(64),
        }),
        metadata: Metadata { actor: Some("vibration".to_owned()), ..Metadata::default() },
    }
}

async fn store(readings: &dyn Readings, measured: Vec<Reading>) {
    let commit = ReadingsCommit { readings: measured, ..ReadingsCommit::default() };
    readings.commit(commit).await.unwrap();
}

async fn remember(readings: &dyn Readings, states: &[(Uuid, &str)]) {
    let states = states.iter().map(|&(id, state)| (id, state.to_owned())).collect();
    readings.commit(ReadingsCommit { states, ..ReadingsCommit::default() }).await.unwrap();
}

async fn values(readings: &dyn Readings, query: &TrendQuery) -> Vec<f64> {
    readings.trend(query).await.unwrap().into_iter().map(|point| point.value).collect()
}
