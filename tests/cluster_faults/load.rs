//! What goes on meanwhile: clients that send each command until it is answered, whoever is killed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::blocks::Blocks;
use crate::common::client::{Answer, Request};
use crate::common::samples::jpeg;
use crate::common::wait::{eventually, within};
use crate::doors::Doors;
use crate::ledger::Sent;

/// How long a command may remain without an answer: what it needs is started again within this.
const ANSWERED_S_MAX: u64 = 180;
/// How long a picture may take until the next one is sent all the same.
const PICTURE_S_MAX: u64 = 2;
/// So many reads of what was just written show that work goes on, and how long they may take to come.
const READS_MIN: usize = 5;
const SHOWN_S_MAX: u64 = 60;
/// Between two motors, and between two blocks: what is not killed has to keep up on two cores.
const BEAT_MS: u64 = 100;

/// The clients, and what they know.
#[derive(Default)]
pub(crate) struct Load {
    pub(crate) doors: Doors,
    sent: RefCell<Vec<Sent>>,
    /// Where each motor is, as the last answer has it.
    locations: RefCell<BTreeMap<Uuid, String>>,
    /// The paths of the tasks.
    tasks: RefCell<Vec<String>>,
    blocks: RefCell<Vec<Rc<Blocks>>>,
    /// Reads that had to show a write, and did.
    reads: Cell<usize>,
    has_ended: Cell<bool>,
}

/// What was asked for, all of it answered.
pub(crate) struct Asked {
    pub(crate) commands: Vec<Sent>,
    pub(crate) locations: BTreeMap<Uuid, String>,
    pub(crate) tasks: Vec<String>,
    pub(crate) blocks: Vec<Rc<Blocks>>,
    pub(crate) reads: usize,
}

impl Load {
    /// Returns after the end, once everything that was sent has been answered.
    pub(crate) async fn run(&self) {
        tokio::join!(
            self.look_after_motors("ams"),
            self.look_after_motors("api"),
            self.send_pictures(),
            self.send_blocks(),
        );
    }

    pub(crate) fn end(&self) {
        self.has_ended.set(true);
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.sent.borrow().len()
    }

    /// Returns when writes have been seen again: the one who takes them, the projections and the queries take part.
    pub(crate) async fn goes_on(&self) {
        let before = self.reads.get();
        let bound = Duration::from_secs(SHOWN_S_MAX);
        eventually("what is written is shown", bound, async || {
            (self.reads.get() >= before + READS_MIN).then_some(())
        })
        .await;
    }

    pub(crate) fn into_asked(self) -> Asked {
        Asked {
            commands: self.sent.into_inner(),
            locations: self.locations.into_inner(),
            tasks: self.tasks.into_inner(),
            blocks: self.blocks.into_inner(),
            reads: self.reads.get(),
        }
    }

    /// Registers one motor after the other, moves each twice, and reads what was written.
    async fn look_after_motors(&self, role: &str) {
        for number in 0.. {
            let name = format!("motor-{role}-{number}");
            let motor = self.register(role, &name).await;
            for turn in 0..2 {
                let location = format!("{name}-move-{turn}");
                let path = format!("/v1/motors/{motor}");
                let request =
                    Request::new(Method::PATCH, &path).json(&json!({ "location": location }));
                let gives = "atalaya.motor.relocated";
                let answer = self.order(role, location.clone(), request, gives).await;
                self.locations.borrow_mut().insert(motor, location.clone());
                self.read_back(motor, &answer, &location).await;
            }
            if self.beat().await {
                return;
            }
        }
    }

    async fn send_pictures(&self) {
        for number in 0.. {
            let picture = jpeg(160 + number % 7, 120, number);
            let submit = Request::post("/v1/images").bytes("image/jpeg", picture);
            let key = format!("picture-{number}");
            let answer = self.order("ams", key, submit, "atalaya.image.submitted").await;
            let task = answer.header("location").to_owned();
            self.tasks.borrow_mut().push(task.clone());
            within(Duration::from_secs(PICTURE_S_MAX), async || {
                let client = self.doors.of("api")?;
                let answer = client.try_send(&Request::get(&task)).await.ok()?;
                let is_made = answer.status == 200 && answer.json()["state"] == "completed";
                (is_made || self.has_ended.get()).then_some(())
            })
            .await;
            if self.beat().await {
                return;
            }
        }
    }

    /// One motor after the other sends all the blocks that it has.
    async fn send_blocks(&self) {
        for number in 0.. {
            let motor = self.register("ams", &format!("vibrating-{number}")).await;
            let blocks = Rc::new(Blocks::new(motor));
            self.blocks.borrow_mut().push(Rc::clone(&blocks));
            loop {
                let client = self.doors.of("ams").expect("it took the registration");
                let sent = blocks.send_next(&client).await;
                // One that was not answered is sent again, be it after the end.
                let has_ended = self.beat().await && sent.is_ok();
                if has_ended {
                    return;
                }
                if matches!(sent, Ok(false)) {
                    break;
                }
            }
        }
    }

    async fn register(&self, role: &str, name: &str) -> Uuid {
        let motor = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("urn:atalaya:{name}").as_bytes());
        let request = Request::post("/v1/motors").json(&json!({
            "motor_id": motor,
            "name": name,
            "rated_power_kw": 90,
            "rated_speed_rpm": 1480,
        }));
        self.order(role, format!("{name}-register"), request, "atalaya.motor.registered").await;
        motor
    }

    /// Sends a command under its key until it is answered, and writes down the answer.
    async fn order(
        &self,
        role: &str,
        key: String,
        request: Request,
        gives: &'static str,
    ) -> Answer {
        let request = request.key(&key);
        let bound = Duration::from_secs(ANSWERED_S_MAX);
        let what = format!("{key} is answered");
        let answer = eventually(&what, bound, async || {
            let answer = self.doors.of(role)?.try_send(&request).await.ok()?;
            (answer.status != 503).then(|| answer.success())
        });
        let answer = answer.await;
        self.sent.borrow_mut().push(Sent { key, request, gives, answer: Some(answer.clone()) });
        answer
    }

    /// Who asks for what was just written gets it, or is told to come back later: never what was there before.
    async fn read_back(&self, motor: Uuid, written: &Answer, location: &str) {
        let (position, version) = (written.number("position"), written.number("version"));
        let read = Request::get(format!("/v1/motors/{motor}?min_position={position}"));
        let Some(client) = self.doors.of("api") else { return };
        let Ok(answer) = client.try_send(&read).await else { return };
        if answer.status == 503 {
            return;
        }
        let shown = answer.success().json();
        assert_eq!(shown["location"], location, "a read lacks what was written: {shown}");
        assert!(shown["version"].as_u64() >= Some(version), "a read is older: {shown}");
        self.reads.set(self.reads.get() + 1);
    }

    /// Waits a moment. `true`: it is time to end.
    async fn beat(&self) -> bool {
        let ended = async || self.has_ended.get().then_some(());
        within(Duration::from_millis(BEAT_MS), ended).await.is_some()
    }
}
