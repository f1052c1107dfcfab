//! Replays: in order, whole or not at all, and never before their time.

use ports::clock::Clock;
use ports::dead_letter::{DeadLetters, NewDeadLetter};
use ports::event_log::{EventLog, LogQuery};
use ports::memory::ManualClock;
use ports::stream::StreamName;

use crate::diary::{NAME, Trouble};
use crate::stage::{Stage, motor};

/// A motor with six events of which those from the third on are parked.
async fn poisoned() -> (Stage, StreamName) {
    let stage = Stage::new();
    stage.happen(&motor(1), 6).await;
    stage.diary.trouble(&format!("{}/3", motor(1)), Trouble::Poison, u32::MAX);
    stage.play().await;
    assert_eq!(stage.parked(&motor(1)).await, [3, 4, 5, 6]);
    (stage, motor(1))
}

#[tokio::test(start_paused = true)]
async fn a_replay_keeps_order_with_what_comes_meanwhile_and_later() {
    let (stage, motor) = poisoned().await;
    stage.diary.mend();
    stage.request_replay(&motor).await;
    stage.happen(&motor, 2).await;
    let act = stage.start();
    act.reaches(8).await;
    stage.replays_are_settled().await;
    stage.happen(&motor, 2).await;
    act.reaches(10).await;
    act.ends().await;
    assert_eq!(stage.diary.effects(&motor), Vec::from_iter(1..=10));
    stage.account("replayed").await;
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_fails_leaves_the_letters_and_can_be_asked_for_again() {
    let (stage, motor) = poisoned().await;
    let act = stage.start();
    stage.request_replay(&motor).await;
    stage.replays_are_settled().await;
    assert_eq!(stage.parked(&motor).await, [3, 4, 5, 6]);

    stage.diary.mend();
    stage.diary.trouble(&format!("{motor}/5"), Trouble::Panic, 1);
    stage.request_replay(&motor).await;
    stage.replays_are_settled().await;
    assert_eq!(stage.parked(&motor).await, [5, 6], "as far as it went");

    stage.happen(&motor, 1).await;
    act.reaches(7).await;
    assert_eq!(stage.parked(&motor).await, [5, 6, 7], "the rest still waits");

    stage.request_replay(&motor).await;
    stage.replays_are_settled().await;
    act.ends().await;
    assert_eq!(stage.diary.effects(&motor), Vec::from_iter(1..=7));
    stage.account("replayed at last").await;
}

#[tokio::test(start_paused = true)]
async fn a_replay_during_an_outage_is_tried_again_until_it_is_over() {
    let (stage, motor) = poisoned().await;
    stage.diary.mend();
    stage.diary.trouble(&format!("{motor}/4"), Trouble::Outage, 5);
    stage.request_replay(&motor).await;
    let act = stage.start();
    stage.replays_are_settled().await;
    act.ends().await;
    assert_eq!(stage.diary.effects(&motor), Vec::from_iter(1..=6));
    stage.account("after the outage").await;
}

#[tokio::test(start_paused = true)]
async fn after_the_head_is_discarded_the_rest_can_be_replayed() {
    let (stage, motor) = poisoned().await;
    let head = stage.letters.sequence(NAME, &motor, 1).await.unwrap().remove(0);
    let act = stage.start();
    stage.letters.remove(head.id).await.unwrap();
    stage.happen(&motor, 1).await;
    act.reaches(7).await;
    assert_eq!(stage.parked(&motor).await, [4, 5, 6, 7], "nobody has asked for a replay");
    stage.request_replay(&motor).await;
    stage.replays_are_settled().await;
    stage.happen(&motor, 1).await;
    act.reaches(8).await;
    act.ends().await;
    assert_eq!(stage.diary.effects(&motor), [1, 2, 4, 5, 6, 7, 8]);
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_everything_was_discarded_of_is_settled() {
    let (stage, motor) = poisoned().await;
    stage.request_replay(&motor).await;
    for letter in stage.letters.sequence(NAME, &motor, usize::MAX).await.unwrap() {
        stage.letters.remove(letter.id).await.unwrap();
    }
    let act = stage.start();
    stage.replays_are_settled().await;
    stage.happen(&motor, 1).await;
    act.reaches(7).await;
    act.ends().await;
    assert_eq!(stage.diary.effects(&motor), [1, 2, 7]);
}

#[tokio::test(start_paused = true)]
async fn a_long_sequence_is_replayed_to_its_end() {
    let stage = Stage::new();
    stage.happen(&motor(1), 1_203).await;
    stage.diary.trouble(&format!("{}/2", motor(1)), Trouble::Poison, 3);
    let act = stage.start();
    act.reaches(1_203).await;
    assert_eq!(stage.parked(&motor(1)).await.len(), 1_202);
    stage.request_replay(&motor(1)).await;
    stage.replays_are_settled().await;
    act.ends().await;
    assert_eq!(stage.diary.effects(&motor(1)), Vec::from_iter(1..=1_203));
}

/// As a crash leaves it that comes after the parking and before the progress.
async fn parked_ahead_of_progress() -> (Stage, StreamName) {
    let stage = Stage::new();
    stage.happen(&motor(1), 5).await;
    let query = LogQuery { events_max: usize::MAX, ..LogQuery::default() };
    let events = stage.log.read(&query).await.expect("memory does not fail").events;
    let letter = |event: &ports::event::RecordedEvent| NewDeadLetter {
        handler: NAME.to_owned(),
        event: event.clone(),
        reason: "it tastes of almonds".to_owned(),
        attempts: 3,
        parked_at: ManualClock::default().now(),
    };
    let letters: Vec<_> = events[2..].iter().map(letter).collect();
    stage.letters.park(&letters).await.expect("memory does not fail");
    (stage, motor(1))
}

#[tokio::test(start_paused = true)]
async fn events_before_the_parked_ones_are_handled_after_a_crash() {
    let (stage, motor) = parked_ahead_of_progress().await;
    stage.play().await;
    assert_eq!(stage.diary.effects(&motor), [1, 2]);
    assert_eq!(stage.parked(&motor).await, [3, 4, 5]);
    stage.account("after a crash").await;
}

#[tokio::test(start_paused = true)]
async fn a_replay_waits_until_everything_before_it_was_handled() {
    let (stage, motor) = parked_ahead_of_progress().await;
    stage.request_replay(&motor).await;
    let act = stage.start();
    stage.replays_are_settled().await;
    act.reaches(5).await;
    act.ends().await;
    assert_eq!(stage.diary.effects(&motor), [1, 2, 3, 4, 5]);
    stage.account("after a crash and a replay").await;
}
