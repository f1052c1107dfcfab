//! One process or five: the same history, the same read models. Over the reference adapters, without any server.

#[path = "roles/queue.rs"]
mod queue;
#[path = "roles/world.rs"]
mod world;

use std::collections::BTreeMap;

use atalaya::roles::Role;
use serde_json::{Value, json};
use world::World;

const MOTOR: &str = "01900000-0000-7000-8000-000000000001";
const QUIET_MOTOR: &str = "01900000-0000-7000-8000-000000000002";

/// A short story with every kind of input, each step seen through before the next one begins.
async fn story(processes: &[&[Role]]) -> BTreeMap<String, Value> {
    let world = World::start(processes).await;
    for (motor, name) in [(MOTOR, "P-101"), (QUIET_MOTOR, "P-102")] {
        let body = json!({
            "motor_id": motor, "name": name, "rated_power_kw": 90.0, "rated_speed_rpm": 1480.0,
        });
        world.post("/v1/motors", &body).await;
    }
    world.post_block(MOTOR, 12.0).await;
    let motor = world.wait_for(&format!("/v1/motors/{MOTOR}"), |motor| motor["zone"] == "D").await;
    assert_eq!(motor["sensors"][0]["sensor"], "DE");
    world.post_block(QUIET_MOTOR, 0.5).await;
    world.wait_for(&format!("/v1/motors/{QUIET_MOTOR}"), |motor| motor["zone"] == "A").await;
    world.patch(&format!("/v1/motors/{QUIET_MOTOR}"), &json!({ "location": "Hall 2" })).await;
    let task = world.post_picture(MOTOR).await;
    let done =
        world.wait_for(&format!("/v1/images/{task}"), |task| task["state"] == "completed").await;
    assert_eq!(done["variants"].as_array().map(Vec::len), Some(2));
    world.delete(&format!("/v1/motors/{QUIET_MOTOR}")).await;
    world.documents(&task).await
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_apart_and_together_give_the_same_read_models() {
    let together = story(&[&Role::ALL]).await;
    let apart = story(&[
        &[Role::Ams],
        &[Role::Api],
        &[Role::Projections],
        &[Role::Images],
        &[Role::Vibration],
        &[Role::Webhooks],
    ])
    .await;
    assert!(together.len() >= 10, "{together:#?}");
    assert_eq!(together.keys().collect::<Vec<_>>(), apart.keys().collect::<Vec<_>>());
    for (key, document) in together {
        assert_eq!(document, apart[&key], "{key}");
    }
}
