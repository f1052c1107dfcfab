//! Several pictures with one form.

use axum::Router;
use axum::http::StatusCode;
use domain::image::{Image, ImageEvent};
use ports::blobs::{BlobKey, Blobs};
use ports::event_log::{EventLog, LogQuery};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Answer, Call, call, post};
use crate::uploads::{BYTES_MAX, form, png};
use crate::world::World;

const PICTURES_MAX: usize = 20;

fn batch(router: &Router, query: &str, pictures: &[&[u8]]) -> Call {
    let fields: Vec<(&str, &[u8])> = pictures.iter().map(|&picture| ("image", picture)).collect();
    post(router, &format!("/v1/images:batch{query}"))
        .body(form(&fields))
        .header("content-type", "multipart/form-data; boundary=edge")
}

fn items(answer: &Answer) -> &Vec<Value> {
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    answer.body["items"].as_array().expect("items")
}

async fn submissions(world: &World) -> Vec<domain::image::Submission> {
    let query = LogQuery { events_max: 100, ..LogQuery::default() };
    let events = world.log.read(&query).await.expect("the log answers").events;
    let submitted = events.iter().filter_map(|event| match event.decode::<Image>() {
        Ok(ImageEvent::Submitted(submission)) => Some(submission),
        _ => None,
    });
    submitted.collect()
}

#[tokio::test]
async fn each_picture_of_a_form_becomes_a_task_of_its_own() {
    let world = World::new();
    let pictures = [png(40, 30, 0), png(50, 30, 0), png(60, 30, 0)];
    let [one, two, three] = &pictures;
    let answer = batch(&world.router(), "?priority=3", &[one, two, three]).send().await;
    for (item, picture) in items(&answer).iter().zip(&pictures) {
        let id = item["task_id"].as_str().expect("an id");
        assert_eq!((&item["state"], &item["version"]), (&json!("submitted"), &json!(1)));
        assert_eq!(item["href"], format!("/v1/images/{id}"));
        let task_id = Uuid::parse_str(id).expect("an id");
        let kept = world.blobs.get(&BlobKey::Original { task_id }).await.expect("blobs answer");
        assert_eq!(kept.as_deref(), Some(picture.as_slice()));
    }
    let widths: Vec<_> = submissions(&world).await.iter().map(|s| (s.width, s.priority)).collect();
    assert_eq!(widths, [(40, 3), (50, 3), (60, 3)]);
}

#[tokio::test]
async fn a_bad_picture_is_refused_alone() {
    let world = World::new();
    let huge = png(40, 30, BYTES_MAX);
    let (good, large) = (png(40, 30, 0), png(16_000, 16_000, 0));
    let answer =
        batch(&world.router(), "", &[&good, b"no picture", &huge, &large, &good]).send().await;
    let kinds: Vec<Value> = items(&answer)
        .iter()
        .map(|item| json!([item["task_id"].is_string(), item["problem"]["status"]]))
        .collect();
    let expected = [
        json!([true, null]),
        json!([false, 415]),
        json!([false, 413]),
        json!([false, 422]),
        json!([true, null]),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(submissions(&world).await.len(), 2);
}

#[tokio::test]
async fn a_form_has_a_bounded_number_of_pictures() {
    let world = World::new();
    let picture = png(40, 30, 0);
    let pictures = vec![picture.as_slice(); PICTURES_MAX + 2];
    let answer = batch(&world.router(), "", &pictures).send().await;
    let items = items(&answer);
    assert_eq!(items.len(), PICTURES_MAX + 1);
    assert_eq!(items[PICTURES_MAX]["problem"]["status"], 413);
    assert_eq!(submissions(&world).await.len(), PICTURES_MAX);
}

#[tokio::test]
async fn a_form_of_which_nothing_is_taken_is_refused() {
    let world = World::new();
    let router = world.router();
    for pictures in [&[][..], &[b"no picture".as_slice(), b"nor this"][..]] {
        let answer = batch(&router, "", pictures).send().await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(answer.body["errors"].as_array().map(Vec::len), Some(pictures.len().max(1)));
    }
    let bare = post(&router, "/v1/images:batch").body(png(40, 30, 0)).send().await;
    assert_eq!(bare.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(submissions(&world).await.is_empty());
}

#[tokio::test]
async fn a_form_that_is_sent_again_under_its_key_is_taken_once() {
    let world = World::new();
    let router = world.router();
    let picture = png(40, 30, 0);
    let mut answers = Vec::new();
    for _ in 0..2 {
        let call = batch(&router, "", &[&picture, &picture]);
        answers.push(call.header("idempotency-key", "\"once\"").send().await.body);
    }
    assert_eq!(answers[0], answers[1]);
    assert_ne!(answers[0]["items"][0]["task_id"], answers[0]["items"][1]["task_id"]);
    assert_eq!(submissions(&world).await.len(), 2);
}

#[tokio::test]
async fn a_start_may_be_put_off_but_not_for_ever() {
    let world = World::new();
    let router = world.router();
    let picture = png(40, 30, 0);
    let answer = batch(&router, "?not_before=2026-03-01T08:00:00Z", &[&picture]).send().await;
    assert_eq!(items(&answer).len(), 1);
    let wanted = "2026-03-01T08:00:00Z".parse().ok();
    assert_eq!(submissions(&world).await[0].not_before, wanted);
    for wrong in ["2126-01-01T00:00:00Z", "tomorrow"] {
        let answer =
            call(&router, axum::http::Method::POST, &format!("/v1/images?not_before={wrong}"))
                .body(picture.clone())
                .send()
                .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
        assert_eq!(answer.body["errors"][0]["pointer"], "/not_before");
    }
}
