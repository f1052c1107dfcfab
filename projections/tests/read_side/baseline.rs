//! Baselines, departures and where a trend goes, as documents and answers show them.

use domain::motor::{
    AlarmLevel, BeginDeparture, EndDeparture, LearnBaseline, MotorEvent, RaiseAlarm,
};
use domain::vibration::{Axis, Baseline, Departure, Regime, Rule};
use ports::readings::{Reading, Readings, ReadingsCommit};
use serde_json::{Value, json};

use crate::make::{MOTOR, Story, at, found, point, registered};
use crate::site::Site;

const HOUR_S: f64 = 3_600.0;

fn learned(seconds: f64, velocity_rms_mm_s: f64) -> MotorEvent {
    MotorEvent::BaselineLearned(LearnBaseline {
        point: point("DE"),
        regime: Regime { speed_percent: Some(100), sample_rate_hz: Some(12_800) },
        baseline: Baseline { velocity_rms_mm_s, spread_percent: 5.0, values: 30, is_final: false },
        alarm_limit_mm_s: velocity_rms_mm_s + 0.7,
        at: at(seconds),
    })
}

fn fell() -> MotorEvent {
    MotorEvent::DepartureBegan(BeginDeparture {
        point: point("DE"),
        departure: Departure::Fall,
        velocity_rms_mm_s: 0.1,
        baseline_mm_s: 1.0,
        limit_mm_s: 0.7,
        at: at(50.0),
    })
}

fn rose_to_alarm() -> MotorEvent {
    MotorEvent::AlarmRaised(RaiseAlarm {
        point: point("DE"),
        level: AlarmLevel::Alarm,
        velocity_rms_mm_s: 2.0,
        limit_mm_s: 1.7,
        rule: Some(Rule::Baseline),
        baseline_mm_s: Some(1.0),
        at: at(60.0),
    })
}

async fn site(events: &[MotorEvent]) -> Site {
    let begun = Story::default().motor(MOTOR, &registered("P-101")).motor(MOTOR, &found("DE"));
    let story = events.iter().fold(begun, |story, event| story.motor(MOTOR, event));
    Site::of(&story).await
}

async fn sensor(events: &[MotorEvent]) -> Value {
    let site = site(events).await;
    site.get(&format!("/v1/motors/{MOTOR}")).await.json()["sensors"][0].clone()
}

#[tokio::test]
async fn a_sensor_shows_its_baseline_the_limit_and_the_rule_of_its_alarm() {
    let shown = sensor(&[learned(10.0, 1.0), learned(90.0, 1.2), fell(), rose_to_alarm()]).await;
    let baseline = json!({
        "velocity_rms_mm_s": 1.2,
        "spread_percent": 5.0,
        "values": 30,
        "is_final": false,
        "since": "2026-01-01T00:00:10.000000Z",
    });
    assert_eq!(shown["baseline"], baseline);
    assert_eq!((&shown["departure"], &shown["alarm_rule"]), (&json!("fall"), &json!("baseline")));
    assert_eq!(shown["alarm_limit_mm_s"], 1.7);
}

#[tokio::test]
async fn what_is_over_or_reset_is_shown_no_longer() {
    let near = MotorEvent::DepartureEnded(EndDeparture {
        point: point("DE"),
        departure: Departure::Fall,
        at: at(55.0),
    });
    let shown = sensor(&[learned(10.0, 1.0), fell(), near]).await;
    assert!(shown.get("departure").is_none() && shown.get("baseline").is_some(), "{shown}");
    let shown = sensor(&[learned(10.0, 1.0), fell(), MotorEvent::BaselineReset {}]).await;
    for gone in ["departure", "baseline", "alarm_limit_mm_s"] {
        assert!(shown.get(gone).is_none(), "{shown}");
    }
}

#[tokio::test]
async fn marks_tell_of_baselines_and_departures() {
    let site = site(&[learned(10.0, 1.0), fell()]).await;
    let trend = site.get(&format!("/v1/motors/{MOTOR}/trend")).await.json();
    let kinds: Vec<&Value> =
        trend["marks"].as_array().expect("marks").iter().map(|mark| &mark["kind"]).collect();
    assert_eq!(kinds, ["sensor_found", "baseline_learned", "departure_began"]);
}

/// A value each hour, from a second after the start on, that grows by a share each time.
async fn measured(site: &Site, growth: f64) {
    let reading = |i: i32| Reading {
        motor_id: MOTOR,
        sensor: "DE".to_owned(),
        axis: Axis::RadialH,
        at: at(1.0 + HOUR_S * f64::from(i)),
        features: [("velocity_rms_mm_s".to_owned(), (1.0 + growth).powi(i))].into(),
        quality: vec![],
        spectrum: None,
    };
    let readings = (0..100).map(reading).collect();
    let commit = ReadingsCommit { readings, ..ReadingsCommit::default() };
    site.readings.commit(commit).await.expect("memory");
}

#[tokio::test]
async fn a_growing_trend_says_when_it_will_meet_its_limits() {
    let site = site(&[learned(0.0, 1.0)]).await;
    measured(&site, 0.004).await;
    let trend = site.get(&format!("/v1/motors/{MOTOR}/trend?sensor=DE")).await.json();
    let analysis = &trend["analysis"][0];
    assert_eq!((&analysis["sensor"], &analysis["axis"]), (&json!("DE"), &json!("radial_h")));
    assert_eq!(analysis["growth"]["is_significant"], true);
    let percent = analysis["growth"]["percent_per_day"].as_f64().expect("a number");
    assert!((percent - 100.0 * (1.004_f64.powi(24) - 1.0)).abs() < 0.01, "{percent}");
    let [alarm, trip] = analysis["limits"].as_array().expect("limits").as_slice() else {
        panic!("{analysis}");
    };
    assert_eq!((&alarm["level"], &alarm["limit_mm_s"]), (&json!("alarm"), &json!(1.7)));
    let ahead = &alarm["estimated_time_to_limit"];
    let seconds = |name: &str| ahead[name].as_f64().expect("a number");
    let expected_s = HOUR_S * (1.7_f64.ln() / 1.004_f64.ln() - 99.0);
    assert!((seconds("seconds") / expected_s - 1.0).abs() < 0.05, "{ahead} not {expected_s}");
    assert!(seconds("seconds_min") <= seconds("seconds") && ahead["seconds_max"].is_number());
    assert_eq!((&trip["limit_mm_s"], &trip["no_estimate"]), (&json!(5.625), &json!("too_far")));
    assert_eq!(
        (&analysis["ewma"]["signal"], &analysis["cusum"]["signal"]),
        (&json!("rise"), &json!("rise"))
    );
}

#[tokio::test]
async fn a_steady_trend_promises_nothing() {
    let site = site(&[]).await;
    measured(&site, 0.0).await;
    let trend = site.get(&format!("/v1/motors/{MOTOR}/trend")).await.json();
    let analysis = &trend["analysis"][0];
    assert_eq!(analysis["growth"]["is_significant"], false);
    assert_eq!(analysis["limits"][0]["no_estimate"], "not_significant");
    assert!(analysis.get("ewma").is_none(), "there is no baseline to hold it to");
    let kurtosis = site.get(&format!("/v1/motors/{MOTOR}/trend?feature=kurtosis")).await.json();
    assert_eq!(kurtosis["analysis"], json!([]));
}
