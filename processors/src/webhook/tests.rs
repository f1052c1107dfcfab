//! Those who asked are told, whatever happens in between. Time is tokio's, and passes at once.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::aggregate::encode;
use domain::image::{self, Complete, FailAttempt, Image, StartProcessing, Submission, Variant};
use domain::notification::{self, Notification, NotificationEvent, Subscription};
use domain::rejection::Rejection;
use ports::callbacks::{Callback, CallbackError};
use ports::checkpoint::Checkpoints;
use ports::clock::Clock;
use ports::command_bus::CommandError;
use ports::handler::EventHandler;
use ports::stream::GlobalPosition;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

use super::*;
use crate::testing::World;

const URL: &str = "https://hooks.example/atalaya";
const SCHEDULE: &str = "webhook-schedule";

fn settings() -> WebhookSettings {
    let key = |n: u8| format!("whsec_{}", STANDARD.encode([n; 24])).parse().unwrap();
    WebhookSettings { keys: vec![key(1), key(2)], attempts_max: 3, ..WebhookSettings::default() }
}

/// A process that does what the runner and the supervisor do, and can be ended at any time.
struct Process {
    announcer: OneByOne<Announcer>,
    schedule: Arc<Schedule>,
    announced: GlobalPosition,
    scheduled: GlobalPosition,
    sender: JoinHandle<()>,
    _drain: watch::Sender<bool>,
}

impl Process {
    async fn start(world: &World, settings: WebhookSettings) -> Self {
        let dependencies = world.dependencies();
        let schedule = Arc::new(Schedule::new(&dependencies));
        let announcer = Announcer::new(&dependencies, &settings);
        let announcer = OneByOne::new(announcer, dependencies.checkpoints.clone());
        let sender = Sender::new(&dependencies, Arc::clone(&schedule), settings);
        let (drain, draining) = watch::channel(false);
        let position = async |handler: &dyn EventHandler| {
            let progress = handler.progress().await.unwrap();
            progress.map(|progress| progress.position).unwrap_or_default()
        };
        Self {
            announced: position(&announcer).await,
            scheduled: position(&*schedule).await,
            announcer,
            schedule,
            sender: tokio::spawn(sender.run(draining)),
            _drain: drain,
        }
    }

    /// Gives the handlers what is new, lets so much time pass, and gives them what came of it.
    async fn pass(&mut self, world: &World, seconds: u64) {
        for _ in 0..2 {
            world.feed(&self.announcer, &mut self.announced).await;
            world.feed(&*self.schedule, &mut self.scheduled).await;
            sleep(Duration::from_secs(seconds)).await;
        }
    }

    fn kill(self) {
        self.sender.abort();
    }
}

async fn asked(world: &World, task_id: Uuid, command: image::Command) {
    world.send::<Image>(task_id, &command).await.unwrap();
}

async fn submitted(world: &World) -> Uuid {
    let task_id = world.clock.new_id();
    let submission = Submission {
        motor_id: None,
        priority: 0,
        not_before: None,
        format: "jpeg".to_owned(),
        width: 8,
        height: 6,
        bytes: 90,
        sha256: "00".repeat(32),
    };
    asked(world, task_id, image::Command::Submit(submission)).await;
    asked(world, task_id, image::Command::StartProcessing(StartProcessing { attempts_max: 4 }))
        .await;
    task_id
}

async fn completed(world: &World, task_id: Uuid) {
    let name = "1024x1024.jpg".to_owned();
    let variant = Variant { name, width: 8, height: 6, bytes: 9, sha256: "11".repeat(32) };
    let complete = Complete { attempt: 1, variants: vec![variant], same_as: None };
    asked(world, task_id, image::Command::Complete(complete)).await;
}

async fn failed(world: &World, task_id: Uuid) {
    let (code, detail) = ("corrupt".to_owned(), "it is cut off".to_owned());
    let failure = FailAttempt { attempt: 1, code, detail, retry_at: None };
    asked(world, task_id, image::Command::FailAttempt(failure)).await;
}

async fn subscribed(world: &World, task_id: Uuid) {
    let subscription = Subscription { url: URL.to_owned() };
    let command = notification::Command::Subscribe(subscription);
    world.send::<Notification>(task_id, &command).await.unwrap();
}

async fn replay(world: &World, task_id: Uuid) {
    let command = notification::Command::Replay {};
    world.send::<Notification>(task_id, &command).await.unwrap();
}

fn header<'a>(callback: &'a Callback, name: &str) -> &'a str {
    let mut headers = callback.headers.iter();
    &headers.find(|(found, _)| *found == name).unwrap().1
}

fn types(world: &World) -> Vec<String> {
    let read = |callback: Callback| serde_json::from_slice::<Value>(&callback.body).unwrap();
    let bodies = world.callbacks.received().into_iter().map(read);
    bodies.map(|body| body["type"].as_str().unwrap().to_owned()).collect()
}

async fn kinds(world: &World, task_id: Uuid) -> Vec<String> {
    let history = world.history::<Notification>(task_id).await;
    history.iter().map(|event| encode(event).event_type).collect()
}

#[tokio::test(start_paused = true)]
async fn a_completed_task_is_told_once_with_its_variants_and_signed_with_every_key() {
    let world = World::new();
    world.callbacks.answers(URL, 204);
    let mut process = Process::start(&world, settings()).await;
    let task_id = submitted(&world).await;
    subscribed(&world, task_id).await;
    completed(&world, task_id).await;
    process.pass(&world, 5).await;
    process.pass(&world, 5).await;
    let [callback] = &world.callbacks.received()[..] else { panic!("it is told once") };
    assert_eq!(callback.url, URL);
    assert_eq!(header(callback, "webhook-id"), format!("image-{task_id}/4"));
    let (id, body) = (header(callback, "webhook-id"), str::from_utf8(&callback.body).unwrap());
    let unix_s = header(callback, "webhook-timestamp").parse().unwrap();
    let signed = signature::signatures(&settings().keys, id, unix_s, body);
    assert_eq!(header(callback, "webhook-signature"), signed);
    assert_eq!(signed.split(' ').count(), 2);
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["type"], "image.completed");
    assert_eq!(body["data"]["task_id"], task_id.to_string());
    assert_eq!(
        (&body["data"]["state"], &body["data"]["version"]),
        (&"completed".into(), &4.into())
    );
    let href = format!("/v1/images/{task_id}/1024x1024.jpg");
    assert_eq!(body["data"]["variants"][0]["href"], href);
    assert_eq!(kinds(&world, task_id).await, ["subscribed", "announced", "delivered"]);
}

#[tokio::test(start_paused = true)]
async fn who_subscribes_after_the_end_is_told_as_well() {
    let world = World::new();
    world.callbacks.answers(URL, 200);
    let mut process = Process::start(&world, settings()).await;
    let task_id = submitted(&world).await;
    completed(&world, task_id).await;
    process.pass(&world, 5).await;
    assert_eq!(types(&world), [""; 0], "nobody has asked");
    subscribed(&world, task_id).await;
    process.pass(&world, 5).await;
    assert_eq!(types(&world), ["image.completed"]);
}

#[tokio::test(start_paused = true)]
async fn the_configured_address_is_told_of_what_happens_and_not_of_the_history() {
    let world = World::new();
    world.callbacks.answers(URL, 200);
    let old = submitted(&world).await;
    completed(&world, old).await;
    sleep(Duration::from_secs(8 * 86_400)).await;
    let settings = WebhookSettings { url: Some(URL.to_owned()), ..settings() };
    let mut process = Process::start(&world, settings).await;
    let new = submitted(&world).await;
    asked(&world, new, image::Command::Cancel {}).await;
    process.pass(&world, 5).await;
    assert_eq!(types(&world), ["image.cancelled"]);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_fails_is_tried_again_with_the_same_message() {
    let world = World::new();
    let lost = CallbackError::Unreachable("nobody is there".to_owned());
    world.callbacks.answers_next(URL, [Ok(500), Err(lost), Ok(200)]);
    let mut process = Process::start(&world, settings()).await;
    let task_id = submitted(&world).await;
    subscribed(&world, task_id).await;
    completed(&world, task_id).await;
    process.pass(&world, 60).await;
    let received = world.callbacks.received();
    assert_eq!(received.len(), 2, "the second one was never there");
    assert_eq!(received[0].body, received[1].body);
    assert_eq!(header(&received[0], "webhook-id"), header(&received[1], "webhook-id"));
    assert_ne!(
        header(&received[0], "webhook-timestamp"),
        header(&received[1], "webhook-timestamp")
    );
    let told = ["subscribed", "announced", "attempt_failed", "attempt_failed", "delivered"];
    assert_eq!(kinds(&world, task_id).await, told);
}

#[tokio::test(start_paused = true)]
async fn what_is_never_taken_is_parked_and_replayed_in_order() {
    let world = World::new();
    world.callbacks.answers(URL, 503);
    let mut process = Process::start(&world, settings()).await;
    let task_id = submitted(&world).await;
    subscribed(&world, task_id).await;
    failed(&world, task_id).await;
    process.pass(&world, 300).await;
    assert_eq!(kinds(&world, task_id).await.last().unwrap(), "parked");
    assert_eq!(world.callbacks.received().len(), 3);
    process.pass(&world, 86_400).await;
    assert_eq!(world.callbacks.received().len(), 3, "nobody tries it any more");
    // The task is tried anew meanwhile, and completed: there is more to tell, and the first goes first.
    asked(&world, task_id, image::Command::Retry {}).await;
    asked(&world, task_id, image::Command::StartProcessing(StartProcessing { attempts_max: 4 }))
        .await;
    completed(&world, task_id).await;
    process.pass(&world, 300).await;
    assert_eq!(types(&world)[3..], ["image.failed", "image.failed", "image.failed"]);
    world.callbacks.answers(URL, 200);
    replay(&world, task_id).await;
    process.pass(&world, 5).await;
    assert_eq!(types(&world)[6..], ["image.failed", "image.completed"]);
    replay(&world, task_id).await;
    process.pass(&world, 5).await;
    assert_eq!(types(&world)[8..], ["image.completed"], "the last one is sent again");
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_forbidden_or_gone_is_not_tried_again() {
    let world = World::new();
    for end in [Err(CallbackError::Forbidden("it is internal".to_owned())), Ok(410)] {
        world.callbacks.answers_next(URL, [end]);
        let mut process = Process::start(&world, settings()).await;
        let task_id = submitted(&world).await;
        subscribed(&world, task_id).await;
        completed(&world, task_id).await;
        process.pass(&world, 86_400).await;
        let history = world.history::<Notification>(task_id).await;
        assert!(matches!(history[3], NotificationEvent::Parked { attempts: 1, .. }), "{history:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_killed_is_followed_by_one_that_goes_on() {
    let world = World::new();
    world.callbacks.answers(URL, 503);
    let patient = || WebhookSettings { attempts_max: 1_000, ..settings() };
    let mut process = Process::start(&world, patient()).await;
    let waiting = submitted(&world).await;
    subscribed(&world, waiting).await;
    completed(&world, waiting).await;
    process.pass(&world, 20).await;
    // Later tasks come and go meanwhile, and move what is remembered on: but not past the one that waits.
    let later = submitted(&world).await;
    asked(&world, later, image::Command::Cancel {}).await;
    process.pass(&world, 20).await;
    let attempts = world.callbacks.received().len();
    process.kill();
    world.callbacks.answers(URL, 200);
    let mut process = Process::start(&world, patient()).await;
    process.pass(&world, 3_600).await;
    assert_eq!(world.callbacks.received().len(), attempts + 1);
    assert_eq!(kinds(&world, waiting).await.last().unwrap(), "delivered");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_starts_anew_sees_little_of_what_is_settled() {
    let world = World::new();
    world.callbacks.answers(URL, 200);
    let mut process = Process::start(&world, settings()).await;
    for _ in 0..50 {
        let task_id = submitted(&world).await;
        subscribed(&world, task_id).await;
        completed(&world, task_id).await;
        process.pass(&world, 1).await;
    }
    let low = world.checkpoints.load(SCHEDULE).await.unwrap().unwrap().position;
    let last = world.events().await.last().unwrap().position;
    assert!(low.0 + 10 > last.0, "{low} of {last}");
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_seen_again_is_not_told_again() {
    let world = World::new();
    world.callbacks.answers(URL, 200);
    let task_id = submitted(&world).await;
    subscribed(&world, task_id).await;
    completed(&world, task_id).await;
    for _ in 0..2 {
        let mut process = Process::start(&world, settings()).await;
        // As if no progress had been kept.
        (process.announced, process.scheduled) = Default::default();
        process.pass(&world, 60).await;
        process.kill();
    }
    assert_eq!(types(&world), ["image.completed"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_receiver_holds_up_nobody_else() {
    let world = World::new();
    world.callbacks.answers(URL, 200);
    world.callbacks.answers_next(URL, std::iter::repeat_n(Ok(500), 1));
    let mut process = Process::start(&world, settings()).await;
    for _ in 0..100 {
        let task_id = submitted(&world).await;
        subscribed(&world, task_id).await;
        completed(&world, task_id).await;
    }
    process.pass(&world, 1).await;
    assert_eq!(world.callbacks.received().len(), 100, "99 were taken, and one waits");
    process.pass(&world, 10).await;
    assert_eq!(world.callbacks.received().len(), 101);
}

#[tokio::test]
async fn nothing_is_recorded_of_an_attempt_that_is_not_due() {
    let world = World::new();
    let delivery =
        notification::Delivery { message_id: "image-7/4".into(), attempt: 1, status: 200 };
    let command = notification::Command::RecordDelivery(delivery);
    let refused = world.send::<Notification>(Uuid::from_u128(7), &command).await;
    let Err(CommandError::Rejected(Rejection::NotNow { code, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(code, "attempt_superseded");
}
