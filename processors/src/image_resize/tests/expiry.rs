//! Tasks that were kept for long enough.

use super::super::{Cleaner, Sweeper};
use super::*;
use ports::event::RecordedEvent;

const RETENTION_S: f64 = 3_600.0;

/// Lets tasks expire; its handler is fed by [`Upkeep::clean`].
struct Upkeep {
    cleaner: OneByOne<Cleaner>,
    cleaned: GlobalPosition,
    _sweeper: Sweeping,
}

struct Sweeping {
    handle: JoinHandle<()>,
    _drain: watch::Sender<bool>,
}

impl Drop for Sweeping {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

impl Upkeep {
    fn of(rig: &Rig) -> Self {
        let dependencies = rig.world.dependencies();
        let (drain, draining) = watch::channel(false);
        let handle = tokio::spawn(Sweeper::new(&dependencies, RETENTION_S).run(draining));
        let cleaner = OneByOne::new(Cleaner::new(&dependencies), dependencies.checkpoints.clone());
        let sweeper = Sweeping { handle, _drain: drain };
        Self { cleaner, cleaned: GlobalPosition(0), _sweeper: sweeper }
    }

    async fn clean(&mut self, rig: &Rig) {
        rig.world.feed(&self.cleaner, &mut self.cleaned).await;
    }
}

fn is_expired(history: &[ImageEvent]) -> bool {
    matches!(history.last(), Some(ImageEvent::Expired { .. }))
}

async fn keeps(rig: &Rig, task_id: Uuid) -> (bool, bool) {
    let original = rig.world.blobs.get(&BlobKey::Original { task_id }).await.unwrap();
    (original.is_some(), rig.variant(task_id, "800x800.jpg").await.is_some())
}

async fn seconds(count: u64) {
    sleep(Duration::from_secs(count)).await;
}

#[tokio::test(start_paused = true)]
async fn a_finished_task_is_kept_for_so_long_and_then_its_files_are_deleted() {
    let mut rig = Rig::new();
    let _worker = work(&rig);
    let mut upkeep = Upkeep::of(&rig);
    rig.submit(task(1), photo(1)).await;
    rig.until_completed(task(1)).await;
    seconds(3_500).await;
    upkeep.clean(&rig).await;
    assert!(!is_expired(&rig.history(task(1)).await));
    assert_eq!(keeps(&rig, task(1)).await, (true, true));
    seconds(200).await;
    upkeep.clean(&rig).await;
    assert!(is_expired(&rig.history(task(1)).await));
    assert_eq!(keeps(&rig, task(1)).await, (false, false));
    seconds(7_200).await;
    let expired = |event: &ImageEvent| matches!(event, ImageEvent::Expired { .. });
    assert_eq!(count(&rig.history(task(1)).await, expired), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_cancelled_or_given_up_expires_and_what_waits_does_not() {
    let mut rig = Rig::new();
    let _upkeep = Upkeep::of(&rig);
    for number in 1..=2 {
        rig.submit(task(number), icon(1)).await;
    }
    rig.send(task(1), Command::Cancel {}).await;
    seconds(10_000).await;
    assert!(is_expired(&rig.history(task(1)).await));
    assert_eq!(rig.history(task(2)).await.len(), 1, "it is only submitted");
    let _worker = work(&rig);
    rig.world.blobs.delete(&BlobKey::Original { task_id: task(2) }).await.unwrap();
    rig.until_given_up(task(2)).await;
    seconds(4_000).await;
    assert!(is_expired(&rig.history(task(2)).await));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_tried_anew_is_kept_from_its_new_end_on() {
    let mut rig = Rig::new();
    let _worker = work(&rig);
    let _upkeep = Upkeep::of(&rig);
    rig.send(task(1), submission(0)).await;
    rig.until_given_up(task(1)).await;
    seconds(3_000).await;
    rig.world.blobs.put(&BlobKey::Original { task_id: task(1) }, icon(1)).await.unwrap();
    rig.send(task(1), Command::Retry {}).await;
    rig.until_completed(task(1)).await;
    seconds(3_000).await;
    assert!(!is_expired(&rig.history(task(1)).await), "its first end does not count any more");
    seconds(1_000).await;
    assert!(is_expired(&rig.history(task(1)).await));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_task_is_nothing_to_another_of_the_same_picture() {
    let mut rig = Rig::new();
    let _worker = work(&rig);
    let mut upkeep = Upkeep::of(&rig);
    rig.submit_twin(task(1), photo(1)).await;
    rig.until_completed(task(1)).await;
    seconds(2_000).await;
    rig.submit_twin(task(2), photo(1)).await;
    rig.until_completed(task(2)).await;
    seconds(2_000).await;
    upkeep.clean(&rig).await;
    assert_eq!(keeps(&rig, task(1)).await, (false, false));
    assert_eq!(keeps(&rig, task(2)).await, (true, true));
    rig.submit_twin(task(3), photo(1)).await;
    let history = rig.until_completed(task(3)).await;
    let reused = |event: &ImageEvent| matches!(event, ImageEvent::Reused { .. });
    assert_eq!(count(&history, reused), 0, "what had expired is rendered anew");
}

#[tokio::test(start_paused = true)]
async fn an_expiry_that_is_seen_twice_deletes_nothing_else() {
    let mut rig = Rig::new();
    let _worker = work(&rig);
    let mut upkeep = Upkeep::of(&rig);
    rig.submit(task(1), photo(1)).await;
    rig.until_completed(task(1)).await;
    seconds(4_000).await;
    rig.submit(task(2), photo(1)).await;
    rig.until_completed(task(2)).await;
    let events: Vec<RecordedEvent> = rig.world.events().await;
    for _ in 0..2 {
        upkeep.cleaned = GlobalPosition(0);
        upkeep.clean(&rig).await;
    }
    assert!(events.iter().any(|event| event.event_type == "expired"));
    assert_eq!(keeps(&rig, task(2)).await, (true, true));
}
