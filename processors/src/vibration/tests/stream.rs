//! Streams as they are: late, doubled, broken, at another rate.

use super::*;

async fn readings_of(blocks: Vec<SampleBlock>) -> (Rig, Vec<Reading>) {
    let mut rig = Rig::with_motors(1).await;
    let running = rig.assess();
    for block in blocks {
        rig.publish_block(motor(1), block).await;
    }
    rig.taken_all().await;
    drop(running);
    let readings = rig.readings.of(motor(1));
    (rig, readings)
}

#[tokio::test(start_paused = true)]
async fn a_block_that_comes_twice_counts_once() {
    let first = block(0.0, 1.5, 0.9);
    let (rig, readings) = readings_of(vec![first.clone(), first, block(1.5, 0.5, 0.9)]).await;
    assert_eq!(readings.len(), 3);
    assert_eq!(rig.tally.count(Dropped::Duplicate), 1);
}

#[tokio::test(start_paused = true)]
async fn a_block_that_comes_late_is_counted_and_changes_nothing() {
    let blocks = vec![block(0.0, 1.0, 0.9), block(5.0, 1.0, 0.9), block(2.0, 1.0, 9.0)];
    let (rig, readings) = readings_of(blocks).await;
    assert_eq!(readings.len(), 2);
    assert_eq!(rig.tally.count(Dropped::Late), 1);
    assert!(readings.iter().filter_map(velocity).all(|velocity| velocity < 1.0));
}

#[tokio::test(start_paused = true)]
async fn no_window_spans_a_gap_and_the_next_one_speaks_of_it() {
    let blocks = vec![block(0.0, 1.2, 0.9), block(3.0, 1.0, 0.9)];
    let (_, readings) = readings_of(blocks).await;
    let ends: Vec<f64> = readings.iter().map(|r| r.at.seconds_since(start())).collect();
    assert_eq!(ends, [1.0, 4.0]);
    assert_eq!(readings[1].quality, ["gap_before"]);
}

#[tokio::test(start_paused = true)]
async fn another_rate_begins_anew() {
    let doubled = SampleBlock {
        sample_rate_hz: 2.0 * RATE_HZ,
        samples: [block(1.5, 1.0, 0.9).samples, block(2.5, 1.0, 0.9).samples].concat(),
        ..block(1.5, 1.0, 0.9)
    };
    let (_, readings) = readings_of(vec![block(0.0, 1.5, 0.9), doubled]).await;
    assert_eq!(readings.len(), 3);
    assert_eq!(readings[2].quality, ["rate_changed"]);
    assert_eq!(readings[2].spectrum.as_ref().unwrap().amplitudes.len(), 2001);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_comes_late_is_in_the_trend_but_says_nothing_about_now() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    rig.publish(motor(1), &value(10.0, 1.0)).await;
    rig.publish(motor(1), &value(5.0, 9.0)).await;
    rig.publish(motor(1), &value(10.0, 1.0)).await;
    rig.settle().await;
    assert_eq!(rig.readings.of(motor(1)).len(), 2);
    assert_eq!(rig.happened(motor(1)).await[1..], ["sensor_found", "zone_changed"]);
    assert_eq!(rig.tally.count(Dropped::Duplicate), 1);
}

#[tokio::test(start_paused = true)]
async fn what_breaks_the_rules_for_samples_is_counted() {
    let broken = SampleBlock { samples: vec![f32::NAN; 10], ..block(0.0, 1.0, 0.9) };
    let (rig, readings) = readings_of(vec![broken, block(0.0, 1.0, 0.9)]).await;
    assert_eq!((readings.len(), rig.tally.count(Dropped::Invalid)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_motor_has_no_more_measuring_points_than_the_bound() {
    let sensors = (0..70).map(|i| SampleBlock { sensor: format!("S{i}"), ..block(0.0, 0.1, 0.9) });
    let (rig, _) = readings_of(sensors.collect()).await;
    assert_eq!(rig.tally.count(Dropped::TooManyPoints), 6);
}
