//! Standing still.

use std::time::Duration;

use atalaya::runner::RunnerState;
use futures::poll;
use ports::stream::GlobalPosition;
use tokio::time::{sleep, timeout};

use crate::stage::{Stage, motor};

const LONG: Duration = Duration::from_secs(3_600);

#[tokio::test(start_paused = true)]
async fn a_held_runner_stands_still_where_it_says_until_it_is_released() {
    let stage = Stage::new();
    let act = stage.start();
    stage.happen(&motor(1), 3).await;
    act.reaches(3).await;
    let held = act.handle.hold().await.expect("it runs");
    assert_eq!((held.position, act.handle.status().state), (GlobalPosition(3), RunnerState::Held));
    stage.happen(&motor(1), 2).await;
    sleep(LONG).await;
    assert_eq!(stage.diary.progress_now(), 3);
    drop(held);
    act.reaches(5).await;
    assert_eq!(act.handle.status().state, RunnerState::Running);
    act.ends().await;
    stage.account("held and released").await;
}

#[tokio::test(start_paused = true)]
async fn the_position_of_a_hold_is_that_of_the_last_progress() {
    let mut stage = Stage::new();
    stage.settings.batch_events_max = 3;
    stage.happen(&motor(1), 100).await;
    let act = stage.start();
    let mut position = 0;
    while position < 100 {
        let held = act.handle.hold().await.expect("it runs");
        position = held.position.0;
        assert_eq!(position, stage.diary.progress_now());
        drop(held);
        tokio::task::yield_now().await;
    }
    act.ends().await;
}

#[tokio::test(start_paused = true)]
async fn a_hold_ends_with_whoever_asked_for_it() {
    let stage = Stage::new();
    let act = stage.start();
    let handle = act.handle.clone();
    let holder = tokio::spawn(async move {
        let _held = handle.hold().await.expect("it runs");
        std::future::pending::<()>().await;
    });
    sleep(LONG).await;
    assert_eq!(act.handle.status().state, RunnerState::Held);
    holder.abort();
    stage.happen(&motor(1), 1).await;
    act.reaches(1).await;
    act.ends().await;
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_is_given_up_before_its_answer_holds_nothing() {
    let stage = Stage::new();
    let act = stage.start();
    {
        let mut hold = Box::pin(act.handle.hold());
        assert!(poll!(&mut hold).is_pending(), "asked for, and not answered yet");
    }
    {
        let mut hold = Box::pin(act.handle.hold());
        assert!(poll!(&mut hold).is_pending());
        sleep(LONG).await;
        // Answered by now, and nobody has looked.
    }
    stage.happen(&motor(1), 1).await;
    act.reaches(1).await;
    act.ends().await;
}

#[tokio::test(start_paused = true)]
async fn one_hold_waits_for_another() {
    let stage = Stage::new();
    let act = stage.start();
    let first = act.handle.hold().await.expect("it runs");
    assert!(timeout(LONG, act.handle.hold()).await.is_err(), "the first one has it");
    drop(first);
    let second = timeout(LONG, act.handle.hold()).await.expect("it is free").expect("it runs");
    drop(second);
    act.ends().await;
}

#[tokio::test(start_paused = true)]
async fn a_runner_that_has_ended_cannot_be_held() {
    let stage = Stage::new();
    let act = stage.start();
    let handle = act.handle.clone();
    act.ends().await;
    assert!(handle.hold().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_runner_that_ends_tells_those_who_wait_to_hold_it() {
    let stage = Stage::new();
    let act = stage.start();
    let first = act.handle.hold().await.expect("it runs");
    let handle = act.handle.clone();
    let second = tokio::spawn(async move { handle.hold().await.is_none() });
    sleep(LONG).await;
    act.ends().await;
    assert!(timeout(LONG, second).await.expect("it is told").expect("it does not panic"));
    drop(first);
}
