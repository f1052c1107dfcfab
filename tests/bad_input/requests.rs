//! Commands and queries that cannot be understood.

use bytes::Bytes;
use futures::stream;
use reqwest::{Body, Method};
use serde_json::json;

use super::world::{World, registration};
use crate::common::client::{Answer, Request};

const COMMAND_BYTES_MAX: usize = 64 * 1024;

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused() {
    let mut world = World::new().await;
    let deep = "[".repeat(10_000);
    for body in ["", "{", "{\"name\": }", "nonsense", "[]", "7", "{\"a\":\u{0}}", &deep] {
        let broken = Request::post("/v1/motors").bytes("application/json", body.to_owned());
        world.send(broken).await.problem(400, "malformed");
    }
    let not_text = Request::post("/v1/motors").bytes("application/json", vec![b'"', 0xff, 0xfe]);
    world.send(not_text).await.problem(400, "malformed");
    let form = Request::post("/v1/motors").bytes("application/x-www-form-urlencoded", "name=P");
    world.send(form).await.problem(415, "unsupported_media_type");
    world.assert_unharmed().await;
}

#[tokio::test]
async fn every_field_that_is_wrong_unknown_or_missing_is_named_at_once() {
    let mut world = World::new().await;
    let unknown = json!({ "name": "P-1", "rated_power_kW": 90, "colour": "red" });
    let refused = world.send(Request::post("/v1/motors").json(&unknown)).await;
    for pointer in ["/colour", "/rated_power_kW", "/rated_power_kw", "/rated_speed_rpm"] {
        refused.problem_at(422, "invalid", pointer);
    }
    let wrong = json!({ "name": "", "rated_power_kw": 1e300, "rated_speed_rpm": 1480, "poles": 3 });
    let refused = world.send(Request::post("/v1/motors").json(&wrong)).await;
    for pointer in ["/name", "/rated_power_kw", "/poles"] {
        refused.problem_at(422, "invalid", pointer);
    }
    let id =
        json!({ "motor_id": "../../etc", "name": "P", "rated_power_kw": 1, "rated_speed_rpm": 1 });
    let refused = world.send(Request::post("/v1/motors").json(&id)).await;
    refused.problem_at(422, "invalid", "/motor_id");
    world.assert_unharmed().await;
}

#[tokio::test]
async fn a_body_of_too_many_bytes_is_refused_however_it_is_sent() {
    let mut world = World::new().await;
    let bytes = Bytes::from(vec![b' '; COMMAND_BYTES_MAX + 1]);
    let announced = Request::post("/v1/motors").bytes("application/json", bytes.clone());
    world.send(announced).await.problem(413, "too_large");
    let chunks = [bytes.slice(..1000), bytes.slice(1000..)].map(Ok::<_, std::io::Error>);
    let chunked = world
        .client
        .request(Method::POST, "/v1/motors")
        .header("content-type", "application/json")
        .body(Body::wrap_stream(stream::iter(chunks)));
    Answer::of(chunked).await.unwrap().problem(413, "too_large");
    world.assert_unharmed().await;
}

#[tokio::test]
async fn a_wrong_method_is_told_and_so_is_what_can_be_done_instead() {
    let mut world = World::new().await;
    for (method, path) in [
        (Method::PUT, "/v1/motors"),
        (Method::DELETE, "/v1/motors"),
        (Method::PATCH, "/v1/images"),
        (Method::POST, "/v1/events"),
        (Method::DELETE, "/readyz"),
    ] {
        let refused = world.send(Request::new(method.clone(), path)).await;
        refused.problem(405, "method_not_allowed");
        assert!(refused.header("allow").contains("GET"), "{method} {path}: {:?}", refused.headers);
    }
    world.assert_unharmed().await;
}

#[tokio::test]
async fn conditions_and_keys_that_do_not_fit_are_refused() {
    let mut world = World::new().await;
    let revise = |location: &str| {
        Request::new(Method::PATCH, &world.motor).json(&json!({ "location": location }))
    };
    let stale = revise("Hall 1").header("if-match", "\"7\"");
    world.send(stale).await.problem(412, "version_mismatch");
    world.send(revise("Hall 1").header("if-match", "7")).await.problem(400, "malformed");
    let long = "k".repeat(256);
    for key in ["\"", "a b", &long] {
        let refused = world.send(revise("Hall 1").header("idempotency-key", key)).await;
        refused.problem(400, "malformed");
    }
    world.assert_unharmed().await;
    world.send(registration("P-103").key("used")).await.success();
    world.send(registration("P-104").key("used")).await.problem(422, "idempotency_key_reused");
    world.assert_alive().await;
}

#[tokio::test]
async fn a_query_that_cannot_be_understood_is_refused() {
    let mut world = World::new().await;
    let trend = format!("{}/trend?from=yesterday", world.motor);
    for (path, pointer) in [
        ("/v1/motors?limit=many", "/limit"),
        ("/v1/motors?cursor=elsewhere", "/cursor"),
        ("/v1/motors?colour=red", "/colour"),
        ("/v1/events?after=-1", "/after"),
        ("/v1/events?limit=0", "/limit"),
        ("/v1/images?min_position=soon", "/min_position"),
        (&trend, "/from"),
    ] {
        world.client.get(path).await.problem_at(400, "bad_parameter", pointer);
    }
    world.assert_unharmed().await;
}
