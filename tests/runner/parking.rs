//! Events that cannot be handled.

use ports::dead_letter::DeadLetters;

use crate::diary::{NAME, Trouble};
use crate::stage::{Stage, motor};

#[tokio::test(start_paused = true)]
async fn an_event_that_can_be_handled_at_the_last_attempt_is_not_parked() {
    let stage = Stage::new();
    stage.happen(&motor(1), 3).await;
    stage.diary.trouble(&format!("{}/2", motor(1)), Trouble::Poison, 2);
    stage.play().await;
    assert_eq!(stage.diary.pauses_ms(), [100, 200]);
    assert_eq!(stage.diary.effects(&motor(1)), [1, 2, 3]);
    assert_eq!(stage.letters.count().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_event_is_parked_with_its_reason_and_the_rest_of_its_stream_behind_it() {
    let mut stage = Stage::new();
    stage.settings.batch_events_max = 5;
    for _ in 0..4 {
        stage.happen(&motor(1), 1).await;
        stage.happen(&motor(2), 1).await;
    }
    stage.diary.trouble(&format!("{}/2", motor(1)), Trouble::Poison, u32::MAX);
    stage.play().await;
    assert_eq!(stage.diary.effects(&motor(1)), [1]);
    assert_eq!(stage.diary.effects(&motor(2)), [1, 2, 3, 4]);
    let letters = stage.letters.sequence(NAME, &motor(1), usize::MAX).await.unwrap();
    let told: Vec<_> = letters
        .iter()
        .map(|letter| (letter.event.version.0, letter.attempts, letter.reason.as_str()))
        .collect();
    let waits = "waits behind an earlier event of its stream";
    assert_eq!(told, [(2, 3, "it tastes of almonds"), (3, 0, waits), (4, 0, waits)]);
    stage.account("poisoned").await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_later_is_parked_behind_it_also_after_a_restart() {
    let stage = Stage::new();
    stage.happen(&motor(1), 1).await;
    stage.diary.trouble(&format!("{}/1", motor(1)), Trouble::Poison, 3);
    stage.play().await;
    for _ in 0..2 {
        stage.happen(&motor(1), 2).await;
        stage.happen(&motor(2), 1).await;
        stage.play().await;
    }
    assert_eq!(stage.parked(&motor(1)).await, [1, 2, 3, 4, 5]);
    assert_eq!(stage.diary.effects(&motor(2)), [1, 2]);
    stage.account("restarted").await;
}

#[tokio::test(start_paused = true)]
async fn of_several_poisoned_streams_each_is_parked_from_its_own_event_on() {
    let stage = Stage::new();
    for _ in 0..5 {
        for number in 1..=5 {
            stage.happen(&motor(number), 1).await;
        }
    }
    for number in 1..=4 {
        stage.diary.trouble(&format!("{}/{number}", motor(number)), Trouble::Poison, u32::MAX);
    }
    stage.play().await;
    for number in 1..=4 {
        let from = u64::try_from(number).unwrap();
        assert_eq!(stage.diary.effects(&motor(number)), Vec::from_iter(1..from));
        assert_eq!(stage.parked(&motor(number)).await, Vec::from_iter(from..=5));
    }
    assert_eq!(stage.diary.effects(&motor(5)), [1, 2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_on_one_event_parks_just_that_one() {
    let stage = Stage::new();
    stage.happen(&motor(1), 3).await;
    stage.happen(&motor(2), 3).await;
    stage.diary.trouble(&format!("{}/3", motor(1)), Trouble::Panic, u32::MAX);
    stage.play().await;
    assert_eq!(stage.parked(&motor(1)).await, [3]);
    let letter = stage.letters.sequence(NAME, &motor(1), 1).await.unwrap().remove(0);
    assert_eq!(letter.reason, "the handler panicked: the pen broke");
    assert_eq!(stage.diary.effects(&motor(2)), [1, 2, 3]);
    stage.account("panicked").await;
}

#[tokio::test(start_paused = true)]
async fn events_that_panic_only_together_are_handled_one_by_one() {
    let stage = Stage::new();
    stage.happen(&motor(1), 3).await;
    stage.diary.trouble(&format!("{}/2", motor(1)), Trouble::PanicInBatch, u32::MAX);
    stage.happen(&motor(2), 2).await;
    stage.play().await;
    assert_eq!(stage.letters.count().await.unwrap(), 0, "each of them can be handled");
    assert_eq!(stage.diary.progress_now(), 5);
    stage.account("panicked together").await;
}

#[tokio::test(start_paused = true)]
async fn the_stream_goes_on_once_all_that_was_parked_of_it_is_discarded() {
    let stage = Stage::new();
    stage.happen(&motor(1), 2).await;
    stage.diary.trouble(&format!("{}/1", motor(1)), Trouble::Poison, u32::MAX);
    let act = stage.start();
    act.reaches(2).await;
    for letter in stage.letters.sequence(NAME, &motor(1), usize::MAX).await.unwrap() {
        assert!(stage.letters.remove(letter.id).await.unwrap());
    }
    stage.happen(&motor(1), 2).await;
    act.reaches(4).await;
    act.ends().await;
    assert_eq!(stage.diary.effects(&motor(1)), [3, 4]);
    assert!(stage.parked(&motor(1)).await.is_empty());
}
