//! Real projections, a thousand motors, and one event that cannot be folded.

#[path = "poison/defect.rs"]
mod defect;
#[path = "plant/documents.rs"]
mod documents;
#[path = "poison/plant.rs"]
mod plant;
#[path = "plant/story.rs"]
mod story;

use std::sync::Arc;

use domain::aggregate::{EncodedEvent, encode};
use domain::image::{ImageEvent, Submission};
use domain::notification::{Message, NotificationEvent, Subscription};
use ports::dead_letter::DeadLetters;
use ports::event::RecordedEvent;
use ports::stream::StreamName;
use projections::ProjectionKind;
use serde_json::value::RawValue;

use self::documents::Documents;
use self::plant::Plant;
use self::story::{motor, step};

const MOTORS: usize = 1_000;
const EVENTS_PER_MOTOR: usize = 10;
/// Where it does not matter how many there are.
const FEW_MOTORS: usize = 30;
const SICK: usize = 17;
/// The version of the event that cannot be folded.
const POISONED: u64 = 5;

/// Every motor was registered, and then something happened to one after the other.
async fn plant_of(motors: usize) -> Plant {
    let plant = Plant::new();
    for number in 0..EVENTS_PER_MOTOR {
        for id in 0..motors {
            plant.append(&motor(id), step(id, number)).await;
        }
    }
    plant
}

/// As the defect sees it: the fold of this one event of the sick motor goes wrong.
fn poisoned(event: &RecordedEvent) -> bool {
    event.stream == motor(SICK) && event.version.0 == POISONED
}

async fn parked(plant: &Plant, handler: &str, stream: &StreamName) -> Vec<u64> {
    let letters =
        plant.letters.sequence(handler, stream, usize::MAX).await.expect("memory does not fail");
    letters.iter().map(|letter| letter.event.version.0).collect()
}

fn of_others(documents: &Documents) -> Documents {
    let mut documents = documents.clone();
    documents.retain(|document| !document.key.starts_with(&motor(SICK).id.to_string()));
    documents
}

/// Every projection that the poisoned event concerns.
fn of_motors() -> Vec<Arc<dyn ProjectionKind>> {
    projections::all().into_iter().filter(|kind| kind.categories() == ["motor"]).collect()
}

async fn one_is_parked_and_the_others_keep_going(plant: &Plant, kind: &Arc<dyn ProjectionKind>) {
    let healthy = plant.fold(kind, |_| true).await;
    let (projector, defect) = plant.projector(kind, poisoned).await;
    let name = projector.name().to_owned();
    let runner = plant.start(projector);
    runner.reaches_head(plant).await;

    let sick = motor(SICK);
    let documents = plant.documents(kind).await;
    assert_eq!(of_others(&documents), of_others(&healthy), "{name}: the others keep going");
    let until_then = |event: &RecordedEvent| event.stream != sick || event.version.0 < POISONED;
    assert_eq!(documents, plant.fold(kind, until_then).await, "{name}: up to the poison");
    assert_eq!(parked(plant, &name, &sick).await, Vec::from_iter(POISONED..=10), "{name}");
    assert_eq!(plant.parked_streams(&name).await, std::slice::from_ref(&sick), "{name}");
    assert_eq!(defect.attempts(), 3, "{name}");

    defect.mend();
    plant.replay(&name, &sick).await;
    runner.ends().await;
    assert_eq!(plant.documents(kind).await, healthy, "{name}: as if nothing had been");
    assert!(plant.parked_streams(&name).await.is_empty(), "{name}");
}

#[tokio::test(start_paused = true)]
async fn one_poisoned_event_parks_its_motor_and_999_others_keep_going() {
    let plant = plant_of(MOTORS).await;
    let kinds = of_motors();
    let motors = kinds.iter().find(|kind| kind.name() == "motors").expect("there are motors");
    one_is_parked_and_the_others_keep_going(&plant, motors).await;
    assert_eq!(plant.documents(motors).await.len(), MOTORS);
}

#[tokio::test(start_paused = true)]
async fn every_projection_of_motors_parks_just_the_poisoned_one() {
    let plant = plant_of(FEW_MOTORS).await;
    for kind in of_motors() {
        one_is_parked_and_the_others_keep_going(&plant, &kind).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_happens_meanwhile_waits_and_a_replay_after_the_fix_leaves_no_trace() {
    let plant = plant_of(FEW_MOTORS).await;
    let sick = motor(SICK);
    for kind in &of_motors() {
        let (projector, defect) = plant.projector(kind, poisoned).await;
        let name = projector.name().to_owned();
        let runner = plant.start(projector);
        runner.reaches_head(&plant).await;
        let before = plant.version(&sick).await;
        for number in [12, 13] {
            plant.append(&sick, step(SICK, number)).await;
            plant.append(&motor(SICK + 1), step(SICK + 1, number)).await;
        }
        runner.reaches_head(&plant).await;
        let waiting = parked(&plant, &name, &sick).await;
        assert_eq!(waiting, Vec::from_iter(POISONED..=before + 2), "{name}: in order");

        plant.replay(&name, &sick).await;
        assert_eq!(parked(&plant, &name, &sick).await, waiting, "{name}: it still fails");

        defect.mend();
        plant.replay(&name, &sick).await;
        plant.append(&sick, step(SICK, 14)).await;
        runner.reaches_head(&plant).await;
        runner.ends().await;
        assert!(parked(&plant, &name, &sick).await.is_empty(), "{name}");
        let never_poisoned = plant.fold(kind, |_| true).await;
        assert_eq!(plant.documents(kind).await, never_poisoned, "{name}: no trace");
    }
    assert_eq!(plant.letters.count().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_head_is_discarded_and_the_rest_is_replayed_without_it() {
    let plant = plant_of(FEW_MOTORS).await;
    let sick = motor(SICK);
    for kind in &of_motors() {
        let (projector, _defect) = plant.projector(kind, poisoned).await;
        let name = projector.name().to_owned();
        let runner = plant.start(projector);
        runner.reaches_head(&plant).await;
        let head = plant.letters.sequence(&name, &sick, 1).await.unwrap().remove(0);
        assert_eq!(head.event.version.0, POISONED);
        assert!(plant.letters.remove(head.id).await.unwrap());
        plant.replay(&name, &sick).await;
        runner.ends().await;
        assert!(parked(&plant, &name, &sick).await.is_empty(), "{name}");
        let without_it = plant.fold(kind, |event| !poisoned(event)).await;
        assert_eq!(plant.documents(kind).await, without_it, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_every_projection_applied_and_parked_is_the_whole_log() {
    let plant = Plant::new();
    for number in 0..EVENTS_PER_MOTOR {
        for id in 0..FEW_MOTORS {
            plant.append(&motor(id), step(id, number)).await;
            if number < 2 {
                plant.append(&image(id), image_step(number)).await;
                plant.append(&notification(id), notification_step(number)).await;
            }
        }
        // Nobody can read these: not by a defect, but for ever.
        if number % 3 == 2 {
            plant.append(&motor(number), unreadable("zone_changed")).await;
            plant.append(&image(number), unreadable("no_such_thing")).await;
            plant.append(&notification(number), unreadable("no_such_thing")).await;
        }
    }
    let mut runners = Vec::new();
    for kind in projections::all() {
        let (projector, _defect) = plant.projector(&kind, |_| false).await;
        runners.push((kind, plant.start(projector)));
    }
    for (kind, runner) in runners {
        runner.reaches_head(&plant).await;
        runner.ends().await;
        let parked = plant.account(&kind).await;
        // The history keeps events as they are and need not understand them.
        let expected = match kind.name() {
            "motor_history" => 0,
            "images" | "notifications" => 3,
            _ => (10 - 2) + (10 - 5) + (10 - 8),
        };
        assert_eq!(parked, expected, "{}", kind.name());
    }
}

fn unreadable(event_type: &str) -> EncodedEvent {
    let data = RawValue::from_string(r#"{"to":"beyond_zone_d"}"#.to_owned()).expect("it is JSON");
    EncodedEvent { event_type: event_type.to_owned(), schema_version: 1, data }
}

fn image(id: usize) -> StreamName {
    StreamName::new("image", motor(id).id)
}

fn image_step(number: usize) -> EncodedEvent {
    let submission = Submission {
        motor_id: None,
        priority: 0,
        not_before: None,
        format: "jpeg".to_owned(),
        width: 4_000,
        height: 3_000,
        bytes: 11,
        sha256: "0a".repeat(32),
    };
    encode(&match number {
        0 => ImageEvent::Submitted(submission),
        _ => ImageEvent::ProcessingStarted { attempt: 1 },
    })
}

fn notification(id: usize) -> StreamName {
    StreamName::new("notification", motor(id).id)
}

fn notification_step(number: usize) -> EncodedEvent {
    let url = "https://example.org/pictures".to_owned();
    encode(&match number {
        0 => NotificationEvent::Subscribed(Subscription { url }),
        _ => NotificationEvent::Announced(Message {
            message_id: "image-1/3".to_owned(),
            message_type: "image.completed".to_owned(),
            task_version: 3,
            url,
            body: "{}".to_owned(),
        }),
    })
}
