//! What `add-an-aggregate.md` promises of the write side.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use commands::{Commands, Settings, http};
use domain::picture::Limits;
use ports::memory::{ManualClock, MemoryBlobs, MemoryLog, MemorySamples};
use tower::ServiceExt;

fn router() -> axum::Router {
    let clock = Arc::new(ManualClock::default());
    let log = Arc::new(MemoryLog::new(clock.clone()));
    let commands: Arc<Commands> = Arc::new(commands::all(log, clock.clone(), Settings::default()));
    let blobs = Arc::new(MemoryBlobs::default());
    http::router(commands, blobs, None, Arc::new(MemorySamples::new(clock)), Limits::default())
}

async fn install(body: &'static str) -> StatusCode {
    let request = Request::post("/v1/pumps").header("content-type", "application/json");
    let request = request.body(Body::from(body)).expect("a request");
    router().oneshot(request).await.expect("a router does not fail").status()
}

#[tokio::test]
async fn a_pump_is_put_in_over_http_and_an_unknown_field_is_refused() {
    let body = r#"{"name": "PU-7", "rated_flow_m3_h": 40}"#;
    assert_eq!(install(body).await, StatusCode::CREATED);
    let body = r#"{"name": "PU-7", "rated_flow_m3_h": 40, "colour": "red"}"#;
    assert_eq!(install(body).await, StatusCode::UNPROCESSABLE_ENTITY);
}

#[test]
fn the_description_of_the_api_has_the_pumps_commands() {
    let description = commands::openapi();
    let install = &description["paths"]["/v1/pumps"]["post"];
    assert_eq!(install["summary"], "Put a pump in");
    assert!(description["paths"]["/v1/pumps/{id}"]["delete"].is_object());
    assert!(description["components"]["schemas"]["Installation"].is_object());
}
