//! Trends: what is in one, and in which order.

use domain::time::Timestamp;
use domain::vibration::Axis;

use super::{fresh_id, reading, store, trend, valued, values};
use crate::readings::{Reading, Readings, TrendPoint, TrendQuery};

pub async fn a_trend_has_the_newest_points_oldest_first(readings: &dyn Readings) {
    let (motor, neighbour) = (fresh_id(), fresh_id());
    let times = [7, 3, 9, 1, 5, -4];
    store(readings, times.map(|at| valued(motor, at, at as f64)).into()).await;
    store(readings, vec![valued(neighbour, 100, 100.0)]).await;
    assert_eq!(values(readings, &trend(motor)).await, [-4.0, 1.0, 3.0, 5.0, 7.0, 9.0]);
    let newest = TrendQuery { points_max: 2, ..trend(motor) };
    let expected = [7, 9].map(|at| {
        let Reading { at, sensor, axis, .. } = valued(motor, at, 0.0);
        TrendPoint { at, sensor, axis, value: at.as_micros() as f64 }
    });
    assert_eq!(readings.trend(&newest).await.unwrap(), expected);
    assert!(readings.trend(&trend(fresh_id())).await.unwrap().is_empty());
}

pub async fn a_trend_starts_at_its_lower_and_ends_before_its_upper_bound(readings: &dyn Readings) {
    let motor = fresh_id();
    store(readings, (0..6).map(|at| valued(motor, at, at as f64)).collect()).await;
    let bounded = |from: Option<i64>, to: Option<i64>, points_max| TrendQuery {
        from: from.map(Timestamp::from_micros),
        to: to.map(Timestamp::from_micros),
        points_max,
        ..trend(motor)
    };
    assert_eq!(values(readings, &bounded(Some(2), Some(4), 100)).await, [2.0, 3.0]);
    assert_eq!(values(readings, &bounded(Some(4), None, 100)).await, [4.0, 5.0]);
    assert_eq!(values(readings, &bounded(None, Some(2), 100)).await, [0.0, 1.0]);
    assert_eq!(values(readings, &bounded(None, Some(4), 2)).await, [2.0, 3.0]);
    assert_eq!(values(readings, &bounded(Some(4), Some(4), 100)).await, [0.0; 0]);
}

pub async fn a_trend_is_narrowed_to_a_sensor_and_an_axis(readings: &dyn Readings) {
    let motor = fresh_id();
    let places = [("DE", Axis::RadialH), ("DE", Axis::Axial), ("NDE", Axis::RadialH)];
    for (i, (sensor, axis)) in places.into_iter().enumerate() {
        let value = i as f64;
        let own = Reading { sensor: sensor.to_owned(), axis, ..valued(motor, i as i64, value) };
        store(readings, vec![own]).await;
    }
    let narrowed = |sensor: Option<&str>, axis| TrendQuery {
        sensor: sensor.map(str::to_owned),
        axis,
        points_max: 100,
        ..trend(motor)
    };
    assert_eq!(values(readings, &narrowed(Some("DE"), None)).await, [0.0, 1.0]);
    assert_eq!(values(readings, &narrowed(None, Some(Axis::RadialH))).await, [0.0, 2.0]);
    assert_eq!(values(readings, &narrowed(Some("NDE"), Some(Axis::RadialH))).await, [2.0]);
    assert_eq!(values(readings, &narrowed(Some("NDE"), Some(Axis::Axial))).await, [0.0; 0]);
    // The bound counts what matches, not what was looked at.
    let newest = TrendQuery { points_max: 1, ..narrowed(Some("DE"), Some(Axis::RadialH)) };
    assert_eq!(values(readings, &newest).await, [0.0]);
}

pub async fn a_trend_leaves_out_readings_without_its_feature(readings: &dyn Readings) {
    let motor = fresh_id();
    let others = Reading { features: [("other".to_owned(), 1.0)].into(), ..reading(motor, 2) };
    store(readings, vec![valued(motor, 1, 0.0), others]).await;
    let newest = TrendQuery { points_max: 1, ..trend(motor) };
    assert_eq!(values(readings, &newest).await, [0.0]);
    let unknown = TrendQuery { feature: "nobody_has_it".to_owned(), ..trend(motor) };
    assert_eq!(values(readings, &unknown).await, [0.0; 0]);
}
