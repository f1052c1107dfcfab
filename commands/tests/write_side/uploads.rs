//! Pictures over HTTP.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use bytes::Bytes;
use commands::http::UPLOADS_IN_FLIGHT_MAX;
use futures::stream;
use insta::assert_snapshot;
use ports::blobs::{BlobKey, Blobs};
use ports::event_log::EventLog;
use ports::memory::faulty::{Faults, Faulty};
use ports::stream::GlobalPosition;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Answer, Call, call, post, registered};
use crate::world::{Held, MOTOR, World};

pub(crate) const BYTES_MAX: usize = 25_000_000;

/// The header of a picture in colour, and `padding` bytes of text behind it.
pub(crate) fn png(width: u32, height: u32, padding: usize) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        let length = u32::try_from(content.len()).expect("small");
        [length.to_be_bytes().as_slice(), kind, content, &[0; 4]].concat()
    };
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let first = chunk(b"IHDR", &[size.as_slice(), &[8, 2, 0, 0, 0]].concat());
    let text = chunk(b"tEXt", &vec![b'x'; padding]);
    [b"\x89PNG\r\n\x1A\n".as_slice(), &first, &text, &chunk(b"IEND", b"")].concat()
}

pub(crate) fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, content) in fields {
        let head = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"../../x.png\"\r\n\r\n"
        );
        body.extend([head.as_bytes(), *content, b"\r\n"].concat());
    }
    body.extend(b"--edge--\r\n");
    body
}

fn upload(router: &Router, query: &str, bytes: impl Into<Body>) -> Call {
    post(router, &format!("/v1/images{query}")).body(bytes)
}

fn upload_form(router: &Router, body: Vec<u8>) -> Call {
    upload(router, "", body).header("content-type", "multipart/form-data; boundary=edge")
}

fn original(answer: &Answer) -> BlobKey {
    BlobKey::Original { task_id: Uuid::parse_str(answer.text("task_id")).expect("an id") }
}

#[tokio::test]
async fn a_picture_is_kept_and_its_task_recorded() {
    let world = World::new();
    let bytes = png(4_000, 3_000, 0);
    let answer = upload(&world.router(), "?priority=-7", bytes.clone()).send().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    let id = answer.text("task_id");
    assert_eq!(answer.header("location"), Some(format!("/v1/images/{id}").as_str()));
    assert_eq!((answer.header("retry-after"), answer.header("etag")), (Some("1"), Some(r#""1""#)));
    let expected = json!({ "task_id": id, "state": "submitted", "version": 1, "position": 1 });
    assert_eq!(answer.body, expected);
    assert_eq!(
        world.blobs.get(&original(&answer)).await.unwrap(),
        Some(Bytes::from(bytes.clone()))
    );
    let [event] = world.events().await.try_into().unwrap();
    let data: Value = serde_json::from_str(event.data.get()).unwrap();
    let sha256 = "e02c70383deeeb0662137f304fa35875f17bde81d6780c9e5eb3fcad65cb8486";
    let expected = json!({
        "priority": -7, "format": "png", "width": 4_000, "height": 3_000, "bytes": bytes.len(),
        "sha256": sha256,
    });
    assert_eq!(data, expected);
}

#[tokio::test]
async fn a_form_with_a_picture_is_as_good() {
    let world = World::new();
    let bytes = png(8, 6, 100_000);
    let answer = upload_form(&world.router(), form(&[("image", &bytes)])).send().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert_eq!(world.blobs.get(&original(&answer)).await.unwrap(), Some(Bytes::from(bytes)));
}

#[tokio::test]
async fn a_form_without_one_picture_is_refused() {
    let world = World::new();
    let bytes = png(8, 6, 0);
    let fields: [&[(&str, &[u8])]; 3] =
        [&[], &[("picture", &bytes)], &[("image", &bytes), ("image", &bytes)]];
    for fields in fields {
        let answer = upload_form(&world.router(), form(fields)).send().await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
        assert_eq!(answer.pointers(), ["/image"]);
    }
    let broken = form(&[("image", &bytes)]);
    let cut_short = upload_form(&world.router(), broken[..broken.len() - 12].to_vec());
    assert_eq!(cut_short.send().await.status, StatusCode::BAD_REQUEST);
    let no_edge = upload(&world.router(), "", bytes).header("content-type", "multipart/form-data");
    let answer = no_edge.send().await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    answer.problem();
    assert_eq!(world.blobs.keys(), []);
}

#[tokio::test]
async fn what_is_too_large_is_refused_however_it_comes() {
    let world = World::new();
    let router = world.router();
    let large = png(8, 6, BYTES_MAX);
    let announced = upload(&router, "", large.clone()).send().await;
    assert_snapshot!("too_large", announced.problem());
    let chunks: Vec<_> =
        large.chunks(1 << 20).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect();
    let streamed = upload(&router, "", Body::from_stream(stream::iter(chunks))).send().await;
    assert_eq!(streamed.body, announced.body);
    for surplus in [0, 1_000_000] {
        let body = form(&[("image", &vec![0; BYTES_MAX + 1 + surplus])]);
        let in_a_form = upload_form(&router, body).send().await;
        assert_eq!(in_a_form.status, StatusCode::PAYLOAD_TOO_LARGE, "{in_a_form:?}");
        assert_eq!(in_a_form.text("type"), "urn:atalaya:problem:too_large");
    }
    let waiting =
        upload(&router, "", Body::from_stream(stream::pending::<Result<&str, std::io::Error>>()));
    let waiting = waiting.header("content-length", "30000000").header("expect", "100-continue");
    assert_eq!(waiting.send().await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!((world.blobs.keys(), world.history().await), (vec![], vec![]));
    let largest = png(8, 6, BYTES_MAX - png(8, 6, 0).len());
    assert_eq!(largest.len(), BYTES_MAX);
    assert_eq!(upload(&router, "", largest).send().await.status, StatusCode::ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_pictures_are_held_at_a_time() {
    let world = World::new();
    let router = world.router();
    let silent = || Body::from_stream(stream::pending::<Result<&str, std::io::Error>>());
    let busy: Vec<_> = (0..UPLOADS_IN_FLIGHT_MAX)
        .map(|_| tokio::spawn(upload(&router, "", silent()).send()))
        .collect();
    tokio::task::yield_now().await;
    assert_snapshot!("overloaded", upload(&router, "", png(8, 6, 0)).send().await.problem());
    for upload in busy {
        assert_eq!(upload.await.unwrap().status, StatusCode::REQUEST_TIMEOUT);
    }
    let answer = upload(&router, "", png(8, 6, 0)).send().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "there is room again");
}

#[tokio::test]
async fn what_the_header_tells_is_told_at_once() {
    let world = World::new();
    let router = world.router();
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    let answer = upload(&router, "", heic).header("content-type", "image/jpeg").send().await;
    assert_snapshot!("unsupported_format", answer.problem());
    assert_snapshot!("no_bytes", upload(&router, "", "").send().await.problem());
    let cut_short = upload(&router, "", png(8, 6, 0)[..30].to_vec()).send().await;
    assert_snapshot!("corrupt", cut_short.problem());
    let bomb = upload(&router, "", png(50_000, 50_000, 0)).send().await;
    assert_snapshot!("too_many_pixels", bomb.problem());
    assert_eq!((world.blobs.keys(), world.history().await), (vec![], vec![]));
}

#[tokio::test]
async fn a_picture_may_be_of_a_motor() {
    let world = World::new();
    let router = world.router();
    let id = registered(&router).await;
    let of = |id: &str| upload(&router, &format!("?motor_id={id}"), png(8, 6, 0)).send();
    assert_eq!(of(&id).await.status, StatusCode::ACCEPTED);
    let event = world.events().await.pop().unwrap();
    assert!(event.data.get().contains(&id), "{}", event.data);
    call(&router, Method::DELETE, &format!("/v1/motors/{id}")).send().await;
    assert_eq!(of(&id).await.status, StatusCode::ACCEPTED, "its pictures stay welcome");
    assert_snapshot!("unknown_motor", of(&MOTOR.to_string()).await.problem());
}

#[tokio::test]
async fn faults_of_the_query_are_named() {
    let world = World::new();
    let query = "?motor_id=..%2Fetc&priority=high&colour=red";
    let answer = upload(&world.router(), query, png(8, 6, 0)).send().await;
    assert_eq!(answer.pointers(), ["/motor_id", "/priority", "/colour"]);
    let answer = upload(&world.router(), "?priority=1&priority=2", png(8, 6, 0)).send().await;
    assert_eq!(answer.pointers(), ["/priority"]);
    let answer = upload(&world.router(), "?priority=101", png(8, 6, 0)).send().await;
    assert_eq!(answer.pointers(), ["/priority"]);
    assert_eq!(world.blobs.keys(), [], "what was kept before the rules said no is gone");
}

#[tokio::test]
async fn a_repeated_upload_is_one_task_with_one_original() {
    let world = World::new();
    let router = world.router();
    let upload = |bytes: Vec<u8>, query: &str| upload(&router, query, bytes).key("k").send();
    let first = upload(png(8, 6, 0), "").await;
    let again = upload(png(8, 6, 0), "").await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("location"), first.header("location"));
    for other in [upload(png(8, 6, 1), "").await, upload(png(8, 6, 0), "?priority=1").await] {
        assert_eq!(other.text("type"), "urn:atalaya:problem:idempotency_key_reused");
    }
    assert_eq!(world.blobs.keys(), [original(&first)]);
    assert_eq!(world.history().await, ["submitted"]);
}

/// When nobody knows whether the task was recorded, its original stays: the task would fail without it.
#[tokio::test]
async fn a_recorded_task_never_lacks_its_original() {
    for seed in 0..40 {
        let world = World::new();
        let faults = Faults::seeded(seed, 0.4);
        let store = Arc::new(Faulty::over(world.log.clone(), &faults));
        let router = world.router_over(world.over(store));
        let answer = loop {
            let answer = upload(&router, "", png(8, 6, 0)).key("k").send().await;
            if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                break answer;
            }
        };
        assert_eq!(answer.status, StatusCode::ACCEPTED, "seed {seed}");
        assert_eq!(world.history().await, ["submitted"], "seed {seed}");
        assert!(world.blobs.keys().contains(&original(&answer)), "seed {seed}");
    }
}

#[tokio::test]
async fn an_upload_is_finished_even_if_its_sender_goes_away() {
    let world = World::new();
    let held = Held::over(world.log.clone());
    let router = world.router_over(world.over(held.clone()));
    let sender = tokio::spawn(upload(&router, "", png(8, 6, 0)).send());
    held.arrival().await;
    sender.abort();
    sender.await.unwrap_err();
    held.release(1);
    world.log.wait_beyond(GlobalPosition(0)).await.unwrap();
    assert_eq!(world.history().await, ["submitted"]);
    assert_eq!(world.blobs.keys().len(), 1);
}

#[tokio::test]
async fn a_task_is_cancelled_and_not_retried() {
    let router = World::new().router();
    let answer = upload(&router, "", png(8, 6, 0)).send().await;
    let path = answer.header("location").unwrap().to_owned();
    let cancelled = call(&router, Method::DELETE, &path).send().await;
    let id = answer.text("task_id");
    assert_eq!(cancelled.body, json!({ "task_id": id, "version": 2, "position": 2 }));
    let retried = post(&router, &format!("{path}/retry")).send().await;
    assert_eq!(retried.text("type"), "urn:atalaya:problem:not_failed");
}
