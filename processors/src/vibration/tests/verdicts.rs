//! What signals mean, and what the motors are told of it.

use super::*;
use domain::motor::{AlarmLevel, Assessment};

/// Every second one value; the zone is assessed each time.
pub(super) async fn publish_values(rig: &mut Rig, from_s: u32, to_s: u32, velocity_rms_mm_s: f64) {
    for at_s in from_s..to_s {
        rig.publish(motor(1), &value(f64::from(at_s), velocity_rms_mm_s)).await;
    }
    rig.settle().await;
}

fn zones(history: &[MotorEvent]) -> Vec<Assessment> {
    let zone = |event: &MotorEvent| match event {
        MotorEvent::ZoneChanged { to, .. } => Some(*to),
        _ => None,
    };
    history.iter().filter_map(zone).collect()
}

fn levels(history: &[MotorEvent]) -> Vec<Option<AlarmLevel>> {
    let level = |event: &MotorEvent| match event {
        MotorEvent::AlarmRaised(alarm) => Some(Some(alarm.level)),
        MotorEvent::AlarmCleared(_) => Some(None),
        _ => None,
    };
    history.iter().filter_map(level).collect()
}

#[tokio::test(start_paused = true)]
async fn a_healthy_motor_is_in_zone_a_and_nothing_else_happens() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    rig.publish_block(motor(1), block(0.0, 3.0, 0.9)).await;
    rig.settle().await;
    assert_eq!(rig.happened(motor(1)).await, ["registered", "sensor_found", "zone_changed"]);
    let MotorEvent::ZoneChanged { to, velocity_rms_mm_s, standard, .. } =
        &rig.history(motor(1)).await[2]
    else {
        panic!("no zone");
    };
    assert_eq!(*to, Assessment::A);
    assert!((velocity_rms_mm_s.unwrap() - 0.9).abs() < 0.005);
    assert_eq!(standard.as_deref(), Some("ISO 10816-3:2009"));
}

#[tokio::test(start_paused = true)]
async fn a_window_leaves_a_reading_with_its_features_and_its_spectrum() {
    let mut rig = Rig::with_motors(1).await;
    let _running = rig.assess();
    rig.publish_block(motor(1), block(0.0, 1.0, 2.0)).await;
    rig.taken_all().await;
    let readings = rig.readings.of(motor(1));
    let [reading] = readings.as_slice() else { panic!("{readings:?}") };
    assert_eq!(reading.at, start().plus_seconds(1.0));
    assert!((velocity(reading).unwrap() - 2.0).abs() < 0.01);
    assert!((reading.features["kurtosis"] - 1.5).abs() < 0.001);
    let peak_m_s2 = 2.0e-3 * SQRT_2 * TAU * 25.0;
    assert!((reading.features["acceleration_peak_m_s2"] - peak_m_s2).abs() < 1e-4);
    let spectrum = reading.spectrum.as_ref().unwrap();
    assert_eq!((spectrum.resolution_hz, spectrum.unit.as_str()), (1.0, "m/s2"));
    assert_eq!(spectrum.amplitudes.len(), 1281);
    assert!((f64::from(spectrum.amplitudes[25]) - peak_m_s2).abs() < 1e-4);
}

#[tokio::test(start_paused = true)]
async fn an_unbalanced_motor_is_in_zone_d_and_trips() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    rig.publish_block(motor(1), block(0.0, 3.0, 6.0)).await;
    rig.settle().await;
    let history = rig.history(motor(1)).await;
    assert_eq!(zones(&history), [Assessment::D]);
    assert_eq!(levels(&history), [Some(AlarmLevel::Trip)]);
    let MotorEvent::AlarmRaised(alarm) = history.last().unwrap() else { panic!("{history:?}") };
    assert_eq!(alarm.limit_mm_s, 5.625);
    assert_eq!(alarm.at, start().plus_seconds(1.0), "since the first window above the limit");
}

#[tokio::test(start_paused = true)]
async fn one_shock_changes_no_zone_and_is_no_alarm() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    for (at_s, velocity) in [(0.0, 0.9), (1.0, 0.9), (2.0, 6.0), (3.0, 0.9), (4.0, 0.9)] {
        let duration_s = if velocity > 1.0 { 0.5 } else { 1.0 };
        let at_s = if at_s > 2.0 { at_s - 0.5 } else { at_s };
        rig.publish_block(motor(1), block(at_s, duration_s, velocity)).await;
    }
    rig.settle().await;
    let history = rig.history(motor(1)).await;
    assert_eq!(zones(&history), [Assessment::A]);
    let worst = rig.readings.of(motor(1)).iter().filter_map(velocity).fold(0.0, f64::max);
    assert!(worst > 2.8, "it shows in the trend: {worst}");
    assert_eq!(levels(&history), []);
}

#[tokio::test(start_paused = true)]
async fn between_the_limit_and_its_deadband_an_alarm_stays() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    publish_values(&mut rig, 0, 2, 3.0).await;
    assert_eq!(levels(&rig.history(motor(1)).await), []);
    publish_values(&mut rig, 2, 4, 3.0).await;
    assert_eq!(levels(&rig.history(motor(1)).await), [Some(AlarmLevel::Alarm)]);
    publish_values(&mut rig, 4, 100, 2.7).await;
    assert_eq!(levels(&rig.history(motor(1)).await).len(), 1);
    publish_values(&mut rig, 100, 129, 2.0).await;
    assert_eq!(levels(&rig.history(motor(1)).await).len(), 1);
    publish_values(&mut rig, 129, 132, 2.0).await;
    assert_eq!(levels(&rig.history(motor(1)).await), [Some(AlarmLevel::Alarm), None]);
}

#[tokio::test(start_paused = true)]
async fn a_trip_stays_until_it_was_seen_even_if_nothing_comes_any_more() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    publish_values(&mut rig, 0, 5, 9.0).await;
    publish_values(&mut rig, 5, 60, 1.0).await;
    assert_eq!(levels(&rig.history(motor(1)).await), [Some(AlarmLevel::Trip)]);
    rig.send(motor(1), Command::AcknowledgeAlarm {}).await;
    rig.wait_s(3).await;
    assert_eq!(levels(&rig.history(motor(1)).await), [Some(AlarmLevel::Trip), None]);
}

#[tokio::test(start_paused = true)]
async fn a_trip_that_is_over_leaves_the_alarm_that_is_not() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    publish_values(&mut rig, 0, 5, 9.0).await;
    rig.send(motor(1), Command::AcknowledgeAlarm {}).await;
    rig.wait_s(2).await;
    publish_values(&mut rig, 5, 60, 3.5).await;
    let history = rig.history(motor(1)).await;
    assert_eq!(levels(&history), [Some(AlarmLevel::Trip), Some(AlarmLevel::Alarm)]);
    let MotorEvent::AlarmRaised(alarm) = history.last().unwrap() else { panic!("{history:?}") };
    assert_eq!((alarm.velocity_rms_mm_s, alarm.limit_mm_s), (3.5, 2.8));
}

#[tokio::test(start_paused = true)]
async fn a_single_value_has_a_zone_and_never_a_spectrum() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    publish_values(&mut rig, 0, 1, 2.8).await;
    assert_eq!(zones(&rig.history(motor(1)).await), [Assessment::B]);
    publish_values(&mut rig, 1, 3, 2.81).await;
    assert_eq!(zones(&rig.history(motor(1)).await), [Assessment::B], "not yet");
    publish_values(&mut rig, 3, 4, 2.81).await;
    assert_eq!(zones(&rig.history(motor(1)).await), [Assessment::B, Assessment::C]);
    assert!(rig.readings.of(motor(1)).iter().all(|reading| reading.spectrum.is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_zone_does_not_flap_at_its_boundary_whoever_is_restarted() {
    let mut rig = Rig::with_motors(1).await;
    let _teller = rig.tell();
    for round in 0..20 {
        let _running = rig.assess();
        publish_values(&mut rig, 2 * round, 2 * round + 1, 2.79).await;
        publish_values(&mut rig, 2 * round + 1, 2 * round + 2, 2.81).await;
    }
    assert_eq!(zones(&rig.history(motor(1)).await), [Assessment::B]);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_short_is_said_to_be_so_once_the_burst_is_over() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    rig.publish_block(motor(1), block(0.0, 0.5, 0.9)).await;
    rig.settle().await;
    assert_eq!(zones(&rig.history(motor(1)).await), []);
    rig.wait_s(8).await;
    let history = rig.history(motor(1)).await;
    let Some(MotorEvent::ZoneChanged { to: Assessment::NotAssessable, reason, .. }) =
        history.last()
    else {
        panic!("{history:?}");
    };
    assert_eq!(reason.as_deref(), Some("too_short"));
    assert_eq!(rig.readings.of(motor(1)).iter().filter_map(velocity).count(), 0, "never a 0");
}

#[tokio::test(start_paused = true)]
async fn another_nameplate_judges_by_other_boundaries() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    publish_values(&mut rig, 0, 1, 3.0).await;
    let flexible = serde_json::from_value(serde_json::json!({ "support": "flexible" })).unwrap();
    rig.send(motor(1), Command::Revise(flexible)).await;
    rig.fold().await;
    publish_values(&mut rig, 1, 4, 3.0).await;
    assert_eq!(zones(&rig.history(motor(1)).await), [Assessment::C, Assessment::B]);
}
