//! What goes on when the kill lands: several clients at once, each going on until the server is gone.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use super::album::Album;
use super::blocks::Blocks;
use super::ledger::{Gone, Ledger};
use super::points::Scene;
use crate::common::client::{Answer, Client, Request};
use crate::common::samples::{an_hour_ago, later, with_comment};
use crate::common::wait::within;

/// After so long, a server that is still alive is taken never to come by the point.
const LOAD_S_MAX: u64 = 45;
/// Each takes 110 s of event time, and all together begin an hour ago.
const ALARM_ROUNDS_MAX: u32 = 30;

type Lane<'a> = Pin<Box<dyn Future<Output = Result<(), Gone>> + 'a>>;

/// The clients, and what they know.
pub(crate) struct Load<'a> {
    pub(crate) seed: u64,
    album: &'a Album,
    pub(crate) ledger: Ledger,
    pub(crate) blocks: Blocks,
    /// Which picture of the album was sent under a key.
    pub(crate) pictures: RefCell<BTreeMap<String, usize>>,
    deadline: Cell<Option<Instant>>,
}

impl<'a> Load<'a> {
    pub(crate) fn new(seed: u64, album: &'a Album) -> Self {
        let blocks = Blocks::new(id(seed, "vibrating"));
        let (ledger, pictures, deadline) = <(Ledger, RefCell<_>, Cell<_>)>::default();
        Self { seed, album, ledger, blocks, pictures, deadline }
    }

    /// Returns when the server is gone, or when it should have been for long.
    pub(crate) async fn run(&self, client: &Client, scene: Scene) {
        self.deadline.set(Some(Instant::now() + Duration::from_secs(LOAD_S_MAX)));
        let mut lanes: Vec<Lane<'_>> = vec![
            Box::pin(self.look_after_motors(client, 0)),
            Box::pin(self.look_after_motors(client, 1)),
            Box::pin(self.send_pictures(client, 0)),
            Box::pin(self.send_pictures(client, 1)),
            Box::pin(self.send_pictures(client, 2)),
            Box::pin(self.send_blocks(client)),
            Box::pin(self.see_alarms(client)),
        ];
        if scene == Scene::Rebuilding {
            lanes.push(Box::pin(self.rebuild(client)));
        }
        // That the server goes away is how each of them ends.
        join_all(lanes).await;
    }

    fn goes_on(&self) -> bool {
        self.deadline.get().is_none_or(|deadline| Instant::now() < deadline)
    }

    /// Registers one motor after the other, revises each, reads what was written, and decommissions every third.
    async fn look_after_motors(&self, client: &Client, lane: u32) -> Result<(), Gone> {
        for number in 0.. {
            if !self.goes_on() {
                break;
            }
            let name = format!("motor-{lane}-{number}");
            let motor = self.register(client, &name).await?;
            let path = format!("/v1/motors/{motor}");
            for turn in 0..2 {
                let key = format!("{name}-revise-{turn}");
                let revise = Request::new(Method::PATCH, &path).json(&json!({ "location": key }));
                let sent = self.ledger.send(client, key.clone(), revise, "atalaya.motor.relocated");
                let position = sent.await?.number("position");
                let read = get(client, &format!("{path}?min_position={position}")).await?;
                if read.status != 503 {
                    assert_eq!(
                        read.success().json()["location"],
                        key,
                        "a read lacks what was written"
                    );
                }
            }
            if number % 3 == 2 {
                let decommission = Request::new(Method::DELETE, &path);
                let key = format!("{name}-decommission");
                self.ledger.send(client, key, decommission, "atalaya.motor.decommissioned").await?;
            }
        }
        Ok(())
    }

    async fn register(&self, client: &Client, name: &str) -> Result<Uuid, Gone> {
        let motor = id(self.seed, name);
        let key = format!("{name}-register");
        let sent = self.ledger.send(client, key, registration(motor), "atalaya.motor.registered");
        sent.await.map(|_| motor)
    }

    /// Sends a picture and waits for it to be made before the next one.
    async fn send_pictures(&self, client: &Client, lane: usize) -> Result<(), Gone> {
        for number in 0.. {
            if !self.goes_on() {
                break;
            }
            let picture = (lane + number) % self.album.pictures.len();
            let key = format!("picture-{lane}-{number}");
            self.pictures.borrow_mut().insert(key.clone(), picture);
            let mut bytes = self.album.pictures[picture].clone();
            // What was made of the same bytes before is taken over; the others go all the way.
            if number % 4 != 3 {
                bytes = with_comment(&bytes, &format!("{key} of run {}", self.seed));
            }
            let submit = Request::post("/v1/images").bytes("image/jpeg", bytes);
            let sent = self.ledger.send(client, key, submit, "atalaya.image.submitted").await?;
            let task = sent.header("location").to_owned();
            self.until(async || {
                let answer = get(client, &task).await?;
                Ok(answer.status == 200 && answer.json()["state"] == "completed")
            })
            .await?;
        }
        Ok(())
    }

    async fn send_blocks(&self, client: &Client) -> Result<(), Gone> {
        self.register(client, "vibrating").await?;
        while self.goes_on() && self.blocks.send_next(client).await? {}
        Ok(())
    }

    /// Drives a motor into a trip, sees it, and lets it recover, over and over.
    async fn see_alarms(&self, client: &Client) -> Result<(), Gone> {
        let motor = self.register(client, "alarmed").await?;
        let start = an_hour_ago();
        let mut at_s = 0.0;
        for round in 0..ALARM_ROUNDS_MAX {
            if !self.goes_on() {
                break;
            }
            for (velocity, values, step_s) in [(20.0, 4, 5.0), (1.0, 9, 10.0)] {
                for _ in 0..values {
                    let started_at = later(start, at_s).to_string();
                    measure(client, motor, &started_at, velocity).await?;
                    at_s += step_s;
                }
                let alarm = if velocity > 10.0 { "trip" } else { "none" };
                let path = format!("/v1/motors/{motor}");
                self.until(async || {
                    let answer = get(client, &path).await?;
                    Ok(answer.status == 200 && answer.json()["alarm"] == alarm)
                })
                .await?;
                if alarm == "trip" {
                    let see = Request::post(format!("{path}/alarm/acknowledge"));
                    let key = format!("alarm-{round}");
                    let gives = "atalaya.motor.alarm_acknowledged";
                    self.ledger.send(client, key, see, gives).await?;
                }
            }
        }
        Ok(())
    }

    /// Builds the projections anew, one after the other, and shows what was there before now and then.
    async fn rebuild(&self, client: &Client) -> Result<(), Gone> {
        for round in 0.. {
            let rows = get(client, "/v1/admin/projections").await?.success().json();
            let names: Vec<_> = rows.as_array().into_iter().flatten().collect();
            for name in names.iter().filter_map(|row| row["name"].as_str()) {
                if !self.goes_on() {
                    return Ok(());
                }
                let verb = if round % 3 == 2 { "rollback" } else { "rebuild" };
                let begin = Request::post(format!("/v1/admin/projections/{name}/{verb}"));
                let begun = client.try_send(&begin).await.map_err(|_| Gone)?;
                assert!(matches!(begun.status, 202 | 409 | 503), "{}", begun.text());
            }
        }
        Ok(())
    }

    /// Asks until it is so, or until the load ends.
    async fn until(&self, mut is_so: impl AsyncFnMut() -> Result<bool, Gone>) -> Result<(), Gone> {
        let met = within(Duration::from_secs(LOAD_S_MAX), async || match is_so().await {
            Err(Gone) => Some(Err(Gone)),
            Ok(is_so) => (is_so || !self.goes_on()).then_some(Ok(())),
        });
        met.await.unwrap_or(Ok(()))
    }
}

/// The same name is the same id in the same run.
pub(crate) fn id(seed: u64, name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("urn:atalaya:crash:{seed}:{name}").as_bytes())
}

pub(crate) fn registration(motor: Uuid) -> Request {
    Request::post("/v1/motors").json(&json!({
        "motor_id": motor,
        "name": format!("M-{motor}"),
        "rated_power_kw": 90,
        "rated_speed_rpm": 1480,
    }))
}

async fn get(client: &Client, path: &str) -> Result<Answer, Gone> {
    client.try_send(&Request::get(path)).await.map_err(|_| Gone)
}

async fn measure(client: &Client, motor: Uuid, at: &str, velocity: f64) -> Result<(), Gone> {
    let value = Request::post(format!("/v1/motors/{motor}/vibration")).json(&json!({
        "sensor": "DE",
        "axis": "radial_v",
        "unit": "mm/s",
        "started_at": at,
        "statistic": "rms",
        "samples": [velocity],
    }));
    let answer = client.try_send(&value).await.map_err(|_| Gone)?;
    assert_eq!(answer.status, 202, "{}", answer.text());
    Ok(())
}
