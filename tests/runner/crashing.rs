//! Crashes: a runner that is dropped between any two steps, and the next one that takes over.

use std::time::Duration;

use futures::poll;
use ports::dead_letter::DeadLetters;
use tokio::time::{advance, sleep};

use crate::diary::{NAME, Trouble};
use crate::stage::{Stage, motor};

/// Two polls are never further apart than the shortest pause is long.
const STEP: Duration = Duration::from_millis(25);
/// With these many polls every scenario here comes to its end.
const POLLS_MAX: usize = 150;

/// Polls a runner `polls` times, then drops it.
async fn crash_after(stage: &Stage, polls: usize) {
    let (runner, _handle, _drain) = stage.runner();
    let mut run = Box::pin(runner.run());
    for _ in 0..polls {
        assert!(poll!(&mut run).is_pending(), "nobody drains it");
        advance(STEP).await;
    }
}

async fn three_motors_and_poison() -> Stage {
    let mut stage = Stage::new();
    stage.settings.batch_events_max = 7;
    for _ in 0..5 {
        for number in 1..=3 {
            stage.happen(&motor(number), 1).await;
        }
    }
    stage.diary.trouble(&format!("{}/2", motor(1)), Trouble::Poison, u32::MAX);
    stage.diary.trouble(&format!("{}/4", motor(2)), Trouble::Panic, u32::MAX);
    stage
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_point_loses_nothing_and_parks_nothing_twice() {
    for polls in 0..POLLS_MAX {
        let stage = three_motors_and_poison().await;
        crash_after(&stage, polls).await;
        stage.play().await;
        let context = format!("crashed after {polls} polls");
        stage.account(&context).await;
        assert_eq!(stage.parked(&motor(1)).await, [2, 3, 4, 5], "{context}");
        assert_eq!(stage.parked(&motor(2)).await, [4, 5], "{context}");
        assert_eq!(stage.letters.count().await.unwrap(), 6, "{context}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_crash_after_another_loses_nothing() {
    for polls in 20..60 {
        let stage = three_motors_and_poison().await;
        for _ in 0..10 {
            crash_after(&stage, polls).await;
        }
        stage.play().await;
        let context = format!("crashed ten times, after {polls} polls each");
        stage.account(&context).await;
        assert_eq!(stage.letters.count().await.unwrap(), 6, "{context}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_amid_a_replay_changes_neither_order_nor_outcome() {
    for polls in 0..POLLS_MAX {
        let stage = three_motors_and_poison().await;
        stage.play().await;
        stage.diary.mend();
        stage.request_replay(&motor(1)).await;
        stage.request_replay(&motor(2)).await;
        stage.happen(&motor(1), 1).await;
        crash_after(&stage, polls).await;
        let act = stage.start();
        act.reaches(16).await;
        stage.replays_are_settled().await;
        act.ends().await;
        let context = format!("crashed after {polls} polls");
        stage.account(&context).await;
        assert_eq!(stage.diary.effects(&motor(1)), [1, 2, 3, 4, 5, 6], "{context}");
        assert_eq!(stage.diary.effects(&motor(2)), [1, 2, 3, 4, 5], "{context}");
        assert_eq!(stage.letters.count().await.unwrap(), 0, "{context}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_is_asked_for_right_after_a_crash_overtakes_nothing() {
    for polls in 0..POLLS_MAX {
        let stage = three_motors_and_poison().await;
        crash_after(&stage, polls).await;
        stage.diary.mend();
        for stream in stage.letters.parked_streams(NAME).await.unwrap() {
            stage.request_replay(&stream).await;
        }
        let act = stage.start();
        act.reaches(15).await;
        stage.replays_are_settled().await;
        act.ends().await;
        let context = format!("crashed after {polls} polls");
        stage.account(&context).await;
        for number in 1..=3 {
            let effects = stage.diary.effects(&motor(number));
            assert_eq!(effects, [1, 2, 3, 4, 5], "motor {number} {context}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_scenarios_end_within_the_polls_that_are_tried() {
    let stage = three_motors_and_poison().await;
    crash_after(&stage, POLLS_MAX).await;
    sleep(STEP).await;
    assert_eq!(stage.diary.progress_now(), 15);
}
