//! The log over HTTP: page by page, and live.

use axum::body::BodyDataStream;
use axum::http::Method;
use domain::image::ImageEvent;
use futures::StreamExt;
use serde_json::{Value, json};

use crate::make::{MOTOR, Story, TASK, found, lost, produced, registered, submitted};
use crate::site::Site;

const STREAM: (&str, &str) = ("accept", "text/event-stream");

fn mixed() -> Story {
    Story::default()
        .motor(MOTOR, &registered("P-101"))
        .image(TASK, &submitted())
        .motor(MOTOR, &found("DE"))
        .image(TASK, &ImageEvent::ProcessingStarted { attempt: 1 })
        .motor(MOTOR, &lost("DE"))
}

fn sequences(page: &Value) -> Vec<&str> {
    let events = page["events"].as_array().expect("events").iter();
    events.map(|event| event["sequence"].as_str().expect("text")).collect()
}

#[tokio::test]
async fn a_page_of_the_log_tells_where_to_go_on() {
    let site = Site::of(&mixed()).await;
    let answer = site.get("/v1/events?after=1&limit=2").await;
    assert_eq!(answer.header("atalaya-position"), "5");
    let page = answer.json();
    assert_eq!((sequences(&page), &page["next"]), (vec!["2", "3"], &json!(3)));
    let end = site.get("/v1/events?after=5").await.json();
    assert_eq!(end, json!({ "events": [], "next": 5 }));
}

#[tokio::test]
async fn a_page_of_the_log_is_narrowed_and_still_goes_on() {
    let site = Site::of(&mixed()).await;
    for (query, expected, next) in [
        ("category=image", vec!["2", "4"], 5),
        ("type=atalaya.motor.sensor_lost", vec!["5"], 5),
        ("type=sensor_found", vec!["3"], 5),
        ("type=atalaya.image.registered", vec![], 5),
        ("category=motor&limit=1", vec!["1"], 1),
    ] {
        let page = site.get(&format!("/v1/events?{query}")).await.json();
        assert_eq!((sequences(&page), &page["next"]), (expected, &json!(next)), "{query}");
    }
    for query in ["type=atalaya.motor", "type=atalaya.motor.lost&category=image", "after=x"] {
        assert_eq!(site.get(&format!("/v1/events?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_the_log_waits_for_a_position_but_not_for_ever() {
    let site = Site::of(&mixed()).await;
    assert_eq!(site.get("/v1/events?min_position=5").await.status, 200);
    let answer = site.get("/v1/events?min_position=6").await;
    assert_eq!(answer.problem(), (503, "behind".to_owned()));
}

/// What a browser would make of the stream: (id, data) of each event, comments as (":", …).
struct Listener {
    body: BodyDataStream,
    text: String,
}

impl Listener {
    async fn to(site: &Site, path: &str, headers: &[(&str, &str)]) -> Self {
        let headers = [&[STREAM], headers].concat();
        let response = site.opened(Method::GET, path, &headers).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    async fn next(&mut self) -> Option<(String, String)> {
        while !self.text.contains("\n\n") {
            let part = self.body.next().await?.expect("infallible");
            self.text.push_str(std::str::from_utf8(&part).expect("text"));
        }
        let (message, _) = self.text.split_once("\n\n").expect("just seen");
        let field = |name: &str| {
            let line = message.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim().to_owned())
        };
        let event = field("id:").zip(field("data:"));
        let event = event.unwrap_or_else(|| (":".to_owned(), field(":").expect("a comment")));
        assert!(field("event:").is_none(), "unnamed, so that `onmessage` hears it");
        let seen = message.len() + 2;
        self.text.drain(..seen);
        Some(event)
    }

    async fn ids(&mut self, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(self.next().await.expect("more").0);
        }
        ids
    }
}

#[tokio::test(start_paused = true)]
async fn a_live_log_is_resumed_after_the_last_event_that_was_seen() {
    let site = Site::of(&mixed()).await;
    let mut listener = Listener::to(&site, "/v1/events?after=0", &[("last-event-id", "3")]).await;
    assert_eq!(listener.ids(2).await, ["4", "5"]);
    let more = mixed().motor(MOTOR, &found("DE"));
    site.happens(&more.events[5]).await;
    let (id, data) = listener.next().await.expect("it goes on");
    let event: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!((id.as_str(), &event["sequence"]), ("6", &json!("6")));
    assert_eq!(event["type"], "atalaya.motor.sensor_found");
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_says_that_it_lives_every_fifteen_seconds() {
    let site = Site::of(&mixed()).await;
    let mut listener = Listener::to(&site, "/v1/events?after=5", &[]).await;
    let started = tokio::time::Instant::now();
    assert_eq!(listener.next().await, Some((":".to_owned(), "ping".to_owned())));
    assert_eq!(started.elapsed().as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn a_live_log_is_narrowed_too_and_ends_when_the_process_drains() {
    let site = Site::of(&mixed()).await;
    let mut listener = Listener::to(&site, "/v1/events?category=image", &[]).await;
    assert_eq!(listener.ids(2).await, ["2", "4"]);
    site.drain.send(true).expect("somebody listens");
    assert_eq!(listener.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_followed_to_its_end_and_the_client_told_not_to_come_again() {
    let site = Site::of(&mixed()).await;
    let path = format!("/v1/images/{TASK}/events");
    let mut listener = Listener::to(&site, &path, &[]).await;
    assert_eq!(listener.ids(2).await, ["1", "2"]);
    let rest =
        mixed().image(TASK, &produced("1024x1024.jpg")).image(TASK, &ImageEvent::Completed {});
    for event in &rest.events[5..] {
        site.happens(event).await;
    }
    assert_eq!(listener.ids(2).await, ["3", "4"]);
    assert_eq!(listener.next().await, None, "nothing can happen any more");
    let mut resumed = Listener::to(&site, &path, &[("last-event-id", "3")]).await;
    assert_eq!((resumed.ids(1).await, resumed.next().await), (vec!["4".to_owned()], None));
    assert_eq!(site.get_with(&path, &[("last-event-id", "4")]).await.status, 204);
    assert_eq!(site.get(&format!("/v1/images/{MOTOR}/events")).await.problem().0, 404);
}

#[tokio::test(start_paused = true)]
async fn live_streams_are_bounded_and_give_their_place_back() {
    let site = Site::of(&mixed()).await;
    let mut listeners = Vec::new();
    for _ in 0..projections::http::CONNECTIONS_MAX {
        listeners.push(Listener::to(&site, "/v1/events?after=5", &[]).await);
    }
    let refused = site.get_with("/v1/events", &[STREAM]).await;
    assert_eq!(refused.problem(), (503, "too_many_streams".to_owned()));
    listeners.pop();
    Listener::to(&site, "/v1/events", &[]).await;
}
