//! What was measured over HTTP: in documents, as numbers, and as plots.

use std::collections::BTreeMap;

use domain::motor::{AlarmLevel, Assessment};
use domain::vibration::Axis;
use ports::readings::{Reading, Readings, ReadingsCommit, Spectrum};
use serde_json::json;

use crate::make::{MOTOR, OTHER_MOTOR, Story, alarm, at, found, registered, zone};
use crate::site::Site;

fn reading(sensor: &str, seconds: f64, velocity_rms_mm_s: f64) -> Reading {
    let features = [("velocity_rms_mm_s", velocity_rms_mm_s), ("kurtosis", 3.0)];
    Reading {
        motor_id: MOTOR,
        sensor: sensor.to_owned(),
        axis: Axis::RadialH,
        at: at(seconds),
        features: features.map(|(name, value)| (name.to_owned(), value)).into(),
        quality: vec![],
        spectrum: None,
    }
}

async fn measured() -> Site {
    let story = Story::default()
        .motor(MOTOR, &registered("P-101"))
        .motor(MOTOR, &found("DE"))
        .motor(MOTOR, &zone("DE", Assessment::B))
        .motor(MOTOR, &alarm("NDE", AlarmLevel::Alarm))
        .motor(OTHER_MOTOR, &registered("P-102"));
    let site = Site::of(&story).await;
    let amplitudes = vec![0.0, 0.25, 1.5, 0.1];
    let unit = "m/s2".to_owned();
    let spectrum = Spectrum { resolution_hz: 12.5, unit, amplitudes, speed_rpm: Some(1_480.0) };
    let with_spectrum = Reading { spectrum: Some(spectrum), ..reading("DE", 30.0, 2.5) };
    let mut only_kurtosis = reading("DE", 20.0, 0.0);
    only_kurtosis.features = BTreeMap::from([("kurtosis".to_owned(), 4.5)]);
    let readings =
        vec![reading("DE", 10.0, 1.0), only_kurtosis, with_spectrum, reading("NDE", 40.0, 3.25)];
    let commit = ReadingsCommit { readings, ..ReadingsCommit::default() };
    site.readings.commit(commit).await.expect("memory");
    site
}

#[tokio::test]
async fn a_motor_is_completed_with_its_newest_readings() {
    let site = measured().await;
    let answer = site.get(&format!("/v1/motors/{MOTOR}")).await;
    let motor = answer.json();
    assert_eq!(motor["velocity_rms_mm_s"], 3.25, "the highest of the newest");
    assert_eq!(motor["last_measured_at"], "2026-01-01T00:00:40.000000Z");
    assert_eq!(motor["sensors"][0]["velocity_rms_mm_s"], 2.5);
    assert_eq!(motor["sensors"][1]["velocity_rms_mm_s"], 3.25);
    assert_eq!(answer.header("cache-control"), "no-store", "readings have no version");
    let list = site.get("/v1/motors").await.json();
    assert_eq!(list["items"][0], motor);
    let unmeasured = &list["items"][1];
    assert!(unmeasured.get("last_measured_at").is_none() && unmeasured["zone"].is_null());
}

#[tokio::test]
async fn a_trend_has_the_points_and_marks_of_the_time_that_is_asked_for() {
    let site = measured().await;
    let path = format!("/v1/motors/{MOTOR}/trend");
    let trend = site.get(&format!("{path}?sensor=DE&axis=radial_h")).await.json();
    assert_eq!((&trend["unit"], &trend["feature"]), (&json!("mm/s"), &json!("velocity_rms_mm_s")));
    let values = |trend: &serde_json::Value| -> Vec<f64> {
        let points = trend["points"].as_array().expect("points").iter();
        points.map(|point| point["value"].as_f64().expect("a number")).collect()
    };
    assert_eq!(values(&trend), [1.0, 2.5]);
    assert_eq!(trend["points"][0]["at"], "2026-01-01T00:00:10.000000Z");
    let kinds = |trend: &serde_json::Value| -> Vec<String> {
        let marks = trend["marks"].as_array().expect("marks").iter();
        marks.map(|mark| mark["kind"].as_str().expect("text").to_owned()).collect()
    };
    assert_eq!(kinds(&trend), ["sensor_found", "zone_changed"]);
    let query = "from=2026-01-01T00:00:30Z&to=2026-01-01T00:01:41Z";
    let late = site.get(&format!("{path}?{query}")).await.json();
    assert_eq!((values(&late), kinds(&late)), (vec![2.5, 3.25], vec!["zone_changed".to_owned()]));
    let kurtosis = site.get(&format!("{path}?feature=kurtosis&limit=1")).await.json();
    assert_eq!((values(&kurtosis), &kurtosis["unit"]), (vec![3.0], &json!("")));
    let none = site.get(&format!("/v1/motors/{OTHER_MOTOR}/trend")).await.json();
    assert_eq!(none["points"], json!([]));
}

#[tokio::test]
async fn a_spectrum_has_a_frequency_for_every_amplitude() {
    let site = measured().await;
    let answer = site.get(&format!("/v1/motors/{MOTOR}/spectrum?sensor=DE")).await;
    let spectrum = answer.json();
    assert_eq!(spectrum["frequency_hz"], json!([0.0, 12.5, 25.0, 37.5]));
    assert_eq!(spectrum["amplitude"], json!([0.0, 0.25, 1.5, 0.1]));
    assert_eq!(spectrum["unit"], "m/s2");
    assert_eq!(spectrum["at"], "2026-01-01T00:00:30.000000Z");
    let path = format!("/v1/motors/{OTHER_MOTOR}/spectrum");
    assert_eq!(site.get(&path).await.problem(), (404, "no_data".to_owned()));
}

#[tokio::test]
async fn a_spectrum_that_is_fine_enough_has_its_third_octaves() {
    let site = measured().await;
    let path = format!("/v1/motors/{MOTOR}/spectrum?sensor=DE");
    assert_eq!(site.get(&path).await.json().get("third_octaves"), None, "lines too far apart");
    // A tone on a line, as a Hann window shows it.
    let mut amplitudes = vec![0.0; 2_001];
    amplitudes[99..=101].copy_from_slice(&[1.0, 2.0, 1.0]);
    let unit = "m/s2".to_owned();
    let spectrum = Spectrum { resolution_hz: 1.0, unit, amplitudes, speed_rpm: None };
    let reading = Reading { spectrum: Some(spectrum), ..reading("DE", 50.0, 2.5) };
    let commit = ReadingsCommit { readings: vec![reading], ..ReadingsCommit::default() };
    site.readings.commit(commit).await.expect("memory");
    let answer = site.get(&path).await.json();
    let bands = answer["third_octaves"].as_array().expect("bands");
    assert_eq!((&bands[0]["nominal_hz"], bands.len()), (&json!(20.0), 20));
    let number = |band: &serde_json::Value, name: &str| band[name].as_f64().expect("a number");
    for band in bands {
        let is_its = number(band, "nominal_hz") == 100.0;
        assert!(
            (number(band, "rms") - if is_its { 2_f64.sqrt() } else { 0.0 }).abs() < 1e-9,
            "{band}"
        );
    }
}

#[tokio::test]
async fn plots_are_documents_that_need_not_be_sent_twice() {
    let site = measured().await;
    for name in ["trend", "spectrum"] {
        let path = format!("/v1/motors/{MOTOR}/{name}.svg?theme=dark&width=640&height=300");
        let answer = site.get(&path).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "image/svg+xml"));
        let svg = String::from_utf8(answer.body.to_vec()).expect("text");
        assert!(svg.starts_with("<svg") && svg.contains("P-101"), "{svg}");
        let again = site.get_with(&path, &[("if-none-match", answer.header("etag"))]).await;
        assert_eq!(again.status, 304);
        let light = site.get(&format!("/v1/motors/{MOTOR}/{name}.svg")).await;
        assert_ne!(light.header("etag"), answer.header("etag"));
        let bad = site.get(&format!("/v1/motors/{MOTOR}/{name}.svg?theme=pink")).await;
        assert_eq!(bad.problem(), (400, "bad_parameter".to_owned()));
    }
}

#[tokio::test]
async fn a_plot_without_data_says_so_and_a_plot_of_many_shows_the_highest() {
    let site = measured().await;
    for name in ["trend", "spectrum"] {
        let answer = site.get(&format!("/v1/motors/{OTHER_MOTOR}/{name}.svg")).await;
        let svg = String::from_utf8(answer.body.to_vec()).expect("text");
        assert!(answer.status == 200 && svg.contains("no data yet"), "{svg}");
    }
    let answer = site.get(&format!("/v1/motors/{MOTOR}/trend.svg")).await;
    let svg = String::from_utf8(answer.body.to_vec()).expect("text");
    assert!(svg.contains("NDE, radial h"), "{svg}");
}
