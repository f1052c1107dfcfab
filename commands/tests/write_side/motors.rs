//! The commands of motors over HTTP: what is answered when all is well.

use axum::http::{Method, StatusCode};
use commands::http::Actor;
use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::client::{call, post, registered};
use crate::world::{MOTOR, World, nameplate};

#[tokio::test]
async fn a_motor_is_created_at_an_address_of_its_own() {
    let router = World::new().router();
    let answer = post(&router, "/v1/motors").json(&nameplate()).send().await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let id = answer.text("motor_id");
    assert_eq!(Uuid::parse_str(id).unwrap().get_version_num(), 7);
    assert_eq!(answer.header("location"), Some(format!("/v1/motors/{id}").as_str()));
    assert_eq!(answer.header("etag"), Some(r#""1""#));
    assert_eq!(answer.body, json!({ "motor_id": id, "version": 1, "position": 1 }));
}

#[tokio::test]
async fn a_client_may_bring_its_own_id() {
    let router = World::new().router();
    let mut body = nameplate();
    body["motor_id"] = json!(MOTOR);
    let answer = post(&router, "/v1/motors").json(&body).send().await;
    assert_eq!(answer.text("motor_id"), MOTOR.to_string());
    let answer = post(&router, "/v1/motors").json(&body).send().await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_motor_is_revised_and_decommissioned() {
    let world = World::new();
    let router = world.router();
    let id = registered(&router).await;
    let path = format!("/v1/motors/{id}");
    let change = json!({ "name": "P-102", "location": "Hall 2" });
    let answer = call(&router, Method::PATCH, &path).json(&change).send().await;
    assert_eq!((answer.status, answer.header("etag")), (StatusCode::OK, Some(r#""3""#)));
    assert_eq!(answer.body, json!({ "motor_id": id, "version": 3, "position": 3 }));
    assert_eq!(answer.header("location"), None);
    let change = json!({ "location": null, "motor_id": id });
    let merge = call(&router, Method::PATCH, &path).json(&change);
    assert_eq!(merge.send().await.body["version"], 4);
    let answer = call(&router, Method::DELETE, &path).send().await;
    assert_eq!(answer.body, json!({ "motor_id": id, "version": 5, "position": 5 }));
    let again = call(&router, Method::DELETE, &path).body("{}");
    let again = again.header("content-type", "application/json; charset=utf-8").send().await;
    assert_eq!((again.status, again.header("etag")), (StatusCode::OK, Some(r#""5""#)));
    let history = ["registered", "revised", "relocated", "relocated", "decommissioned"];
    assert_eq!(world.history().await, history);
}

#[tokio::test]
async fn if_match_guards_a_change() {
    let router = World::new().router();
    let path = format!("/v1/motors/{}", registered(&router).await);
    let rename = |name: &str, condition: &str| {
        let call = call(&router, Method::PATCH, &path).json(&json!({ "name": name }));
        call.header("if-match", condition).send()
    };
    assert_eq!(rename("P-102", r#""1""#).await.status, StatusCode::OK);
    assert_eq!(rename("P-103", r#""1""#).await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(rename("P-103", "*").await.status, StatusCode::OK);
    let create = || post(&router, "/v1/motors").json(&nameplate());
    let answer = create().header("if-match", "*").send().await;
    assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED);
    let answer = create().header("if-match", r#""1""#).send().await;
    assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer() {
    let world = World::new();
    let router = world.router();
    let create = || post(&router, "/v1/motors").json(&nameplate());
    let first = create().key("k").send().await;
    let again = create().key(r#""k""#).send().await;
    assert_eq!((again.status, &again.body), (StatusCode::CREATED, &first.body));
    assert_eq!(again.header("location"), first.header("location"));
    // Space and order are no other wish.
    let text = r#"{ "rated_speed_rpm":1480.0, "name" : "P-101","rated_power_kw":90.0 }"#;
    let spaced = post(&router, "/v1/motors").header("content-type", "application/json").body(text);
    assert_eq!(spaced.key("k").send().await.body, first.body);
    assert_eq!(create().key("other").send().await.body["version"], 1);
    assert_eq!(world.history().await, ["registered", "registered"]);
}

#[tokio::test]
async fn a_key_belongs_to_its_actor_and_route() {
    let router = World::new().router();
    let create = |actor: &str| {
        let call = post(&router, "/v1/motors").json(&nameplate()).key("k");
        call.extension(Actor(actor.to_owned())).send()
    };
    let [one, other] = [create("one").await, create("other").await];
    assert_ne!(one.text("motor_id"), other.text("motor_id"));
    let path = |answer: &crate::client::Answer| format!("/v1/motors/{}", answer.text("motor_id"));
    let delete = |path: String| call(&router, Method::DELETE, &path).key("k").send();
    assert_eq!(delete(path(&one)).await.status, StatusCode::OK);
    // The same key on the same route for another motor is another wish.
    assert_eq!(delete(path(&other)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn duplicates_at_the_same_time_make_one_motor() {
    let world = World::new();
    let router = world.router();
    let create = || post(&router, "/v1/motors").json(&nameplate()).key("k").send();
    let answers = join_all((0..20).map(|_| create())).await;
    for answer in &answers {
        let known = [StatusCode::CREATED, StatusCode::CONFLICT];
        assert!(known.contains(&answer.status), "{answer:?}");
    }
    assert_eq!(world.history().await, ["registered"]);
}

#[tokio::test]
async fn headers_go_with_the_events() {
    let world = World::new();
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let call = post(&world.router(), "/v1/motors").json(&nameplate());
    let call = call.header("x-correlation-id", "shift 7").header("x-request-id", "r-1");
    call.header("traceparent", traceparent).extension(Actor("acme".to_owned())).send().await;
    let call = post(&world.router(), "/v1/motors").json(&nameplate());
    let call = call.header("x-correlation-id", &"x".repeat(129)).header("traceparent", "nonsense");
    call.send().await;
    let [first, second] = world.events().await.try_into().unwrap();
    assert_eq!(first.metadata.correlation_id.as_deref(), Some("shift 7"));
    assert_eq!(first.metadata.causation_id.as_deref(), Some("r-1"));
    assert_eq!(first.metadata.traceparent.as_deref(), Some(traceparent));
    assert_eq!(first.metadata.actor.as_deref(), Some("acme"));
    assert_eq!(second.metadata.correlation_id, second.metadata.command_id);
    assert_eq!(second.metadata.traceparent, None);
    assert_eq!(second.metadata.actor.as_deref(), Some("anonymous"));
}
