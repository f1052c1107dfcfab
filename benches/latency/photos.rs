//! From the POST of a small photo until its task is completed.

use std::env;
use std::time::{Duration, Instant};

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use reqwest::Method;
use tokio::time::sleep;

use crate::common::client::{Client, Request};
use crate::common::cluster::Cluster;
use crate::common::server::{Server, ServerOptions};
use crate::times::Times;

const PHOTOS: u64 = 120;
const WARM_UP: u64 = 10;
/// Between two photos, so that each meets an idle system; no multiple of anybody's poll interval.
const PAUSE_MS: u64 = 87;
/// As a messenger sends them, and as great as the greatest variant.
const SIZES: [(u32, u32); 2] = [(600, 450), (1_024, 768)];
const JPEG_QUALITY: u8 = 88;
const COMPLETED: &str = r#""type":"atalaya.image.completed""#;
/// Where a peer with the same routes listens; without it, there is none. See benches/bullmq/run.
const PEER: &str = "PEER_URL";

/// All sides are at work on every photo, one after the other, so that all meet the same machine.
pub(crate) async fn run(cluster: &Cluster) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let embedded = Server::start(&ServerOptions::new(folder.path())).await;
    let mut sides =
        vec![("a process per role", cluster.queries()), ("embedded", embedded.client())];
    if let Ok(url) = env::var(PEER) {
        sides.push(("Express + BullMQ + sharp", Client::new(&url)));
    }
    for (width, height) in SIZES {
        let bytes = photo(0, (width, height)).len() / 1_024;
        println!("a photo of {width} x {height} ({bytes} KiB) on an idle system:");
        let photos =
            |numbers: std::ops::Range<u64>| numbers.map(move |it| photo(it, (width, height)));
        time(&sides, followed, photos(2 * PHOTOS..2 * PHOTOS + WARM_UP)).await;
        let times = time(&sides, followed, photos(0..PHOTOS)).await;
        tell(&sides, &times, "by its event stream");
        // Others than before: the same bytes are not rendered twice.
        let times = time(&sides, polled, photos(PHOTOS..2 * PHOTOS)).await;
        tell(&sides, &times, "by a polled GET");
    }
    embedded.stop().await;
}

fn tell(sides: &[(&str, Client)], times: &[Times], how: &str) {
    println!("POST → completed, {how}");
    for ((name, _), times) in sides.iter().zip(times) {
        times.tell(name);
    }
}

/// The path of a task that is completed.
pub(crate) async fn completed(client: &Client) -> String {
    let path = posted(client, photo(0, SIZES[0])).await;
    polled(client, &path).await;
    path
}

async fn time(
    sides: &[(&str, Client)],
    completed: impl AsyncFn(&Client, &str),
    photos: impl Iterator<Item = Vec<u8>>,
) -> Vec<Times> {
    let mut times: Vec<Times> = sides.iter().map(|_| Times::default()).collect();
    for photo in photos {
        for ((_, client), times) in sides.iter().zip(&mut times) {
            let photo = photo.clone();
            sleep(Duration::from_millis(PAUSE_MS)).await;
            let began = Instant::now();
            let path = posted(client, photo).await;
            completed(client, &path).await;
            times.add(began.elapsed());
        }
    }
    times
}

async fn posted(client: &Client, photo: Vec<u8>) -> String {
    let request = Request::post("/v1/images").bytes("image/jpeg", photo);
    client.send(&request).await.success().header("location").to_owned()
}

async fn polled(client: &Client, path: &str) {
    loop {
        let answer = client.get(path).await;
        if answer.status == 200 && answer.json()["state"] == "completed" {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
}

async fn followed(client: &Client, path: &str) {
    let request = client.request(Method::GET, &format!("{path}/events"));
    let mut stream = request.send().await.expect("the server answers");
    let mut told = Vec::new();
    while let Some(chunk) = stream.chunk().await.expect("the stream goes on") {
        told.extend_from_slice(&chunk);
        if String::from_utf8_lossy(&told).contains(COMPLETED) {
            return;
        }
    }
    panic!("the stream of {path} has ended before its task");
}

/// A picture with the detail of a photo, and no two alike.
fn photo(number: u64, (width, height): (u32, u32)) -> Vec<u8> {
    let mut noise = 0x9E37_79B9_7F4A_7C15 ^ (number + 1);
    let canvas = RgbImage::from_fn(width, height, |x, y| {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        let grain = (noise & 15) as f64;
        let wave = |of: u32, length: f64| 100.0 + 90.0 * (f64::from(of) / length).sin();
        Rgb([wave(x, 37.0) + grain, wave(y, 23.0) + grain, wave(x + y, 91.0) + grain]
            .map(|it| it as u8))
    });
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
    canvas.write_with_encoder(encoder).expect("it can be encoded into memory");
    bytes
}
