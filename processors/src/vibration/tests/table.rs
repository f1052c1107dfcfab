//! Streams that misbehave: a test for each concern, from the samples to what is left of them.

use super::*;
use domain::motor::Assessment;

/// The readings that are left of these blocks of motor 1, and the rest of the world.
async fn left_of(blocks: Vec<SampleBlock>) -> (Rig, Vec<Reading>) {
    let mut rig = Rig::with_motors(1).await;
    let running = (rig.assess(), rig.tell());
    for block in blocks {
        rig.publish_block(motor(1), block).await;
    }
    rig.settle().await;
    drop(running);
    let readings = rig.readings.of(motor(1));
    (rig, readings)
}

fn ends(readings: &[Reading]) -> Vec<f64> {
    readings.iter().map(|reading| reading.at.seconds_since(start())).collect()
}

/// The block with its samples changed one by one.
fn with_samples(block: SampleBlock, change: impl Fn(usize, f32) -> f32) -> SampleBlock {
    let samples = block.samples.iter().enumerate().map(|(i, it)| change(i, *it)).collect();
    SampleBlock { samples, ..block }
}

#[tokio::test(start_paused = true)]
async fn time_is_that_of_the_samples_and_no_more_than_five_minutes_ahead() {
    let mut rig = Rig::with_motors(1).await;
    let _running = rig.assess();
    let now_s = rig.now().seconds_since(start()).floor();
    for at_s in [now_s - 86_400.0, now_s + 299.0, now_s + 400.0] {
        rig.publish(motor(1), &value(at_s, 1.0)).await;
    }
    rig.taken_all().await;
    let readings = rig.readings.of(motor(1));
    assert_eq!(ends(&readings), [now_s - 86_400.0, now_s + 299.0]);
    assert_eq!(rig.tally.count(Dropped::Invalid), 1);
}

#[tokio::test(start_paused = true)]
async fn windows_go_by_the_count_of_samples_and_overlap_by_half() {
    let (_, readings) = left_of(vec![block(0.0, 0.3, 0.9), block(0.3, 2.3, 0.9)]).await;
    assert_eq!(ends(&readings), [1.0, 1.5, 2.0, 2.5]);
}

#[tokio::test(start_paused = true)]
async fn half_a_sample_is_contiguous_two_set_the_clock_anew_and_more_is_a_gap() {
    let slips = [(0.4, vec![]), (1.5, vec!["reanchored"]), (3.0, vec!["gap_before"])];
    for (samples, expected) in slips {
        let late = block(1.0 + samples / RATE_HZ, 1.0, 0.9);
        let (_, readings) = left_of(vec![block(0.0, 1.0, 0.9), late]).await;
        let flags: Vec<_> = readings.iter().flat_map(|it| &it.quality).collect();
        assert_eq!(flags, expected, "{samples} samples off");
    }
    let early = block(0.5, 2.0, 0.9);
    let (_, readings) = left_of(vec![block(0.0, 1.0, 0.9), early]).await;
    assert!(readings.iter().any(|it| it.quality == ["overlap_before"]), "{readings:?}");
}

#[tokio::test(start_paused = true)]
async fn what_comes_out_of_order_is_counted_and_never_taken_for_now() {
    let blocks = vec![block(10.0, 1.0, 0.9), block(0.0, 1.0, 9.0), block(11.0, 1.0, 0.9)];
    let (rig, readings) = left_of(blocks).await;
    assert_eq!(ends(&readings), [11.0, 11.5, 12.0]);
    assert_eq!(rig.tally.count(Dropped::Late), 1);
}

#[tokio::test(start_paused = true)]
async fn what_overtook_others_by_a_few_blocks_is_put_into_order() {
    let second = |at_s: u32| block(f64::from(at_s), 1.0, 0.9);
    let (_, in_order) = left_of((0..7).map(second).collect()).await;
    let (rig, readings) = left_of([0, 2, 3, 1, 6, 4, 5].map(second).into()).await;
    assert_eq!(readings, in_order);
    assert_eq!(Dropped::ALL.map(|reason| rig.tally.count(reason)), [0; Dropped::ALL.len()]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_nothing_is_taken_when_the_burst_is_over() {
    let mut rig = Rig::with_motors(1).await;
    let _running = rig.assess();
    for at_s in [0.0, 2.0] {
        rig.publish_block(motor(1), block(at_s, 1.0, 0.9)).await;
    }
    rig.taken_all().await;
    assert_eq!(ends(&rig.readings.of(motor(1))), [1.0]);
    rig.wait_s(8).await;
    let readings = rig.readings.of(motor(1));
    assert_eq!(ends(&readings), [1.0, 3.0]);
    assert_eq!(readings[1].quality, ["gap_before"]);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_is_counted_and_counts_once() {
    let blocks = vec![block(0.0, 1.0, 0.9), block(1.0, 1.0, 0.9), block(0.0, 1.0, 0.9)];
    let (rig, readings) = left_of(blocks).await;
    assert_eq!(ends(&readings), [1.0, 1.5, 2.0]);
    assert_eq!(rig.tally.count(Dropped::Duplicate), 1);
}

#[tokio::test(start_paused = true)]
async fn a_sensor_that_drops_out_is_lost_and_its_alarm_stays_as_it_was() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    for _ in 0..4 {
        let at_s = rig.now().seconds_since(start());
        rig.publish(motor(1), &value(at_s, 3.5)).await;
        rig.wait_s(10).await;
    }
    rig.wait_s(600).await;
    let happened = rig.happened(motor(1)).await;
    assert_eq!(happened[3..], ["alarm_raised", "sensor_lost"], "{happened:?}");
}

#[tokio::test(start_paused = true)]
async fn a_unit_changes_nothing_but_the_number() {
    let in_g = SampleBlock { unit: Unit::StandardGravity, ..block(0.0, 1.0, 2.0) };
    let in_g = with_samples(in_g, |_, it| it / 9.806_65);
    let (_, metric) = left_of(vec![block(0.0, 1.0, 2.0)]).await;
    let (_, gravity) = left_of(vec![in_g]).await;
    let (one, other) = (velocity(&metric[0]).unwrap(), velocity(&gravity[0]).unwrap());
    assert!((one / other - 1.0).abs() < 1e-6, "{one} and {other}");
}

#[tokio::test(start_paused = true)]
async fn another_unit_begins_anew_and_is_flagged() {
    let velocity = SampleBlock { unit: Unit::MillimetrePerSecond, ..block(1.0, 1.0, 2.0) };
    let (_, readings) = left_of(vec![block(0.0, 1.0, 2.0), velocity]).await;
    assert_eq!(ends(&readings), [1.0, 2.0]);
    assert_eq!(readings[1].quality, ["unit_changed"]);
}

#[tokio::test(start_paused = true)]
async fn another_rate_begins_anew_and_is_flagged() {
    let samples = block(1.0, 2.0, 0.9).samples;
    let faster = SampleBlock { sample_rate_hz: 2.0 * RATE_HZ, samples, ..block(1.0, 1.0, 0.9) };
    let (_, readings) = left_of(vec![block(0.0, 1.0, 0.9), faster]).await;
    assert_eq!(ends(&readings), [1.0, 2.0]);
    assert_eq!(readings[1].quality, ["rate_changed"]);
    for rate in [0.0, -1.0, f64::NAN, 2e6] {
        let odd = SampleBlock { sample_rate_hz: rate, ..block(0.0, 1.0, 0.9) };
        let (rig, readings) = left_of(vec![odd]).await;
        assert_eq!((readings.len(), rig.tally.count(Dropped::Invalid)), (0, 1), "{rate}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_block_with_what_is_no_number_is_refused_whole() {
    let holed = with_samples(block(0.0, 1.0, 0.9), |i, it| if i == 99 { f32::NAN } else { it });
    let (rig, readings) = left_of(vec![holed]).await;
    assert_eq!((readings.len(), rig.tally.count(Dropped::Invalid)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_clipped_signal_is_flagged_and_raises_nothing() {
    let loud = block(0.0, 5.0, 20.0);
    let rail = 0.5 * loud.samples.iter().fold(0.0_f32, |max, it| max.max(*it));
    let (rig, readings) = left_of(vec![with_samples(loud, |_, it| it.clamp(-rail, rail))]).await;
    assert!(readings.iter().all(|it| it.quality == ["clipped"]), "{readings:?}");
    assert!(!rig.happened(motor(1)).await.contains(&"alarm_raised".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_flat_line_is_not_assessable_and_never_zero() {
    let (rig, readings) = left_of(vec![with_samples(block(0.0, 2.0, 0.9), |_, _| 9.81)]).await;
    assert!(readings.iter().all(|it| it.quality == ["flat_line"] && velocity(it).is_none()));
    let history = rig.history(motor(1)).await;
    let Some(MotorEvent::ZoneChanged { to, reason, .. }) = history.last() else {
        panic!("{history:?}");
    };
    assert_eq!((to, reason.as_deref()), (&Assessment::NotAssessable, Some("flat_line")));
}

#[tokio::test(start_paused = true)]
async fn gravity_is_no_vibration_and_a_spike_is_flagged() {
    let (_, level) = left_of(vec![block(0.0, 1.0, 2.0)]).await;
    let (_, upright) = left_of(vec![with_samples(block(0.0, 1.0, 2.0), |_, it| it + 9.81)]).await;
    let (one, other) = (velocity(&level[0]).unwrap(), velocity(&upright[0]).unwrap());
    assert!((one / other - 1.0).abs() < 1e-4, "{one} and {other}");
    let spiked = with_samples(block(0.0, 1.0, 2.0), |i, it| if i == 999 { 50.0 } else { it });
    let (_, readings) = left_of(vec![spiked]).await;
    assert_eq!(readings[0].quality, ["spike"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_short_says_so_when_it_is_over() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    rig.publish_block(motor(1), block(0.0, 0.9, 0.9)).await;
    rig.settle().await;
    rig.wait_s(8).await;
    let readings = rig.readings.of(motor(1));
    assert_eq!(readings.len(), 1);
    assert_eq!(
        (readings[0].quality.as_slice(), velocity(&readings[0])),
        (&["too_short".to_owned()][..], None)
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_speed_there_are_no_orders_and_a_speed_that_drifts_is_flagged() {
    let at_rpm = |at_s, rpm| SampleBlock { speed_rpm: Some(rpm), ..block(at_s, 0.5, 2.0) };
    let has_orders = |reading: &Reading| reading.features.contains_key("velocity_1x_rms_mm_s");
    let (_, unknown) = left_of(vec![block(0.0, 1.0, 2.0)]).await;
    assert!(!has_orders(&unknown[0]), "{:?}", unknown[0].features);
    let (_, steady) = left_of(vec![at_rpm(0.0, 1_480.0), at_rpm(0.5, 1_481.0)]).await;
    assert!(has_orders(&steady[0]) && steady[0].quality.is_empty(), "{:?}", steady[0]);
    let (_, drifting) = left_of(vec![at_rpm(0.0, 1_480.0), at_rpm(0.5, 1_400.0)]).await;
    assert_eq!(drifting[0].quality, ["speed_drift"]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_commits_readings_state_and_place_together_or_not_at_all() {
    let mut rig = Rig::with_motors(1).await;
    for at_s in 0..20 {
        rig.publish(motor(1), &value(f64::from(at_s), 1.0)).await;
    }
    for looks in (0..600).step_by(7) {
        let settings = VibrationSettings { batch_samples_max: 3, ..VibrationSettings::default() };
        let running = rig.assess_with(rig.dependencies(), settings);
        for _ in 0..looks {
            tokio::task::yield_now().await;
        }
        drop(running);
        assert_eq!(rig.readings.of(motor(1)).len(), rig.taken().await);
        if rig.taken().await == rig.published {
            return;
        }
    }
    let _running = rig.assess();
    rig.taken_all().await;
    assert_eq!(rig.readings.of(motor(1)).len(), rig.published);
}
