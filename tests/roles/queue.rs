//! What an operator does with the queue of pictures, over HTTP.

use atalaya::roles::Role;
use serde_json::{Value, json};

use crate::MOTOR;
use crate::world::World;

async fn world() -> World {
    let world = World::start(&[&Role::ALL]).await;
    let body = json!({
        "motor_id": MOTOR, "name": "P-101", "rated_power_kw": 90.0, "rated_speed_rpm": 1480.0,
    });
    world.post("/v1/motors", &body).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_queue_begins_nothing_until_it_is_resumed() {
    let world = world().await;
    let paused = world.post("/v1/admin/queue/pause", &Value::Null).await;
    assert_eq!((&paused["paused"], paused["paused_at"].is_string()), (&json!(true), true));
    let task = world.post_picture(MOTOR).await;
    let waits =
        |queue: &Value| queue["waiting"] == 1 && queue["tasks"] == json!({ "submitted": 1 });
    let queue = world.wait_for("/v1/admin/queue", waits).await;
    assert!(queue["oldest_waiting_since"].is_string(), "{queue}");
    let resumed = world.post("/v1/admin/queue/resume", &Value::Null).await;
    assert_eq!(resumed, json!({ "paused": false, "paused_at": null }));
    let done = |queue: &Value| queue["tasks"] == json!({ "completed": 1 });
    let queue = world.wait_for("/v1/admin/queue", done).await;
    assert_eq!((&queue["waiting"], &queue["paused"]), (&json!(0), &json!(false)));
    let attempts = world.wait_for(&format!("/v1/admin/queue/{task}"), |_| true).await;
    assert_eq!(attempts["attempts"].as_array().map(Vec::len), Some(1), "{attempts}");
    let attempt = &attempts["attempts"][0];
    assert_eq!(
        (&attempt["outcome"], &attempt["worker"]),
        (&json!("completed"), &json!("worker-1"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_discarded_is_cancelled_or_deleted() {
    let world = world().await;
    let finished = world.post_picture(MOTOR).await;
    let path = format!("/v1/images/{finished}");
    world.wait_for(&path, |task| task["state"] == "completed").await;
    world.post("/v1/admin/queue/pause", &Value::Null).await;
    let waiting = world.post_picture(MOTOR).await;
    for task in [&finished, &waiting] {
        world.post(&format!("/v1/admin/queue/{task}/discard"), &Value::Null).await;
    }
    world.wait_for(&path, |task| task["state"] == "expired").await;
    let gone = world.wait_for(&format!("{path}/original"), |answer| answer["status"] == 410).await;
    assert!(gone["type"].as_str().is_some_and(|kind| kind.contains("expired")), "{gone}");
    world.wait_for(&format!("/v1/images/{waiting}"), |task| task["state"] == "cancelled").await;
    let nothing = "/v1/admin/queue/01900000-0000-7000-8000-000000000009";
    world.wait_for(nothing, |answer| answer["status"] == 404).await;
}
