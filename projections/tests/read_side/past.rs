//! How a motor or a picture stood after any of its events, and at any time.

use domain::image::ImageEvent;
use domain::motor::{AlarmLevel, Assessment};
use serde_json::Value;

use crate::make::{
    MOTOR, OTHER_MOTOR, Story, TASK, alarm, at, failed, found, produced, registered, submitted,
    zone,
};
use crate::site::Site;

/// Events of the motor have the positions 1, 3, 4, 5 and those times; 2 is of another one.
async fn site() -> Site {
    let story = Story::default()
        .motor(MOTOR, &registered("P-101"))
        .motor(OTHER_MOTOR, &registered("P-102"))
        .motor(MOTOR, &found("DE"))
        .motor(MOTOR, &zone("DE", Assessment::C))
        .motor(MOTOR, &alarm("DE", AlarmLevel::Alarm))
        .image(TASK, &submitted())
        .image(TASK, &ImageEvent::ProcessingStarted { attempt: 1 })
        .image(TASK, &failed(None))
        .image(TASK, &ImageEvent::ProcessingStarted { attempt: 2 })
        .image(TASK, &produced("800x800.jpg"))
        .image(TASK, &ImageEvent::Completed {});
    Site::of(&story).await
}

fn motor(query: &str) -> String {
    format!("/v1/motors/{MOTOR}?{query}")
}

#[tokio::test]
async fn a_motor_is_shown_as_it_was_after_any_of_its_events() {
    let site = site().await;
    let mut seen = Vec::new();
    for version in 1..=4 {
        let answer = site.get(&motor(&format!("at_version={version}"))).await;
        assert_eq!(answer.header("etag"), format!("\"{version}\""));
        let state = answer.json();
        seen.push((state["version"].clone(), state["zone"].clone(), state["alarm"].clone()));
    }
    let expected = [(1, Value::Null, "none"), (2, Value::Null, "none"), (3, "C".into(), "none")]
        .map(|(version, zone, alarm)| (version.into(), zone, alarm.into()));
    assert_eq!(seen[..3], expected);
    assert_eq!(seen[3], (4.into(), "C".into(), "alarm".into()));
}

#[tokio::test]
async fn the_last_version_is_the_present_without_what_only_readings_tell() {
    let site = site().await;
    let now = site.get(&format!("/v1/motors/{MOTOR}")).await.json();
    assert_eq!(site.get(&motor("at_version=4")).await.json(), now);
}

#[tokio::test]
async fn a_motor_is_shown_as_it_was_at_any_time() {
    let site = site().await;
    for (time, version) in [(1.0, 1), (2.5, 1), (3.0, 2), (4.999, 3), (900.0, 4)] {
        let state = site.get(&motor(&format!("at_time={}", at(time)))).await.json();
        assert_eq!(state["version"], version, "at {time}: {state}");
    }
}

#[tokio::test]
async fn a_picture_has_a_past_as_well_and_a_history_in_pages() {
    let site = site().await;
    let path = format!("/v1/images/{TASK}");
    for (version, state) in
        [(1, "submitted"), (2, "processing"), (5, "processing"), (6, "completed")]
    {
        let task = site.get(&format!("{path}?at_version={version}")).await.json();
        assert_eq!(task["state"], state, "{version}: {task}");
    }
    let (mut kinds, mut next) = (Vec::new(), String::new());
    loop {
        let page = site.get(&format!("{path}/history?limit=4{next}")).await.json();
        let items = page["items"].as_array().expect("a page");
        kinds.extend(items.iter().map(|event| event["type"].as_str().expect("text").to_owned()));
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    let names = [
        "submitted",
        "processing_started",
        "attempt_failed",
        "processing_started",
        "variant_produced",
        "completed",
    ];
    assert_eq!(kinds, names.map(|name| format!("atalaya.image.{name}")));
}

#[tokio::test]
async fn what_never_was_is_not_found_and_a_moment_is_asked_for_in_one_way() {
    let site = site().await;
    let stranger = MOTOR.to_string().replace("0001", "0009");
    for (path, problem) in [
        (motor("at_version=5"), (404, "not_found")),
        (motor(&format!("at_time={}", at(0.5))), (404, "not_found")),
        (format!("/v1/motors/{stranger}?at_version=1"), (404, "not_found")),
        (format!("/v1/images/{stranger}/history"), (404, "not_found")),
        (motor("at_version=0"), (400, "bad_parameter")),
        (motor("at_version=1000001"), (400, "bad_parameter")),
        (motor("at_time=yesterday"), (400, "bad_parameter")),
        (motor(&format!("at_version=1&at_time={}", at(1.0))), (400, "bad_parameter")),
        (format!("/v1/images/{TASK}/history?cursor=made-up"), (400, "bad_parameter")),
    ] {
        let (status, code) = site.get(&path).await.problem();
        assert_eq!((status, code.as_str()), problem, "{path}");
    }
}
