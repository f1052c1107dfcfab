//! What is shown of those who are told.

use domain::notification::{Delivery, NotificationEvent, Subscription};
use projections::Notifications;
use serde_json::{Value, json};

use crate::make::{Story, TASK, announced, at, not_taken, told};

fn document(events: &[NotificationEvent]) -> Value {
    let story =
        events.iter().fold(Story::default(), |story, event| story.notification(TASK, event));
    let told = told::<Notifications>(&story.events).expect("the story is sound");
    serde_json::to_value(told).expect("documents are plain data")
}

fn delivered(task_version: u64) -> NotificationEvent {
    let message_id = format!("image-7/{task_version}");
    NotificationEvent::Delivered(Delivery { message_id, attempt: 2, status: 204 })
}

fn parked() -> NotificationEvent {
    NotificationEvent::Parked { message_id: "image-7/4".to_owned(), attempts: 1 }
}

fn states(document: &Value) -> Vec<&str> {
    let messages = document["messages"].as_array().expect("messages");
    messages.iter().map(|message| message["state"].as_str().expect("a state")).collect()
}

#[test]
fn every_attempt_is_shown_with_its_outcome() {
    let url = "https://hooks.example/".to_owned();
    let subscribed = NotificationEvent::Subscribed(Subscription { url });
    let shown = document(&[subscribed, announced(4), not_taken(4, Some(at(60.0))), delivered(4)]);
    assert_eq!(
        shown["messages"],
        json!([{
            "message_id": "image-7/4",
            "type": "image.completed",
            "url": "https://hooks.example/",
            "state": "delivered",
            "announced_at": at(2.0),
            "attempts": [
                { "attempt": 1, "at": at(3.0), "status": 503, "reason": "the receiver answered 503" },
                { "attempt": 2, "at": at(4.0), "status": 204 },
            ],
        }])
    );
    assert_eq!((&shown["state"], &shown["version"]), (&json!("delivered"), &json!(4)));
    assert_eq!(shown["callback_url"], "https://hooks.example/");
}

#[test]
fn a_message_that_waits_says_until_when() {
    let shown = document(&[announced(4), not_taken(4, Some(at(60.0)))]);
    assert_eq!(shown["state"], "waiting");
    assert_eq!(shown["next_attempt_at"], json!(at(60.0)));
}

#[test]
fn behind_a_parked_message_the_others_are_parked_until_there_is_more_or_a_replay() {
    let parked_twice = [announced(4), announced(9), not_taken(4, None), parked()];
    assert_eq!(states(&document(&parked_twice)), ["parked", "parked"]);
    assert_eq!(document(&parked_twice)["state"], "parked");
    let message_id = "image-7/4".to_owned();
    for next in [announced(12), NotificationEvent::ReplayRequested { message_id }] {
        let history: Vec<_> = parked_twice.iter().cloned().chain([next]).collect();
        let shown = document(&history);
        assert!(states(&shown).iter().all(|state| *state == "waiting"), "{shown}");
    }
}

#[test]
fn a_delivered_message_that_is_sent_again_waits_again() {
    let message_id = "image-7/4".to_owned();
    let replay = NotificationEvent::ReplayRequested { message_id };
    let shown = document(&[announced(4), delivered(4), replay]);
    assert_eq!((shown["state"].as_str(), states(&shown)), (Some("waiting"), vec!["waiting"]));
}

#[test]
fn who_subscribed_to_what_has_not_ended_is_shown_too() {
    let url = "https://hooks.example/".to_owned();
    let shown = document(&[NotificationEvent::Subscribed(Subscription { url })]);
    assert_eq!((&shown["state"], &shown["messages"]), (&json!("subscribed"), &json!([])));
}
