//! Originals that no task tells of.

use super::super::OrphanSweeper;
use super::*;
use ports::clock::Clock;
use ports::memory::faulty::{Faults, Faulty};

struct Sweeping {
    handle: JoinHandle<()>,
    _drain: watch::Sender<bool>,
}

impl Sweeping {
    fn over(dependencies: &Dependencies) -> Self {
        let (drain, draining) = watch::channel(false);
        let handle = tokio::spawn(OrphanSweeper::new(dependencies).run(draining));
        Self { handle, _drain: drain }
    }
}

impl Drop for Sweeping {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

async fn is_kept(rig: &Rig, task_id: Uuid) -> bool {
    rig.world.blobs.get(&BlobKey::Original { task_id }).await.unwrap().is_some()
}

async fn hours(count: u64) {
    sleep(Duration::from_secs(count * 3_600)).await;
}

/// Stores an original under an id of now, as an upload does before it submits.
async fn store(rig: &Rig) -> Uuid {
    let task_id = Uuid::new_v7(uuid::Timestamp::from_unix(
        uuid::NoContext,
        u64::try_from(rig.world.clock.now().as_micros() / 1_000_000).unwrap(),
        0,
    ));
    rig.world.blobs.put(&BlobKey::Original { task_id }, icon(1)).await.unwrap();
    task_id
}

#[tokio::test(start_paused = true)]
async fn an_original_that_was_never_submitted_is_deleted_after_a_day() {
    let rig = Rig::new();
    let _sweeping = Sweeping::over(&rig.world.dependencies());
    let orphan = store(&rig).await;
    let submitted = store(&rig).await;
    rig.send(submitted, submission(0)).await;
    hours(23).await;
    assert!(is_kept(&rig, orphan).await, "its task may still be submitted");
    let later = store(&rig).await;
    hours(3).await;
    assert!(!is_kept(&rig, orphan).await);
    assert!(is_kept(&rig, submitted).await && is_kept(&rig, later).await);
    hours(24).await;
    assert!(!is_kept(&rig, later).await, "also what came after others were looked at");
    assert!(is_kept(&rig, submitted).await);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_now_is_looked_at_again() {
    let rig = Rig::new();
    let faults = Faults::seeded(1, 1.0);
    let store_away = Arc::new(Faulty::over(rig.world.log.clone(), &faults));
    let dependencies = Dependencies { store: store_away, ..rig.world.dependencies() };
    let _sweeping = Sweeping::over(&dependencies);
    let orphan = store(&rig).await;
    hours(48).await;
    assert!(is_kept(&rig, orphan).await, "nobody knows whether it has a task");
    faults.set_rate(0.0);
    hours(2).await;
    assert!(!is_kept(&rig, orphan).await);
}
