//! Who uploads a picture may ask to be told how it ended.

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode};
use commands::http;
use domain::picture;

use crate::client::{Answer, call, post};
use crate::uploads::{form, png};
use crate::world::World;

const URL: &str = "https://hooks.example/atalaya";

async fn upload(router: &Router, query: &str) -> Answer {
    post(router, &format!("/v1/images{query}")).body(png(8, 6, 0)).send().await
}

#[tokio::test]
async fn the_address_in_the_query_is_remembered_for_the_task() {
    let world = World::new();
    let answer = upload(&world.router(), &format!("?callback_url={URL}")).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert_eq!(answer.body["version"], 1, "of the task, not of its notification");
    assert_eq!(world.history().await, ["submitted", "subscribed"]);
    let events = world.events().await;
    assert_eq!(events[1].stream.to_string(), format!("notification-{}", answer.text("task_id")));
    assert_eq!(events[1].data.get(), format!(r#"{{"url":"{URL}"}}"#));
    assert_eq!(events[0].metadata.correlation_id, events[1].metadata.correlation_id);
}

#[tokio::test]
async fn the_address_in_a_form_is_as_good() {
    let world = World::new();
    let body = form(&[("callback_url", URL.as_bytes()), ("image", &png(8, 6, 0))]);
    let upload = || post(&world.router(), "/v1/images").body(body.clone());
    let answer = upload().header("content-type", "multipart/form-data; boundary=edge").send().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert_eq!(world.history().await, ["submitted", "subscribed"]);
    let twice = post(&world.router(), &format!("/v1/images?callback_url={URL}")).body(body.clone());
    let answer = twice.header("content-type", "multipart/form-data; boundary=edge").send().await;
    assert_eq!(answer.pointers(), ["/callback_url"]);
}

#[tokio::test]
async fn an_upload_that_is_repeated_subscribes_once() {
    let world = World::new();
    for _ in 0..2 {
        let again = post(&world.router(), &format!("/v1/images?callback_url={URL}"));
        let answer = again.header("idempotency-key", "one").body(png(8, 6, 0)).send().await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    }
    assert_eq!(world.history().await, ["submitted", "subscribed"]);
    let other = post(&world.router(), "/v1/images?callback_url=https://other.example/");
    let answer = other.header("idempotency-key", "one").body(png(8, 6, 0)).send().await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "another wish: {answer:?}");
}

#[tokio::test]
async fn an_address_that_cannot_be_called_is_refused_before_anything_is_kept() {
    let world = World::new();
    let long = format!("https://hooks.example/{}", "x".repeat(3_000));
    for url in ["ftp://hooks.example/", "hooks.example", "https://me:hush@hooks.example/", &long] {
        let answer = upload(&world.router(), &format!("?callback_url={url}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}: {answer:?}");
        assert_eq!(answer.pointers(), ["/callback_url"], "{url}");
        assert!(!answer.body.to_string().contains("hush"));
    }
    assert_eq!((world.history().await.len(), world.blobs.keys().len()), (0, 0));
}

#[tokio::test]
async fn where_nothing_is_signed_nobody_can_ask_to_be_told() {
    let world = World::new();
    let (blobs, samples) = (world.blobs.clone(), Arc::clone(&world.samples));
    let limits = picture::Limits::default();
    let router = http::router(world.commands.clone(), blobs, None, samples, limits);
    let answer = upload(&router, &format!("?callback_url={URL}")).await;
    assert_eq!(answer.pointers(), ["/callback_url"]);
    assert_eq!(upload(&router, "").await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_replay_of_nothing_is_told_apart_from_a_replay() {
    let world = World::new();
    let router = world.router();
    let answer = upload(&router, &format!("?callback_url={URL}")).await;
    let path = format!("/v1/images/{}/notifications/replay", answer.text("task_id"));
    let early = call(&router, Method::POST, &path).send().await;
    assert_eq!((early.status, &early.body["code"]), (StatusCode::CONFLICT, &early.body["code"]));
    assert!(early.body.to_string().contains("nothing_announced"), "{early:?}");
    let unknown = path.replace(answer.text("task_id"), "018f0000-0000-7000-8000-00000000000f");
    let unknown = call(&router, Method::POST, &unknown).send().await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}
