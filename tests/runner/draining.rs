//! Ending: at once, whatever is going on.

use std::time::Duration;

use atalaya::runner::RunnerState;
use ports::dead_letter::DeadLetters;
use tokio::time::{sleep, timeout};

use crate::diary::Trouble;
use crate::stage::{Stage, motor};

const AT_ONCE: Duration = Duration::ZERO;
const LITTLE: Duration = Duration::from_millis(50);

#[tokio::test(start_paused = true)]
async fn an_idle_runner_ends_at_once() {
    let stage = Stage::new();
    let act = stage.start();
    sleep(LITTLE).await;
    let handle = act.handle.clone();
    assert_eq!(act.ends().await, AT_ONCE);
    assert_eq!(handle.status().state, RunnerState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_held_runner_ends_at_once() {
    let stage = Stage::new();
    let act = stage.start();
    let held = act.handle.hold().await.expect("it runs");
    stage.happen(&motor(1), 1).await;
    assert_eq!(act.ends().await, AT_ONCE);
    assert_eq!(stage.diary.batches(), Vec::<Vec<u64>>::new(), "it was held to its end");
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_runner_that_waits_out_an_outage_ends_at_once() {
    let stage = Stage::new();
    stage.happen(&motor(1), 1).await;
    stage.diary.trouble(&format!("{}/1", motor(1)), Trouble::Outage, u32::MAX);
    let act = stage.start();
    sleep(LITTLE).await;
    assert_eq!(act.ends().await, AT_ONCE);
    assert_eq!(stage.diary.batches().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_runner_between_two_attempts_ends_at_once_and_leaves_the_event_for_later() {
    let stage = Stage::new();
    stage.happen(&motor(1), 2).await;
    stage.diary.trouble(&format!("{}/2", motor(1)), Trouble::Poison, 2);
    let act = stage.start();
    sleep(LITTLE).await;
    assert_eq!(act.ends().await, AT_ONCE);
    assert_eq!(stage.letters.count().await.unwrap(), 0, "it was not tried often enough");
    assert_eq!(stage.diary.progress_now(), 0);
    stage.play().await;
    assert_eq!(stage.diary.effects(&motor(1)), [1, 2]);
    stage.account("ended between two attempts").await;
}

#[tokio::test(start_paused = true)]
async fn a_runner_leaves_the_rest_of_a_long_replay_for_later() {
    let stage = Stage::new();
    stage.happen(&motor(1), 400).await;
    stage.diary.trouble(&format!("{}/1", motor(1)), Trouble::Poison, 3);
    stage.play().await;
    stage.request_replay(&motor(1)).await;
    let act = stage.start();
    while stage.diary.effects(&motor(1)).len() < 10 {
        tokio::task::yield_now().await;
    }
    act.ends().await;
    assert!(stage.diary.effects(&motor(1)).len() < 20, "it did not replay to the end");
    stage.account("ended amid a replay").await;
    let act = stage.start();
    stage.replays_are_settled().await;
    act.ends().await;
    assert_eq!(stage.diary.effects(&motor(1)), Vec::from_iter(1..=400));
}

#[tokio::test(start_paused = true)]
async fn a_runner_whose_owner_is_gone_ends_also_during_an_outage() {
    let stage = Stage::new();
    stage.happen(&motor(1), 1).await;
    stage.diary.trouble(&format!("{}/1", motor(1)), Trouble::Outage, 1_000);
    let act = stage.start();
    sleep(LITTLE).await;
    drop(act.drain);
    let ended = timeout(Duration::from_secs(3_600), act.task).await.expect("it ends");
    ended.expect("it does not panic");
    assert_eq!(stage.diary.batches().len(), 1, "it did not try again without a pause");
}
