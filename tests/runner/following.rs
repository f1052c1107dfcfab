//! Resuming, order, and outages.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use atalaya::runner::RunnerState;
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::memory::faulty::Faults;
use ports::subscription::{Delivery, LogSubscriptions, Subscription, Subscriptions};
use tokio::time::sleep;

use crate::diary::Trouble;
use crate::stage::{Act, Stage, motor};

#[tokio::test(start_paused = true)]
async fn after_a_restart_it_goes_on_where_it_was() {
    let stage = Stage::new();
    stage.happen(&motor(1), 10).await;
    stage.play().await;
    stage.happen(&motor(1), 5).await;
    stage.play().await;
    let batches = stage.diary.batches();
    assert_eq!(batches, [Vec::from_iter(1..=10), Vec::from_iter(11..=15)]);
    stage.account("restarted").await;
}

#[tokio::test(start_paused = true)]
async fn events_are_handed_over_in_order_and_in_batches() {
    let mut stage = Stage::new();
    stage.settings.batch_events_max = 4;
    for _ in 0..5 {
        for number in 1..=3 {
            stage.happen(&motor(number), 1).await;
        }
    }
    stage.play().await;
    assert_eq!(stage.diary.batches().concat(), Vec::from_iter(1..=15));
    assert!(stage.diary.batches().iter().all(|batch| batch.len() <= 4));
    for number in 1..=3 {
        assert_eq!(stage.diary.effects(&motor(number)), [1, 2, 3, 4, 5]);
    }
}

#[tokio::test(start_paused = true)]
async fn events_that_come_while_it_waits_are_handed_over_too() {
    let stage = Stage::new();
    let act = stage.start();
    for count in 1..=3 {
        stage.happen(&motor(1), count).await;
        act.reaches(stage.head().await).await;
    }
    assert_eq!(stage.diary.effects(&motor(1)), [1, 2, 3, 4, 5, 6]);
    act.ends().await;
}

#[tokio::test(start_paused = true)]
async fn progress_is_made_past_events_of_other_categories() {
    let stage = Stage::new();
    let other = ports::stream::StreamName::new("image", motor(1).id);
    stage.happen(&other, 7).await;
    stage.play().await;
    assert_eq!(stage.diary.progress_now(), 7);
    assert!(stage.diary.effects(&other).is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_waited_out_with_growing_pauses_and_nothing_is_parked() {
    let mut stage = Stage::new();
    (stage.settings.retry_delay_ms_min, stage.settings.retry_delay_ms_max) = (100, 1_000);
    stage.happen(&motor(1), 3).await;
    stage.diary.trouble(&format!("{}/2", motor(1)), Trouble::Outage, 7);
    stage.play().await;
    assert_eq!(stage.diary.pauses_ms(), [100, 200, 400, 800, 1_000, 1_000, 1_000]);
    assert!(stage.parked(&motor(1)).await.is_empty());
    stage.account("after the outage").await;
}

#[tokio::test(start_paused = true)]
async fn a_new_outage_begins_with_a_short_pause_again() {
    let stage = Stage::new();
    let act = stage.start();
    for outage in 1..=3 {
        stage.diary.trouble(&format!("{}/{outage}", motor(1)), Trouble::Outage, 4);
        stage.happen(&motor(1), 1).await;
        act.reaches(outage).await;
    }
    act.ends().await;
    let per_outage = [100, 200, 400, 800];
    let pauses = stage.diary.pauses_ms();
    assert_eq!(pauses.iter().copied().filter(|&pause| pause > 0).collect::<Vec<_>>(), {
        [per_outage; 3].concat()
    });
}

#[tokio::test(start_paused = true)]
async fn what_the_world_says_is_told_while_it_does_not_answer() {
    let stage = Stage::new();
    stage.diary.trouble(&format!("{}/1", motor(1)), Trouble::Outage, u32::MAX);
    let act = stage.start();
    stage.happen(&motor(1), 1).await;
    sleep(Duration::from_secs(60)).await;
    let state = act.handle.status().state;
    assert_eq!(state, RunnerState::Retrying("writing failed: no ink".to_owned()));
    stage.diary.mend();
    act.reaches(1).await;
    assert_eq!(act.handle.status().state, RunnerState::Running);
    let handle = act.handle.clone();
    act.ends().await;
    assert_eq!(handle.status().state, RunnerState::Stopped);
}

/// A log whose reads take long.
struct Slow {
    inner: LogSubscriptions,
}

struct SlowSubscription {
    inner: Box<dyn Subscription>,
}

#[async_trait]
impl Subscriptions for Slow {
    async fn open(
        &self,
        name: &str,
        categories: &[&str],
        from: Option<&Checkpoint>,
    ) -> Result<Box<dyn Subscription>, PortError> {
        let inner = self.inner.open(name, categories, from).await?;
        Ok(Box::new(SlowSubscription { inner }))
    }
}

#[async_trait]
impl Subscription for SlowSubscription {
    async fn next(&mut self, events_max: usize) -> Result<Delivery, PortError> {
        sleep(Duration::from_secs(5)).await;
        self.inner.next(events_max).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_may_take_longer_than_the_time_between_two_looks_for_replays() {
    let stage = Stage::new();
    stage.happen(&motor(1), 3).await;
    let slow = Slow { inner: LogSubscriptions::over(stage.log.clone()) };
    let act = Act::of(stage.runner_over(Arc::new(slow), &Faults::seeded(1, 0.0)));
    act.reaches(3).await;
    act.ends().await;
    assert_eq!(stage.diary.effects(&motor(1)), [1, 2, 3]);
}
