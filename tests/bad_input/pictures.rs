//! Files that are no pictures, or bad ones.

use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use reqwest::{Body, Method};

use super::world::World;
use crate::common::client::{Answer, Request};
use crate::common::quiet::QUIET_S_MAX;
use crate::common::samples::jpeg;
use crate::common::server::{Server, ServerOptions};
use crate::common::wait::eventually;

/// Where the height and the width stand behind the marker of a baseline frame.
const FRAME: [u8; 2] = [0xff, 0xc0];
const PICTURE_BYTES_MAX: usize = 25_000_000;

fn upload(bytes: impl Into<Bytes>) -> Request {
    Request::post("/v1/images").bytes("image/jpeg", bytes)
}

/// A sound file whose header claims another size.
fn claiming(side: u16) -> Vec<u8> {
    let mut file = jpeg(64, 64, 1).to_vec();
    let frame = file.windows(2).position(|two| two == FRAME).expect("it has a frame");
    for at in [frame + 5, frame + 7] {
        file[at..at + 2].copy_from_slice(&side.to_be_bytes());
    }
    file
}

#[tokio::test]
async fn what_is_no_picture_is_refused_by_its_content() {
    let mut world = World::new().await;
    let page = "<html><script>alert(1)</script></html>";
    for bytes in [&b""[..], b"\0", page.as_bytes(), b"%PDF-1.7\n", &[0xff; 4096]] {
        let refused = world.send(upload(bytes.to_vec())).await;
        refused.problem(415, "unsupported_format");
    }
    // What it is called does not matter: a picture is a picture.
    let named_wrongly = Request::post("/v1/images").bytes("text/html", page);
    world.send(named_wrongly).await.problem(415, "unsupported_format");
    world.assert_unharmed().await;
}

#[tokio::test]
async fn a_header_that_claims_too_many_pixels_is_refused_before_anything_is_decoded() {
    let mut world = World::new().await;
    let problem = world.send(upload(claiming(50_000))).await.problem(422, "too_many_pixels");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("50000")), "{problem}");
    world.send(upload(claiming(0))).await.problem(422, "corrupt");
    world.assert_unharmed().await;
}

#[tokio::test]
async fn a_header_that_is_cut_short_is_refused() {
    let mut world = World::new().await;
    let whole = jpeg(640, 480, 2);
    for length in [4, 20, 100] {
        world.send(upload(whole.slice(..length))).await.problem(422, "corrupt");
    }
    world.assert_unharmed().await;
}

#[tokio::test]
async fn a_picture_that_is_cut_short_fails_and_says_so() {
    let mut world = World::new().await;
    let whole = jpeg(640, 480, 2);
    let task = world.send(upload(whole.slice(..whole.len() / 2))).await;
    assert_eq!(task.status, 202, "its header is whole: {}", task.text());
    let (path, position) = (task.header("location").to_owned(), task.number("position"));
    let bound = Duration::from_secs(QUIET_S_MAX);
    let failed = eventually("the task fails", bound, async || {
        let task = world.client.json(&format!("{path}?min_position={position}")).await;
        (task["state"] == "failed").then_some(task)
    });
    let failed = failed.await;
    assert_eq!(failed["failure"]["code"], "corrupt", "{failed}");
    assert!(failed["failure"]["detail"].is_string(), "{failed}");
    assert_eq!(failed["attempts"], 1, "trying again would not help: {failed}");
    world.client.get(&format!("{path}/800x800.jpg")).await.problem(409, "failed");
    world.assert_alive().await;
}

#[tokio::test]
async fn a_picture_of_too_many_bytes_is_refused_however_it_is_sent() {
    let mut world = World::new().await;
    let mut bytes = jpeg(64, 64, 1).to_vec();
    bytes.resize(PICTURE_BYTES_MAX + 1, 0);
    let bytes = Bytes::from(bytes);
    world.send(upload(bytes.clone())).await.problem(413, "too_large");
    let chunks = (0..bytes.len())
        .step_by(1 << 20)
        .map(|at| Ok::<_, std::io::Error>(bytes.slice(at..bytes.len().min(at + (1 << 20)))));
    let chunked = Body::wrap_stream(stream::iter(chunks.collect::<Vec<_>>()));
    let chunked = world.client.request(Method::POST, "/v1/images").body(chunked);
    Answer::of(chunked).await.unwrap().problem(413, "too_large");
    world.assert_unharmed().await;
}

#[tokio::test]
async fn an_installation_may_take_less() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let options = ServerOptions::new(folder.path())
        .with("IMAGE_MB_MAX", "1")
        .with("IMAGE_MEGAPIXELS_MAX", "1")
        .with("IMAGE_SIDE_MAX", "1200");
    let server = Server::start(&options).await;
    let client = server.client();
    let mut long = jpeg(64, 64, 1).to_vec();
    long.resize(1_000_001, 0);
    for (picture, status, code) in [
        (jpeg(1_100, 1_000, 1), 422, "too_many_pixels"),
        (jpeg(1_201, 8, 1), 422, "too_many_pixels"),
        (Bytes::from(long), 413, "too_large"),
    ] {
        client.send(&upload(picture)).await.problem(status, code);
    }
    client.send(&upload(jpeg(1_000, 1_000, 1))).await.success();
    server.stop().await;
}

#[tokio::test]
async fn a_picture_of_a_motor_that_never_was_is_refused() {
    let mut world = World::new().await;
    let unknown = "018f3c5e-0000-7000-8000-000000000000";
    for (motor, pointer) in [(unknown, "/motor_id"), ("..%2f..%2fetc", "/motor_id")] {
        let path = format!("/v1/images?motor_id={motor}");
        let submit = Request::post(path).bytes("image/jpeg", jpeg(32, 32, 1));
        world.send(submit).await.problem_at(422, "invalid", pointer);
    }
    let submit = Request::post("/v1/images?colour=red").bytes("image/jpeg", jpeg(32, 32, 1));
    world.send(submit).await.problem_at(422, "invalid", "/colour");
    world.assert_unharmed().await;
}
