//! What is answered when all is not well: always a problem, never more than is needed.

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode};
use commands::Settings;
use insta::assert_snapshot;
use ports::memory::faulty::{Faults, Faulty};
use serde_json::{Value, json};

use crate::client::{Answer, call, post, registered};
use crate::world::{Held, MOTOR, World, nameplate};

async fn create(router: &Router, body: &Value) -> Answer {
    post(router, "/v1/motors").json(body).send().await
}

async fn create_from_text(router: &Router, text: impl Into<axum::body::Body>) -> Answer {
    let call = post(router, "/v1/motors").header("content-type", "application/json");
    call.body(text).send().await
}

#[tokio::test]
async fn faults_of_the_rules_are_named_all_at_once() {
    let body = json!({ "name": " ", "rated_power_kw": 0, "rated_speed_rpm": 1480, "poles": 3 });
    assert_snapshot!(create(&World::new().router(), &body).await.problem());
}

#[tokio::test]
async fn wrong_types_are_named_by_pointer() {
    let mut body = nameplate();
    body["bearings"] = json!([{ "position": "DE", "rolling_elements": "nine" }]);
    assert_snapshot!(create(&World::new().router(), &body).await.problem());
}

#[tokio::test]
async fn unknown_and_missing_fields_are_named_all_at_once() {
    let body = json!({ "name": "P-101", "rated_power_kW": 90, "colour": "red" });
    assert_snapshot!(create(&World::new().router(), &body).await.problem());
}

#[tokio::test]
async fn unknown_fields_further_down_are_named_too() {
    let mut body = nameplate();
    body["bearings"] = json!([{ "position": "DE", "designation": "6205", "maker": "X" }]);
    let answer = create(&World::new().router(), &body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.pointers()[0].starts_with("/bearings/0"), "{answer:?}");
    assert!(answer.text("detail").contains("maker"), "{answer:?}");
}

#[tokio::test]
async fn a_command_without_content_takes_none() {
    let router = World::new().router();
    let path = format!("/v1/motors/{}", registered(&router).await);
    let delete = call(&router, Method::DELETE, &path).json(&json!({ "why": "old" }));
    assert_snapshot!(delete.send().await.problem());
}

#[tokio::test]
async fn broken_json_is_told_by_line_and_column() {
    let answer = create_from_text(&World::new().router(), "{\"name\": \"P-101\",\n oops}").await;
    assert_snapshot!(answer.problem());
}

#[tokio::test]
async fn json_that_is_no_object_is_refused() {
    let router = World::new().router();
    for text in ["", "[]", "null", "7", "\"{}\"", "{} {}", "{\"name\": NaN}", "\u{feff}{}"] {
        let answer = create_from_text(&router, text).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{text}: {answer:?}");
        answer.problem();
    }
    let answer = create_from_text(&router, vec![b'{', b'"', 0xff, b'"', b':', b'1', b'}']).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
}

#[tokio::test]
async fn deep_json_is_refused() {
    let deep = format!("{{\"name\": {}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    assert_snapshot!(create_from_text(&World::new().router(), deep).await.problem());
}

#[tokio::test]
async fn huge_json_is_refused() {
    let huge = format!("{{\"name\": \"{}\"}}", "x".repeat(64 * 1024));
    assert_snapshot!(create_from_text(&World::new().router(), huge).await.problem());
    let just_not_huge = format!("{{\"name\": \"{}\"}}", "x".repeat(64 * 1024 - 12));
    let answer = create_from_text(&World::new().router(), just_not_huge).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_answer_never_grows_with_the_request() {
    let mut body = nameplate();
    body["rated_power_kw"] = json!("9".repeat(60_000));
    let answer = create(&World::new().router(), &body).await;
    assert_eq!(answer.pointers(), ["/rated_power_kw"]);
    assert!(answer.body.to_string().len() < 2_000, "{}", answer.body.to_string().len());
    let strange: serde_json::Map<_, _> = (0..4_000).map(|i| (format!("x{i}"), json!(1))).collect();
    let answer = create(&World::new().router(), &strange.into()).await;
    assert_eq!(answer.pointers().len(), 50);
    let answer = create(&World::new().router(), &json!({ "x".repeat(60_000): 1 })).await;
    assert!(answer.body.to_string().len() < 2_000, "{}", answer.body.to_string().len());
    let mut body = nameplate();
    body["bearings"] = json!([{ "position": "DE", "y".repeat(50_000): 1 }]);
    let answer = create(&World::new().router(), &body).await;
    assert!(answer.body.to_string().len() < 2_000, "{}", answer.body.to_string().len());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever_for_a_body() {
    let silent = futures::stream::pending::<Result<&str, std::io::Error>>();
    let call =
        post(&World::new().router(), "/v1/motors").header("content-type", "application/json");
    let answer = call.body(axum::body::Body::from_stream(silent)).send().await;
    assert_snapshot!(answer.problem());
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_body() {
    let chunks = [Ok("{"), Err(std::io::Error::other("the line is cut"))];
    let body = axum::body::Body::from_stream(futures::stream::iter(chunks));
    let answer = create_from_text(&World::new().router(), body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    assert!(!answer.problem().contains("the line is cut"));
}

#[tokio::test]
async fn other_media_types_are_refused() {
    let router = World::new().router();
    let call = post(&router, "/v1/motors").header("content-type", "text/plain");
    assert_snapshot!(call.body(nameplate().to_string()).send().await.problem());
    let untyped = post(&router, "/v1/motors").body(nameplate().to_string()).send().await;
    assert_eq!(untyped.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn an_id_is_an_id_and_never_a_path() {
    let router = World::new().router();
    let near = MOTOR.simple().to_string();
    for id in [
        "7",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%2f..",
        "%00",
        "%ff",
        "018f0000-0000-7000-8000-00000000000g",
        "%7B018f0000-0000-7000-8000-000000000001%7D",
        near.as_str(),
    ] {
        let answer = call(&router, Method::DELETE, &format!("/v1/motors/{id}")).send().await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}: {answer:?}");
        assert!(!answer.problem().contains("passwd"), "{answer:?}");
    }
    let mut body = nameplate();
    for id in [json!("../../etc/passwd"), json!(7), json!(null), json!(near)] {
        body["motor_id"] = id;
        let answer = create(&router, &body).await;
        assert_eq!(answer.pointers(), ["/motor_id"], "{answer:?}");
    }
}

#[tokio::test]
async fn the_id_of_the_body_must_be_that_of_the_path() {
    let router = World::new().router();
    let path = format!("/v1/motors/{}", registered(&router).await);
    let change = call(&router, Method::PATCH, &path).json(&json!({ "motor_id": MOTOR }));
    assert_snapshot!(change.send().await.problem());
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let router = World::new().router();
    let delete = call(&router, Method::DELETE, &format!("/v1/motors/{MOTOR}")).send();
    assert_snapshot!(delete.await.problem());
}

#[tokio::test]
async fn what_is_not_possible_now_says_why() {
    let router = World::new().router();
    let path = format!("/v1/motors/{}", registered(&router).await);
    let acknowledge = || post(&router, &format!("{path}/alarm/acknowledge")).send();
    assert_eq!(acknowledge().await.text("type"), "urn:atalaya:problem:no_alarm");
    call(&router, Method::DELETE, &path).send().await;
    assert_snapshot!(acknowledge().await.problem());
}

#[tokio::test]
async fn a_version_that_has_changed_is_told() {
    let router = World::new().router();
    let path = format!("/v1/motors/{}", registered(&router).await);
    let change = call(&router, Method::PATCH, &path).json(&json!({ "name": "P-102" }));
    assert_snapshot!(change.header("if-match", r#""7""#).send().await.problem());
}

#[tokio::test]
async fn malformed_conditions_and_keys_are_refused() {
    let router = World::new().router();
    let create = || post(&router, "/v1/motors").json(&nameplate());
    assert_snapshot!("if_match", create().header("if-match", r#"W/"1""#).send().await.problem());
    assert_snapshot!("idempotency_key", create().key("two words").send().await.problem());
}

#[tokio::test]
async fn a_key_used_for_something_else_is_refused() {
    let router = World::new().router();
    post(&router, "/v1/motors").json(&nameplate()).key("k").send().await;
    let mut other = nameplate();
    other["name"] = json!("P-102");
    let answer = post(&router, "/v1/motors").json(&other).key("k").send().await;
    assert_snapshot!(answer.problem());
}

#[tokio::test]
async fn a_key_in_use_and_a_full_house_ask_to_come_back() {
    let world = World::new();
    let held = Held::over(world.log.clone());
    let settings = Settings { commands_in_flight_max: 2, ..Settings::default() };
    let commands = Arc::new(commands::all(held.clone(), world.clock.clone(), settings));
    let router = world.router_over(commands);
    let create =
        |key: &str| tokio::spawn(post(&router, "/v1/motors").json(&nameplate()).key(key).send());
    let first = create("a");
    held.arrival().await;
    assert_snapshot!("key_in_use", create("a").await.unwrap().problem());
    let second = create("b");
    held.arrival().await;
    assert_snapshot!("overloaded", create("c").await.unwrap().problem());
    held.release(2);
    assert_eq!(first.await.unwrap().status, StatusCode::CREATED);
    assert_eq!(second.await.unwrap().status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_not_explained_to_clients() {
    let world = World::new();
    let faults = Faults::seeded(1, 1.0);
    let router = world.router_over(world.over(Arc::new(Faulty::over(world.log.clone(), &faults))));
    let answer = create(&router, &nameplate()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert!(!answer.problem().contains("simulation"), "{answer:?}");
}

/// The effect is there and the answer was lost: by the same key the client gets it.
#[tokio::test]
async fn an_outcome_that_nobody_knows_is_safe_to_repeat() {
    for seed in 0..50 {
        let world = World::new();
        let faults = Faults::seeded(seed, 0.4);
        let store = Arc::new(Faulty::over(world.log.clone(), &faults));
        let router = world.router_over(world.over(store));
        let answer = loop {
            let answer = post(&router, "/v1/motors").json(&nameplate()).key("k").send().await;
            if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                break answer;
            }
        };
        assert_eq!(answer.status, StatusCode::CREATED, "seed {seed}");
        let [event] = world.events().await.try_into().unwrap();
        assert_eq!(event.stream.id.to_string(), answer.text("motor_id"), "seed {seed}");
    }
}
