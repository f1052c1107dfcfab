//! Given events, then a document: no store, no clock.

use domain::image::ImageEvent;
use domain::motor::{AlarmLevel, Assessment, MotorEvent, Nameplate};
use domain::vibration::MachineGroup;
use projections::projection::Projection;
use projections::{Fleet, Images, MotorHistory, Motors, VibrationTrend};
use serde_json::{Value, json};

use crate::make::{
    MOTOR, Story, TASK, alarm, at, cleared, failed, found, lost, nameplate, produced, registered,
    submitted, told, zone,
};

fn motor(events: &[MotorEvent]) -> Value {
    document::<Motors>(&motor_story(events))
}

fn motor_story(events: &[MotorEvent]) -> Story {
    events.iter().fold(Story::default(), |story, event| story.motor(MOTOR, event))
}

fn image(events: &[ImageEvent]) -> Value {
    let story = events.iter().fold(Story::default(), |story, event| story.image(TASK, event));
    document::<Images>(&story)
}

fn document<P: Projection>(story: &Story) -> Value {
    let document = told::<P>(&story.events).expect("the events fit").expect("there is one");
    serde_json::to_value(document).expect("plain data")
}

#[test]
fn a_motor_looks_as_promised() {
    insta::assert_json_snapshot!(motor(&[
        registered("P-101"),
        found("DE"),
        zone("DE", Assessment::C),
        found("NDE"),
        zone("NDE", Assessment::NotAssessable),
        alarm("DE", AlarmLevel::Alarm),
        lost("NDE"),
    ]));
}

#[test]
fn a_motor_that_was_just_registered_is_unknown_and_not_well() {
    let motor = motor(&[registered("P-101")]);
    assert_eq!(motor["zone"], Value::Null);
    assert_eq!(motor["alarm"], "none");
    assert!(motor.get("acknowledged").is_none() && motor.get("zone_reason").is_none());
}

#[test]
fn the_group_follows_the_power_until_somebody_chooses_one() {
    let revised = |chosen, rated_power_kw| {
        let machine_group: Option<MachineGroup> = chosen;
        MotorEvent::Revised(Nameplate { machine_group, rated_power_kw, ..nameplate("P-101") })
    };
    let groups = [
        motor(&[registered("P-101")]),
        motor(&[registered("P-101"), revised(Some(MachineGroup::Class3), 90.0)]),
        motor(&[
            registered("P-101"),
            revised(Some(MachineGroup::Class3), 90.0),
            revised(None, 400.0),
        ]),
    ];
    assert_eq!(groups.map(|motor| motor["machine_group"].clone()), ["group2", "class3", "group1"]);
}

#[test]
fn the_zone_is_the_worst_one_that_can_be_assessed() {
    let start = registered("P-101");
    let known = [start.clone(), zone("DE", Assessment::NotAssessable), zone("NDE", Assessment::B)];
    let motor_ = motor(&known);
    assert_eq!((&motor_["zone"], motor_.get("zone_reason")), (&json!("B"), None));
    let motor_ = motor(&[start, zone("DE", Assessment::NotAssessable)]);
    assert_eq!(motor_["zone"], "not_assessable");
    assert_eq!(motor_["zone_reason"], "too_short");
}

#[test]
fn an_alarm_is_acknowledged_until_the_next_one_is_raised() {
    let acknowledged = MotorEvent::AlarmAcknowledged {};
    let mut events = vec![registered("P-101"), alarm("DE", AlarmLevel::Alarm), acknowledged];
    assert_eq!(motor(&events)["acknowledged"], true);
    events.push(alarm("NDE", AlarmLevel::Trip));
    let tripped = motor(&events);
    assert_eq!((&tripped["alarm"], &tripped["acknowledged"]), (&json!("trip"), &json!(false)));
    events.extend([cleared("NDE"), cleared("DE")]);
    assert!(motor(&events).get("acknowledged").is_none());
}

#[test]
fn a_motor_that_moves_or_leaves_keeps_everything_else() {
    let start = registered("P-101");
    let moved = motor(&[start.clone(), MotorEvent::Relocated { location: None }]);
    assert!(moved.get("location").is_none());
    let left = motor(&[start, zone("DE", Assessment::A), MotorEvent::Decommissioned {}]);
    assert_eq!((&left["state"], &left["zone"]), (&json!("decommissioned"), &json!("A")));
    assert_eq!((&left["version"], &left["position"]), (&json!(3), &json!(3)));
}

#[test]
fn an_event_without_a_beginning_is_an_error_and_not_a_guess() {
    let story = motor_story(&[lost("DE")]);
    let refused = told::<Motors>(&story.events).unwrap_err();
    assert!(refused.to_string().contains("`sensor_lost`"), "{refused}");
    assert!(told::<Fleet>(&story.events).is_err());
}

#[test]
fn of_a_motor_the_fleet_knows_what_is_counted() {
    let story =
        motor_story(&[registered("P-101"), zone("DE", Assessment::D), lost("DE"), lost("NDE")]);
    let member = document::<Fleet>(&story);
    assert_eq!((&member["zone"], &member["sensors_lost"]), (&json!("D"), &json!(2)));
    assert_eq!((&member["state"], &member["alarm"]), (&json!("in_service"), &json!("none")));
}

#[test]
fn the_history_has_a_cloud_event_per_event_under_keys_that_sort_by_version() {
    let story = (0..11).fold(Story::default(), |story, _| story.motor(MOTOR, &found("DE")));
    let keys: Vec<_> = story.events.iter().filter_map(MotorHistory::key).collect();
    assert!(keys.is_sorted() && keys.iter().all(|key| key.starts_with(&MOTOR.to_string())));
    insta::assert_json_snapshot!(document::<MotorHistory>(&Story {
        events: story.events[10..].to_vec(),
        ..Story::default()
    }));
}

#[test]
fn the_trend_keeps_the_newest_marks() {
    let start = [registered("P-101"), MotorEvent::Decommissioned {}];
    let none = document::<VibrationTrend>(&motor_story(&start));
    assert_eq!(none, json!({ "marks": [] }));
    let many = (0..300).map(|i| if i < 299 { lost("DE") } else { alarm("DE", AlarmLevel::Trip) });
    let trend = document::<VibrationTrend>(&motor_story(&many.collect::<Vec<_>>()));
    let marks = trend["marks"].as_array().expect("a list");
    assert_eq!(marks.len(), 200);
    insta::assert_json_snapshot!(marks.last());
}

#[test]
fn an_image_task_looks_as_promised() {
    insta::assert_json_snapshot!(image(&[
        submitted(),
        ImageEvent::ProcessingStarted { attempt: 1 },
        produced("1024x1024.jpg"),
        produced("800x800.jpg"),
        ImageEvent::Completed {},
    ]));
}

#[test]
fn a_failed_attempt_tells_why_and_when_it_is_tried_again() {
    let started = |attempt| ImageEvent::ProcessingStarted { attempt };
    let mut events = vec![submitted(), started(1), failed(Some(at(60.0)))];
    let waiting = image(&events);
    assert_eq!(waiting["state"], "submitted");
    assert_eq!(waiting["failure"], json!({ "code": "timeout", "detail": "it took too long" }));
    assert_eq!(waiting["next_attempt_at"], "2026-01-01T00:01:00.000000Z");
    events.push(started(2));
    let running = image(&events);
    assert_eq!((&running["state"], &running["attempts"]), (&json!("processing"), &json!(2)));
    assert!(running.get("next_attempt_at").is_none() && running.get("failure").is_some());
}

#[test]
fn a_task_that_was_given_up_can_begin_anew() {
    let (code, detail) = ("timeout".to_owned(), "it took too long".to_owned());
    let given_up = ImageEvent::DeadLettered { attempts: 1, code, detail };
    let mut events = vec![submitted(), failed(None), given_up];
    let failed = image(&events);
    assert_eq!(
        (&failed["state"], &failed["failure"]["code"]),
        (&json!("failed"), &json!("timeout"))
    );
    assert!(failed.get("finished_at").is_some());
    events.push(ImageEvent::RetryRequested {});
    let anew = image(&events);
    assert_eq!((&anew["state"], &anew["attempts"]), (&json!("submitted"), &json!(0)));
    assert!(anew.get("failure").is_none() && anew.get("finished_at").is_none());
}
