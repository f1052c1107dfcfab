//! A server that keeps a motor and a picture, which must be there after everything.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::client::{Answer, Client, Request};
use crate::common::feed::{FeedEvent, assert_dense, whole_log};
use crate::common::quiet::quiet;
use crate::common::samples::jpeg;
use crate::common::server::{Server, ServerOptions};

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) server: Server,
    pub(crate) client: Client,
    /// `/v1/motors/018f…`
    pub(crate) motor: String,
    /// `/v1/images/018f…`
    picture: String,
    log: Vec<Value>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let server = Server::start(&ServerOptions::new(folder.path())).await;
        let client = server.client();
        let motor = register(&client, "P-101").await;
        let submit = Request::post("/v1/images").bytes("image/jpeg", jpeg(320, 240, 1));
        let picture = client.send(&submit).await.success().header("location").to_owned();
        quiet(&client).await;
        let log = log(&client).await;
        Self { folder, server, client, motor, picture, log }
    }

    pub(crate) async fn send(&self, request: Request) -> Answer {
        self.client.send(&request).await
    }

    /// Nothing of what was there is gone or changed, nothing was added, and the server works on.
    pub(crate) async fn assert_unharmed(&mut self) {
        assert_eq!(log(&self.client).await, self.log, "the log is as it was");
        self.assert_alive().await;
    }

    /// What was there is there, and the server works on.
    pub(crate) async fn assert_alive(&mut self) {
        assert!(self.server.is_running(), "it has ended:\n{}", self.server.log());
        assert_eq!(self.client.get("/readyz").await.status, 200);
        let log = log(&self.client).await;
        assert_eq!(log[..self.log.len()], self.log, "the beginning of the log is as it was");
        let motor = self.client.json(&self.motor).await;
        assert_eq!(motor["name"], "P-101", "{motor}");
        self.client.get(&format!("{}/1024x1024.jpg", self.picture)).await.success();
        register(&self.client, "P-102").await;
        self.log = self::log(&self.client).await;
    }
}

pub(crate) async fn register(client: &Client, name: &str) -> String {
    let answer = client.send(&registration(name)).await.success();
    format!("/v1/motors/{}", answer.json()["motor_id"].as_str().expect("a motor has an id"))
}

pub(crate) fn registration(name: &str) -> Request {
    let motor = json!({ "name": name, "rated_power_kw": 90, "rated_speed_rpm": 1480 });
    Request::post("/v1/motors").json(&motor)
}

async fn log(client: &Client) -> Vec<Value> {
    let events = whole_log(client).await;
    assert_dense(&events);
    let told = |event: &FeedEvent| json!([event.position, event.kind, event.subject, event.data]);
    events.iter().map(told).collect()
}
