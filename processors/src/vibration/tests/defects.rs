//! Defects that such systems are known for, and that this one must not have.

use super::*;

#[tokio::test(start_paused = true)]
async fn counters_are_not_shared_by_motors_sensors_or_axes() {
    let mut rig = Rig::with_motors(3).await;
    let _running = (rig.assess(), rig.tell());
    let high = |at_s, sensor: &str, axis| match value(at_s, 9.0) {
        Sample::Measurement(value) => {
            Sample::Measurement(Measurement { sensor: sensor.to_owned(), axis, ..value })
        }
        Sample::Block(_) => panic!("a value"),
    };
    for (number, sensor, axis) in [
        (1, "DE", Axis::RadialH),
        (2, "DE", Axis::RadialH),
        (3, "DE", Axis::RadialH),
        (1, "NDE", Axis::RadialH),
        (1, "DE", Axis::RadialV),
    ] {
        for at_s in [0.0, 1.0] {
            rig.publish(motor(number), &high(at_s, sensor, axis)).await;
        }
    }
    rig.settle().await;
    for number in [1, 2, 3] {
        let happened = rig.happened(motor(number)).await;
        assert!(!happened.contains(&"alarm_raised".to_owned()), "two values each: {happened:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_state_of_a_motor_does_not_grow_with_what_it_has_seen() {
    let mut rig = Rig::with_motors(1).await;
    let _running = rig.assess();
    let mut sizes = Vec::new();
    for round in 0..4 {
        for i in 0..300 {
            let at_s = f64::from(300 * round + i);
            rig.publish(motor(1), &value(at_s, 1.0 + 0.01 * at_s % 1.0)).await;
        }
        rig.taken_all().await;
        let state = rig.readings.states(&[motor(1)]).await.unwrap();
        sizes.push(state[&motor(1)].len());
    }
    assert!(sizes.iter().all(|size| *size < 8_000), "{sizes:?}");
    assert!(sizes[3] < sizes[0] + 500, "{sizes:?}");
}

#[tokio::test(start_paused = true)]
async fn what_waited_and_what_was_begun_survive_a_restart() {
    let mut rig = Rig::with_motors(1).await;
    let _teller = rig.tell();
    for at_s in 0..3 {
        // Away before the next value comes: neither the values nor their count may be lost.
        rig.publish(motor(1), &value(f64::from(at_s), 9.0)).await;
        let _running = rig.assess();
        rig.settle().await;
    }
    let happened = rig.happened(motor(1)).await;
    assert!(happened.contains(&"alarm_raised".to_owned()), "{happened:?}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_does_not_end_because_the_wall_clock_went_on() {
    let mut rig = Rig::with_motors(1).await;
    let _running = rig.assess();
    rig.publish_block(motor(1), block(0.0, 0.6, 0.9)).await;
    rig.wait_s(4).await;
    rig.publish_block(motor(1), block(0.6, 0.6, 0.9)).await;
    rig.taken_all().await;
    assert_eq!(rig.readings.of(motor(1)).len(), 1, "one window over both");
}

#[tokio::test(start_paused = true)]
async fn nothing_that_a_sensor_sends_ends_the_work() {
    let mut rig = Rig::with_motors(1).await;
    let _running = rig.assess();
    let odd = [
        SampleBlock { samples: vec![], ..block(0.0, 1.0, 1.0) },
        SampleBlock { samples: vec![f32::INFINITY; 3], ..block(0.0, 1.0, 1.0) },
        SampleBlock { sample_rate_hz: f64::INFINITY, ..block(0.0, 1.0, 1.0) },
        SampleBlock { started_at: Timestamp::MAX, ..block(0.0, 1.0, 1.0) },
        SampleBlock { sensor: String::new(), ..block(0.0, 1.0, 1.0) },
    ];
    for block in odd {
        rig.publish_block(motor(1), block).await;
    }
    rig.publish_block(motor(1), block(0.0, 1.0, 0.9)).await;
    rig.taken_all().await;
    assert_eq!(rig.readings.of(motor(1)).len(), 1);
    assert_eq!(rig.tally.count(Dropped::Invalid), 5);
}
