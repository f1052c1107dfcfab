//! What a scrape reads.

use std::time::Duration;

use super::*;

fn sound() -> Metrics {
    Metrics::new().unwrap()
}

fn must_have(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|found| found == *line), "{line} is not in\n{text}");
    }
}

#[test]
fn what_was_recorded_is_in_the_text_with_its_unit() {
    let metrics = sound();
    metrics.request("GET", "/v1/motors/{id}", 200, 0.003);
    metrics.operated("append", "motor", None, 0.004);
    metrics.appended("motor", 2);
    metrics.handled("motors", Some("poison"), 3, 20.0);
    metrics.consumed("motors", 3);
    metrics.lag("motors", Lag { events: 3, seconds: 1.5 });
    metrics.dead_letters(1);
    must_have(
        &metrics.text().unwrap(),
        &[
            r#"http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200",http_route="/v1/motors/{id}"} 1"#,
            r#"db_client_operation_duration_seconds_bucket{db_collection_name="motor",db_operation_name="append",db_system_name="sqlite",le="0.005"} 1"#,
            r#"messaging_process_duration_seconds_bucket{error_type="poison",messaging_consumer_group_name="motors",messaging_operation_name="process",messaging_system="atalaya",le="10"} 0"#,
            r#"messaging_process_duration_seconds_bucket{error_type="poison",messaging_consumer_group_name="motors",messaging_operation_name="process",messaging_system="atalaya",le="30"} 1"#,
            r#"messaging_client_consumed_messages_total{messaging_consumer_group_name="motors",messaging_operation_name="receive",messaging_system="atalaya"} 3"#,
            r#"atalaya_events_appended_total{category="motor"} 2"#,
            r#"atalaya_events_handled_total{handler="motors"} 0"#,
            r#"atalaya_subscription_lag_seconds{handler="motors"} 1.5"#,
            r#"atalaya_subscription_lag_events{handler="motors"} 3"#,
            "atalaya_dead_letters 1",
        ],
    );
}

#[test]
fn what_comes_in_by_a_broker_is_told_with_its_way() {
    let metrics = sound();
    metrics.samples_refused("field", 2);
    metrics.samples_arrived(SampleArrivals { lost: 3, resets: 1, ..SampleArrivals::default() });
    let by_log = FeedState { source: "log", holes: 4, ..FeedState::default() };
    metrics.feed(FeedState { source: "kafka", ..by_log });
    metrics.feed(FeedState { position: Some(9), ..by_log });
    must_have(
        &metrics.text().unwrap(),
        &[
            r#"atalaya_samples_refused{reason="field"} 2"#,
            "atalaya_samples_lost 3",
            "atalaya_samples_resets 1",
            r#"atalaya_feed_source{source="kafka"} 0"#,
            r#"atalaya_feed_source{source="log"} 1"#,
            "atalaya_feed_holes 4",
            "atalaya_feed_position 9",
        ],
    );
}

#[test]
fn target_info_says_who_tells() {
    let identity = Identity {
        version: "1.2.3".to_owned(),
        instance: "worker-7".to_owned(),
        roles: "ams,api".to_owned(),
        ..Identity::default()
    };
    let named =
        identity.named_by(&|name| (name == "OTEL_SERVICE_NAME").then(|| "north".to_owned()));
    let text = Metrics::of(named).unwrap().text().unwrap();
    let info = text.lines().find(|line| line.starts_with("target_info{")).unwrap();
    for label in [
        r#"service_name="north""#,
        r#"service_version="1.2.3""#,
        r#"service_instance_id="worker-7""#,
        r#"atalaya_roles="ams,api""#,
    ] {
        assert!(info.contains(label), "{label} is not in {info}");
    }
}

#[test]
fn a_gauge_that_nobody_measures_any_more_is_not_told_any_more() {
    let metrics = sound();
    metrics.lag("motors", Lag { events: 3, seconds: 1.5 });
    metrics.log_position(7);
    metrics.samples_dropped("late", 1);
    let later = Instant::now() + Duration::from_secs(60);
    let text = metrics.text_at(later).unwrap();
    assert!(!text.contains("atalaya_subscription_lag"), "{text}");
    assert!(!text.contains("atalaya_log_position"), "{text}");
    must_have(&text, &[r#"atalaya_samples_dropped{reason="late"} 1"#]);
    metrics.log_position(8);
    must_have(&metrics.text().unwrap(), &["atalaya_log_position 8"]);
}

#[test]
fn one_handler_that_is_not_measured_hides_no_other() {
    let metrics = sound();
    let now = Instant::now();
    metrics.lag("motors", Lag { events: 3, seconds: 1.5 });
    metrics.lag("fleet", Lag::default());
    metrics.fresh.measured(LAG_SECONDS, "fleet", now + Duration::from_secs(60));
    let text = metrics.text_at(now + Duration::from_secs(60)).unwrap();
    must_have(&text, &[r#"atalaya_subscription_lag_seconds{handler="fleet"} 0"#]);
    assert!(!text.contains(r#"lag_seconds{handler="motors"}"#), "{text}");
}

#[test]
fn a_method_of_a_clients_invention_makes_no_series_of_its_own() {
    let metrics = sound();
    metrics.request("BREW", "none", 405, 0.001);
    let text = metrics.text().unwrap();
    assert!(text.contains(r#"http_request_method="_OTHER""#) && !text.contains("BREW"), "{text}");
}

#[test]
fn a_failure_of_the_server_has_an_error_type() {
    let metrics = sound();
    metrics.request("GET", "/readyz", 503, 0.001);
    metrics.request("GET", "/readyz", 404, 0.001);
    let text = metrics.text().unwrap();
    let failures = text.lines().filter(|line| line.contains(r#"error_type="503""#)).count();
    assert!(failures > 0, "{text}");
    assert!(!text.contains(r#"error_type="404""#), "{text}");
}

#[test]
fn how_things_stand_is_told_while_it_is_measured() {
    let metrics = Metrics::new().unwrap();
    let waiting =
        QueueState { waiting: 2, leased: 1, oldest_waiting_s: 1.5, ..QueueState::default() };
    metrics.queue(waiting);
    metrics.motors("B", 3);
    metrics.motor_alarms("trip", 1);
    metrics.sensors_lost(4);
    metrics.disk("pictures", DiskRoom { free_bytes: 5, size_bytes: 8 });
    let told = [
        r#"atalaya_queue_jobs{state="waiting"} 2"#,
        r#"atalaya_queue_jobs{state="delayed"} 0"#,
        r#"atalaya_queue_jobs{state="leased"} 1"#,
        "atalaya_queue_oldest_waiting_seconds 1.5",
        "atalaya_queue_paused 0",
        r#"atalaya_motors{zone="B"} 3"#,
        r#"atalaya_motor_alarms{alarm="trip"} 1"#,
        "atalaya_sensors_lost 4",
        r#"atalaya_disk_free_bytes{kept="pictures"} 5"#,
        r#"atalaya_disk_size_bytes{kept="pictures"} 8"#,
    ];
    must_have(&metrics.text().unwrap(), &told);
    let later = metrics.text_at(Instant::now() + Duration::from_secs(6)).unwrap();
    let standing = told.map(|line| line.split(['{', ' ']).next().unwrap_or_default());
    assert!(standing.into_iter().all(|name| !later.contains(name)), "{later}");
}
