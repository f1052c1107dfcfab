//! Given what happened, when this is asked, then that happens.

use cqrs_es::test::TestFramework;
use serde_json::json;

use super::*;
use crate::vibration::{Axis, Departure, MachineGroup, Mounting, Support};

type Motors = TestFramework<Motor>;

fn nameplate() -> Nameplate {
    serde_json::from_value(
        json!({ "name": "P-101", "rated_power_kw": 90.0, "rated_speed_rpm": 1480.0 }),
    )
    .unwrap()
}

fn registered() -> MotorEvent {
    MotorEvent::Registered(nameplate())
}

fn point() -> MeasuringPoint {
    MeasuringPoint { sensor: "DE".to_owned(), axis: Axis::RadialH }
}

const NOON: Timestamp = Timestamp::MIN;

fn report(assessment: Assessment) -> Command {
    Command::ReportCondition(ReportCondition {
        point: point(),
        assessment,
        velocity_rms_mm_s: Some(2.0),
        reason: None,
        standard: Some("ISO 10816-3:2009".to_owned()),
        at: NOON,
    })
}

fn zone_changed(from: Option<Assessment>, to: Assessment) -> MotorEvent {
    MotorEvent::ZoneChanged {
        point: point(),
        from,
        to,
        velocity_rms_mm_s: Some(2.0),
        reason: None,
        standard: Some("ISO 10816-3:2009".to_owned()),
        at: NOON,
    }
}

fn alarm(level: AlarmLevel) -> RaiseAlarm {
    RaiseAlarm {
        point: point(),
        level,
        velocity_rms_mm_s: 9.0,
        limit_mm_s: 5.625,
        rule: None,
        baseline_mm_s: None,
        at: NOON,
    }
}

fn clearance() -> ClearAlarm {
    ClearAlarm { point: point(), at: NOON }
}

fn seen() -> SensorSeen {
    SensorSeen { point: point(), at: NOON }
}

fn revision(change: serde_json::Value) -> Command {
    Command::Revise(serde_json::from_value(change).unwrap())
}

fn with_events(events: &[MotorEvent]) -> Motor {
    let mut motor = Motor::default();
    events.iter().cloned().for_each(|event| motor.apply(event));
    motor
}

fn departure(departure: Option<Departure>) -> Command {
    Command::ReportDeparture(ReportDeparture {
        point: point(),
        departure,
        velocity_rms_mm_s: 2.0,
        baseline_mm_s: 1.0,
        limit_mm_s: 0.7,
        at: NOON,
    })
}

fn began(departure: Departure) -> MotorEvent {
    MotorEvent::DepartureBegan(BeginDeparture {
        point: point(),
        departure,
        velocity_rms_mm_s: 2.0,
        baseline_mm_s: 1.0,
        limit_mm_s: 0.7,
        at: NOON,
    })
}

fn ended(departure: Departure) -> MotorEvent {
    MotorEvent::DepartureEnded(EndDeparture { point: point(), departure, at: NOON })
}

fn pointers(command: Command) -> Vec<String> {
    match Motor::default().decide(command) {
        Err(Rejection::Invalid(faults)) => faults.into_iter().map(|fault| fault.pointer).collect(),
        other => panic!("expected faults, not {other:?}"),
    }
}

#[test]
fn a_motor_is_registered_once() {
    Motors::with(())
        .given_no_previous_events()
        .when(Command::Register(nameplate()))
        .then_expect_events(vec![registered()]);
    Motors::with(())
        .given(vec![registered()])
        .when(Command::Register(nameplate()))
        .then_expect_error(Rejection::AlreadyExists);
}

#[test]
fn the_group_follows_from_the_power_unless_it_was_chosen() {
    assert_eq!(nameplate().group(), MachineGroup::Group2);
    let chosen = Nameplate { machine_group: Some(MachineGroup::Class4), ..nameplate() };
    assert_eq!(chosen.group(), MachineGroup::Class4);
    assert_eq!(nameplate().support, Support::uniform(Mounting::Rigid));
}

#[test]
fn a_motor_is_judged_by_its_own_boundaries_until_they_are_taken_away() {
    let own = json!({ "boundaries": { "velocity_mm_s": { "ab": 2.0, "bc": 4.0, "cd": 6.0 } } });
    let Ok(events) = with_events(&[registered()]).decide(revision(own)) else { panic!("refused") };
    let [MotorEvent::Revised(revised)] = events.as_slice() else { panic!("{events:?}") };
    let judged_by = |nameplate: &Nameplate| {
        let boundaries = nameplate.boundaries_of(Axis::X);
        (serde_json::to_value(boundaries.edition).unwrap(), boundaries.bc)
    };
    assert_eq!(judged_by(revised), (json!("custom"), 4.0));
    assert_eq!(
        revised.boundaries_of(Axis::X).displacement_um,
        None,
        "no say, rather than another's"
    );
    let back = with_events(&[registered(), events[0].clone()]);
    let events = back.decide(revision(json!({ "boundaries": null }))).unwrap();
    let [MotorEvent::Revised(standard)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(judged_by(standard), (json!("ISO 10816-3:2009"), 2.8));
}

#[test]
fn boundaries_that_do_not_grow_are_refused_where_they_are() {
    let with = |boundaries: serde_json::Value| {
        let mut plate = serde_json::to_value(nameplate()).unwrap();
        plate["boundaries"] = boundaries;
        pointers(Command::Register(serde_json::from_value(plate).unwrap()))
    };
    let equal = json!({ "velocity_mm_s": { "ab": 2.0, "bc": 2.0, "cd": 6.0 } });
    assert_eq!(with(equal), ["/boundaries/velocity_mm_s"]);
    let negative = json!({
        "velocity_mm_s": { "ab": 1.0, "bc": 2.0, "cd": 6.0 },
        "displacement_um": { "ab": 0.0, "bc": 20.0, "cd": 1e9 },
    });
    let expected = ["/boundaries/displacement_um/ab", "/boundaries/displacement_um/cd"];
    assert_eq!(with(negative), expected);
}

#[test]
fn every_fault_of_a_nameplate_is_named_at_once() {
    let faulty = json!({
        "name": " ", "rated_power_kw": 0.0, "rated_speed_rpm": 1e9, "poles": 3, "location": "",
        "bearings": [
            { "position": "DE" },
            { "position": "NDE", "rolling_elements": 9, "element_diameter_mm": 50.0, "pitch_diameter_mm": 39.04 },
        ],
    });
    let expected = [
        "/name",
        "/rated_power_kw",
        "/rated_speed_rpm",
        "/poles",
        "/bearings/0",
        "/bearings/1/element_diameter_mm",
        "/location",
    ];
    assert_eq!(pointers(Command::Register(serde_json::from_value(faulty).unwrap())), expected);
}

#[test]
fn a_revision_changes_what_it_names_and_null_takes_away() {
    let chosen = Nameplate { poles: Some(4), ..nameplate() };
    let revised = Nameplate { rated_power_kw: 110.0, poles: None, ..chosen.clone() };
    Motors::with(())
        .given(vec![MotorEvent::Registered(chosen)])
        .when(revision(json!({ "rated_power_kw": 110.0, "poles": null })))
        .then_expect_events(vec![MotorEvent::Revised(revised)]);
}

#[test]
fn a_revision_that_changes_nothing_is_no_event() {
    Motors::with(())
        .given(vec![registered()])
        .when(revision(json!({ "name": "P-101", "location": null })))
        .then_expect_events(vec![]);
}

#[test]
fn a_motor_that_is_moved_and_corrected_has_two_events() {
    let location = Some("Hall 2".to_owned());
    Motors::with(())
        .given(vec![registered()])
        .when(revision(json!({ "name": "P-102", "location": "Hall 2" })))
        .then_expect_events(vec![
            MotorEvent::Revised(Nameplate { name: "P-102".to_owned(), ..nameplate() }),
            MotorEvent::Relocated { location: location.clone() },
        ]);
    let moved = vec![registered(), MotorEvent::Relocated { location }];
    Motors::with(())
        .given(moved)
        .when(revision(json!({ "location": "Hall 2" })))
        .then_expect_events(vec![]);
}

#[test]
fn a_decommissioned_motor_only_accepts_being_decommissioned_again() {
    let past = || Motors::with(()).given(vec![registered(), MotorEvent::Decommissioned {}]);
    past().when(Command::Decommission {}).then_expect_events(vec![]);
    for command in [report(Assessment::A), revision(json!({})), Command::FindSensor(seen())] {
        let refused = past().when(command).inspect_result();
        assert!(matches!(refused, Err(Rejection::NotNow { code: "decommissioned", .. })));
    }
}

#[test]
fn nothing_can_be_asked_of_an_unknown_motor() {
    let commands = [report(Assessment::A), Command::Decommission {}, Command::AcknowledgeAlarm {}];
    for command in commands {
        Motors::with(())
            .given_no_previous_events()
            .when(command)
            .then_expect_error(Rejection::Unknown);
    }
}

#[test]
fn only_a_change_of_zone_is_an_event() {
    Motors::with(())
        .given(vec![registered()])
        .when(report(Assessment::B))
        .then_expect_events(vec![zone_changed(None, Assessment::B)]);
    let past = || vec![registered(), zone_changed(None, Assessment::B)];
    Motors::with(()).given(past()).when(report(Assessment::B)).then_expect_events(vec![]);
    Motors::with(())
        .given(past())
        .when(report(Assessment::D))
        .then_expect_events(vec![zone_changed(Some(Assessment::B), Assessment::D)]);
}

#[test]
fn an_alarm_is_raised_once_and_again_when_it_grows() {
    let past = || vec![registered(), MotorEvent::AlarmRaised(alarm(AlarmLevel::Alarm))];
    Motors::with(())
        .given(past())
        .when(Command::RaiseAlarm(alarm(AlarmLevel::Alarm)))
        .then_expect_events(vec![]);
    Motors::with(())
        .given(past())
        .when(Command::RaiseAlarm(alarm(AlarmLevel::Trip)))
        .then_expect_events(vec![MotorEvent::AlarmRaised(alarm(AlarmLevel::Trip))]);
}

#[test]
fn a_trip_stays_until_it_is_acknowledged() {
    let past = || vec![registered(), MotorEvent::AlarmRaised(alarm(AlarmLevel::Trip))];
    let early = Motors::with(()).given(past()).when(Command::ClearAlarm(clearance()));
    let refused = early.inspect_result();
    assert!(matches!(refused, Err(Rejection::NotNow { code: "not_acknowledged", .. })));
    Motors::with(())
        .given(past())
        .when(Command::AcknowledgeAlarm {})
        .then_expect_events(vec![MotorEvent::AlarmAcknowledged {}]);
    Motors::with(())
        .given([past(), vec![MotorEvent::AlarmAcknowledged {}]].concat())
        .when(Command::ClearAlarm(clearance()))
        .then_expect_events(vec![MotorEvent::AlarmCleared(clearance())]);
}

#[test]
fn a_new_alarm_needs_a_new_acknowledgement() {
    let past = vec![
        registered(),
        MotorEvent::AlarmRaised(alarm(AlarmLevel::Alarm)),
        MotorEvent::AlarmAcknowledged {},
        MotorEvent::AlarmRaised(alarm(AlarmLevel::Trip)),
    ];
    Motors::with(())
        .given(past)
        .when(Command::AcknowledgeAlarm {})
        .then_expect_events(vec![MotorEvent::AlarmAcknowledged {}]);
    let quiet = Motors::with(()).given(vec![registered()]).when(Command::AcknowledgeAlarm {});
    assert!(matches!(quiet.inspect_result(), Err(Rejection::NotNow { code: "no_alarm", .. })));
}

#[test]
fn a_sensor_is_lost_only_when_it_was_there() {
    let found = || MotorEvent::SensorFound(seen());
    Motors::with(())
        .given(vec![registered()])
        .when(Command::LoseSensor(seen()))
        .then_expect_events(vec![]);
    Motors::with(())
        .given(vec![registered()])
        .when(Command::FindSensor(seen()))
        .then_expect_events(vec![found()]);
    Motors::with(())
        .given(vec![registered(), found()])
        .when(Command::FindSensor(seen()))
        .then_expect_events(vec![]);
    Motors::with(())
        .given(vec![registered(), found()])
        .when(Command::LoseSensor(seen()))
        .then_expect_events(vec![MotorEvent::SensorLost(seen())]);
}

#[test]
fn a_departure_from_the_baseline_begins_and_ends_once() {
    use Departure::{Fall, Rise};
    let decided = |past: &[MotorEvent], report: Option<Departure>| {
        with_events(past).decide(departure(report)).unwrap()
    };
    assert_eq!(decided(&[registered()], Some(Rise)), [began(Rise)]);
    assert_eq!(decided(&[registered()], None), []);
    let risen = [registered(), began(Rise)];
    assert_eq!(decided(&risen, Some(Rise)), []);
    assert_eq!(decided(&risen, Some(Fall)), [ended(Rise), began(Fall)]);
    assert_eq!(decided(&risen, None), [ended(Rise)]);
    assert_eq!(decided(&[registered(), began(Rise), ended(Rise)], None), []);
}

#[test]
fn the_baseline_of_a_motor_in_service_can_be_reset_as_often_as_one_likes() {
    let past = vec![registered(), MotorEvent::BaselineReset {}];
    Motors::with(())
        .given(past)
        .when(Command::ResetBaseline {})
        .then_expect_events(vec![MotorEvent::BaselineReset {}]);
    Motors::with(())
        .given_no_previous_events()
        .when(Command::ResetBaseline {})
        .then_expect_error(Rejection::Unknown);
}
