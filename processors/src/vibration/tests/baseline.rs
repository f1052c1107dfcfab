//! A motor's own baseline: learned, held to, and learned anew when somebody says so.

use super::verdicts::publish_values;
use super::*;
use domain::motor::{AlarmLevel, LearnBaseline, RaiseAlarm};
use domain::vibration::{Departure, Rule};

fn learned(history: &[MotorEvent]) -> Vec<&LearnBaseline> {
    let mut all = Vec::new();
    for event in history {
        if let MotorEvent::BaselineLearned(learned) = event {
            all.push(learned);
        }
    }
    all
}

fn raised(history: &[MotorEvent]) -> Vec<&RaiseAlarm> {
    let mut all = Vec::new();
    for event in history {
        if let MotorEvent::AlarmRaised(alarm) = event {
            all.push(alarm);
        }
    }
    all
}

fn departures(history: &[MotorEvent]) -> Vec<Option<Departure>> {
    let departure = |event: &MotorEvent| match event {
        MotorEvent::DepartureBegan(begun) => Some(Some(begun.departure)),
        MotorEvent::DepartureEnded(_) => Some(None),
        _ => None,
    };
    history.iter().filter_map(departure).collect()
}

async fn learnt(velocity_rms_mm_s: f64) -> (Rig, (Running, Running)) {
    let mut rig = Rig::with_motors(1).await;
    let running = (rig.assess(), rig.tell());
    publish_values(&mut rig, 0, 30, velocity_rms_mm_s).await;
    (rig, running)
}

#[tokio::test(start_paused = true)]
async fn after_thirty_values_the_alarm_stands_a_quarter_of_b_c_above_the_baseline() {
    let (mut rig, _running) = learnt(0.9).await;
    let history = rig.history(motor(1)).await;
    let [baseline] = learned(&history)[..] else { panic!("{history:?}") };
    assert!((baseline.baseline.velocity_rms_mm_s - 0.9).abs() < 1e-3);
    assert!((baseline.alarm_limit_mm_s - 1.6).abs() < 1e-3);
    assert_eq!((baseline.at, baseline.regime.speed_percent), (start().plus_seconds(29.0), None));
    publish_values(&mut rig, 30, 40, 1.55).await;
    assert_eq!(raised(&rig.history(motor(1)).await), Vec::<&RaiseAlarm>::new());
    publish_values(&mut rig, 40, 43, 1.65).await;
    let history = rig.history(motor(1)).await;
    let [alarm] = raised(&history)[..] else { panic!("{history:?}") };
    assert_eq!((alarm.level, alarm.rule), (AlarmLevel::Alarm, Some(Rule::Baseline)));
    assert!((alarm.limit_mm_s - 1.6).abs() < 1e-3);
    assert!((alarm.baseline_mm_s.unwrap() - 0.9).abs() < 1e-3);
}

#[tokio::test(start_paused = true)]
async fn without_a_baseline_the_alarm_names_the_boundary_and_a_trip_its_own_rule() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    publish_values(&mut rig, 0, 3, 3.0).await;
    publish_values(&mut rig, 3, 6, 6.0).await;
    let history = rig.history(motor(1)).await;
    let rules: Vec<_> = raised(&history).iter().map(|alarm| alarm.rule).collect();
    assert_eq!(rules, [Some(Rule::Boundary), Some(Rule::Trip)]);
}

#[tokio::test(start_paused = true)]
async fn while_there_is_an_alarm_nothing_is_learned() {
    let (mut rig, _running) = learnt(3.0).await;
    assert_eq!(learned(&rig.history(motor(1)).await), Vec::<&LearnBaseline>::new());
    publish_values(&mut rig, 30, 60, 2.75).await;
    let history = rig.history(motor(1)).await;
    assert_eq!((raised(&history).len(), learned(&history).len()), (1, 0), "{history:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reset_learns_anew_and_takes_even_what_is_an_alarm_for_well() {
    let (mut rig, _running) = learnt(2.9).await;
    rig.send(motor(1), Command::ResetBaseline {}).await;
    rig.fold().await;
    publish_values(&mut rig, 30, 60, 2.9).await;
    let history = rig.history(motor(1)).await;
    let [baseline] = learned(&history)[..] else { panic!("{history:?}") };
    assert!((baseline.alarm_limit_mm_s - 3.5).abs() < 1e-9, "the ceiling");
    publish_values(&mut rig, 60, 100, 2.9).await;
    let history = rig.history(motor(1)).await;
    assert!(matches!(history.last(), Some(MotorEvent::AlarmCleared(_))), "{history:?}");
}

#[tokio::test(start_paused = true)]
async fn a_motor_that_falls_silent_as_it_never_was_is_told() {
    let (mut rig, _running) = learnt(1.2).await;
    publish_values(&mut rig, 30, 33, 0.3).await;
    assert_eq!(departures(&rig.history(motor(1)).await), [Some(Departure::Fall)]);
    publish_values(&mut rig, 33, 70, 1.2).await;
    assert_eq!(departures(&rig.history(motor(1)).await), [Some(Departure::Fall), None]);
}

#[tokio::test(start_paused = true)]
async fn a_reset_ends_the_departure_from_what_no_longer_holds() {
    let (mut rig, _running) = learnt(1.2).await;
    publish_values(&mut rig, 30, 33, 0.3).await;
    rig.send(motor(1), Command::ResetBaseline {}).await;
    rig.fold().await;
    publish_values(&mut rig, 33, 70, 0.3).await;
    let history = rig.history(motor(1)).await;
    assert_eq!(departures(&history), [Some(Departure::Fall), None]);
    assert_eq!(learned(&history).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_motor_at_rest_teaches_nothing_and_departs_from_nothing() {
    let (mut rig, _running) = learnt(0.01).await;
    assert_eq!(learned(&rig.history(motor(1)).await), Vec::<&LearnBaseline>::new());
    publish_values(&mut rig, 30, 60, 1.2).await;
    publish_values(&mut rig, 60, 90, 0.01).await;
    let history = rig.history(motor(1)).await;
    assert_eq!((learned(&history).len(), departures(&history).len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn another_sample_rate_is_another_baseline() {
    let (mut rig, _running) = learnt(0.9).await;
    rig.publish_block(motor(1), block(100.0, 16.0, 0.9)).await;
    rig.settle().await;
    let history = rig.history(motor(1)).await;
    let rates: Vec<_> = learned(&history).iter().map(|it| it.regime.sample_rate_hz).collect();
    assert_eq!(rates, [None, Some(2_560)]);
}
