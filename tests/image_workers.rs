//! Three workers, each a process of its own, share the pictures that they hear of over Kafka. One is killed in the middle
//! of a picture and another takes its place: every picture is made, and none is made twice for all to see.
//!
//! `IMAGE_TASKS` says how many pictures there are (1,000).
#![cfg(all(feature = "failpoints", feature = "production"))]

#[path = "common/common.rs"]
mod common;
#[path = "image_workers/deeds.rs"]
mod deeds;
#[path = "cluster_faults/rest.rs"]
mod rest;
#[path = "cluster_faults/shown.rs"]
mod shown;
#[path = "image_workers/story.rs"]
mod story;
#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "cluster_faults/truth.rs"]
mod truth;

use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::Instant;

use common::client::{Client, Request};
use common::cluster::Installation;
use common::samples::jpeg;
use common::say;
use common::server::Server;
use common::wait::eventually;
use rest::{REST_S_MAX, keeper, rest};
use shown::assert_shown;
use story::Story;

const TASKS_DEFAULT: u32 = 1_000;
/// Pictures that are sent, or asked for, at a time.
const IN_FLIGHT: usize = 8;
/// Beside what is needed to find out that a worker is dead: so long each picture may take, with everything on two cores.
const TASK_MS_MAX: u64 = 300;
const SIGKILL: i32 = 9;
const VICTIM: &str = "worker-1";
const WORKERS: [&str; 3] = [VICTIM, "worker-2", "worker-3"];
const REPLACEMENT: &str = "worker-4";

#[tokio::test]
async fn three_workers_share_the_pictures_and_one_that_is_killed_is_replaced() {
    let Some(installation) = Installation::migrated() else { return };
    let named = std::env::var("IMAGE_TASKS");
    let tasks: u32 = named.map_or(TASKS_DEFAULT, |count| count.parse().expect("a number"));
    let [ams, api, relay, projections] = <[Server; 4]>::from(tokio::join!(
        installation.start("ams"),
        installation.start("api"),
        installation.start("relay"),
        installation.start("projections")
    ));
    let armed = format!("image-mid-write:{}", 2 + tasks / 50);
    let mut victim = worker(&installation, VICTIM, Some(&armed)).await;
    let second = worker(&installation, WORKERS[1], None).await;
    let third = worker(&installation, WORKERS[2], None).await;

    let begun = Instant::now();
    let mut paths = submitted(&ams.client(), 0..tasks / 2).await;
    assert_eq!(victim.killed_by(REST_S_MAX).await, Some(SIGKILL), "in the middle of a picture");
    let replacement = worker(&installation, REPLACEMENT, None).await;
    paths.extend(submitted(&ams.client(), tasks / 2..tasks).await);
    let story = until_all_completed(&installation, tasks as usize).await;
    let took_s = begun.elapsed().as_secs_f64();

    story.assert_each_was_made_once(&paths);
    story.assert_only_what_was_in_hand_was_begun_anew(VICTIM);
    story.assert_all_took_part(&[WORKERS.as_slice(), &[REPLACEMENT]].concat());
    assert_told_once(&installation);
    let all = [&ams, &api, &relay, &projections, &second, &third, &replacement];
    let all = all.map(Server::client);
    rest(&all, &api.client(), &keeper(&[projections.client()]).await).await;
    let shown = stream::iter(&paths)
        .map(async |path| assert_shown(&all[1], &all[1].json(path).await).await);
    shown.buffer_unordered(IN_FLIGHT).collect::<()>().await;
    say(&format!("{tasks} pictures in {took_s:.1} s; {}", story.shares()));
    for server in [ams, api, second, third, replacement, projections, relay] {
        server.stop().await;
    }
}

async fn worker(installation: &Installation, id: &'static str, armed: Option<&str>) -> Server {
    let options = installation.options(&["--roles", "images"]).with("WORKER_ID", id);
    let options = match armed {
        Some(point) => options.with("ATALAYA_KILL_AT", point),
        None => options,
    };
    Server::start(&options).await
}

/// Sends small pictures, each unlike every other one. Gives the paths of their tasks.
async fn submitted(ams: &Client, numbers: std::ops::Range<u32>) -> Vec<String> {
    let sent = stream::iter(numbers).map(async |number| {
        let picture = jpeg(160 + number % 7, 120, number);
        let submit = Request::post("/v1/images").bytes("image/jpeg", picture);
        ams.send(&submit).await.success().header("location").to_owned()
    });
    sent.buffer_unordered(IN_FLIGHT).collect().await
}

async fn until_all_completed(installation: &Installation, tasks: usize) -> Story {
    let made_s_max = tasks as u64 * TASK_MS_MAX / 1_000;
    let bound = Duration::from_secs(REST_S_MAX + made_s_max);
    let all_completed = eventually("every picture is made", bound, async || {
        (deeds::completed(installation) >= tasks).then(|| Story::of(installation))
    });
    all_completed.await
}

fn assert_told_once(installation: &Installation) {
    let mut positions: Vec<_> =
        truth::published(installation).iter().map(|record| record.position).collect();
    positions.sort_unstable();
    assert!(positions.windows(2).all(|pair| pair[0] < pair[1]), "an event was told twice");
}
