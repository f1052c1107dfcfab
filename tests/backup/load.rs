//! Commands and pictures without a pause.

use std::time::Duration;

use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::common::client::{Client, Request};
use crate::common::samples::jpeg;
use crate::common::wait::eventually;

/// So many tasks are complete before anything is backed up.
const TASKS_BEFORE: u64 = 3;
const WARM_UP: Duration = Duration::from_secs(60);
const SIDE: u32 = 64;

/// Goes on until it is stopped.
pub(crate) struct Load {
    stop: watch::Sender<bool>,
    sending: JoinHandle<()>,
}

impl Load {
    /// Returns when the first tasks are complete; goes on sending.
    pub(crate) async fn on(commands: &Client, queries: &Client) -> Self {
        let (stop, stopped) = watch::channel(false);
        let sending = tokio::spawn(send(commands.clone(), stopped));
        let warm = async || {
            let path = "/v1/events?type=atalaya.image.completed";
            let ended = queries.get(path).await;
            let count = ended.json()["events"].as_array().map_or(0, Vec::len) as u64;
            (count >= TASKS_BEFORE).then_some(())
        };
        eventually("some pictures are complete", WARM_UP, warm).await;
        Self { stop, sending }
    }

    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.sending.await.expect("every request was answered as expected");
    }
}

async fn send(client: Client, stopped: watch::Receiver<bool>) {
    for n in 0.. {
        if *stopped.borrow() {
            return;
        }
        let name = format!("P-{n}");
        let motor = json!({ "name": name, "rated_power_kw": 90, "rated_speed_rpm": 1480 });
        client.send(&Request::post("/v1/motors").json(&motor)).await.success();
        let picture = Request::post("/v1/images").bytes("image/jpeg", jpeg(SIDE, SIDE, n));
        let answer = client.send(&picture).await;
        // The queue may be full for a moment.
        assert!(answer.status == 202 || answer.status == 503, "{}", answer.text());
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
