//! The same picture, submitted more than once.

use super::*;
use domain::picture::{Limits, PRESETS};
use ports::renditions::Renditions;

use crate::picture;

/// Counts how often it renders.
fn counting() -> (super::super::renderer::Render, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let render: super::super::renderer::Render = Arc::new(move |bytes, stop| {
        counter.fetch_add(1, Ordering::SeqCst);
        picture::render(bytes, &Limits::default(), &PRESETS, stop)
    });
    (render, count)
}

fn sources(history: &[ImageEvent]) -> Vec<Uuid> {
    let source = |event: &ImageEvent| match event {
        ImageEvent::Reused { task_id } => Some(*task_id),
        _ => None,
    };
    history.iter().filter_map(source).collect()
}

#[tokio::test(start_paused = true)]
async fn of_tasks_that_race_one_renders_and_all_complete_with_files_of_their_own() {
    let mut rig = Rig::new();
    let (render, rendered) = counting();
    for number in 1..=4 {
        rig.submit_twin(task(number), photo(7)).await;
    }
    let _worker = work_with(&rig, render, ImageSettings::default());
    let mut histories = Vec::new();
    for number in 1..=4 {
        histories.push(rig.until_completed(task(number)).await);
    }
    assert_eq!(rendered.load(Ordering::SeqCst), 1);
    let reused: Vec<Uuid> = histories.iter().flat_map(|history| sources(history)).collect();
    assert_eq!(reused.len(), 3);
    assert!(reused.iter().all(|source| *source == reused[0]), "{reused:?}");
    for history in &histories {
        assert_eq!((started(history), produced(history)), (1, produced(&histories[0])));
    }
    let first = rig.variant(task(1), "800x800.jpg").await;
    assert!(first.is_some());
    for number in 2..=4 {
        assert_eq!(rig.variant(task(number), "800x800.jpg").await, first);
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_task_takes_over_what_is_there() {
    let mut rig = Rig::new();
    let (render, rendered) = counting();
    let _worker = work_with(&rig, render, ImageSettings::default());
    rig.submit_twin(task(1), photo(7)).await;
    rig.until_completed(task(1)).await;
    rig.submit_twin(task(2), photo(7)).await;
    assert_eq!(sources(&rig.until_completed(task(2)).await), [task(1)]);
    assert_eq!(rendered.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_or_damaged_is_rendered_anew() {
    for damage in [None, Some(Bytes::from_static(b"another file"))] {
        let mut rig = Rig::new();
        let (render, rendered) = counting();
        let _worker = work_with(&rig, render, ImageSettings::default());
        rig.submit_twin(task(1), photo(7)).await;
        rig.until_completed(task(1)).await;
        let name = VariantName::new("800x800.jpg").unwrap();
        let key = BlobKey::Variant { task_id: task(1), name };
        match damage {
            None => rig.world.blobs.delete(&key).await.unwrap(),
            Some(bytes) => rig.world.blobs.put(&key, bytes).await.unwrap(),
        }
        rig.submit_twin(task(2), photo(7)).await;
        assert!(sources(&rig.until_completed(task(2)).await).is_empty());
        rig.submit_twin(task(3), photo(7)).await;
        assert_eq!(sources(&rig.until_completed(task(3)).await), [task(2)]);
        assert_eq!(rendered.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_task_that_fails_holds_up_no_second_one() {
    let mut rig = Rig::new();
    rig.send(task(1), submission(0)).await;
    rig.submit_twin(task(2), photo(7)).await;
    let _worker = work(&rig);
    let history = rig.until_completed(task(2)).await;
    assert!(sources(&history).is_empty());
    let history = rig.until_completed(task(1)).await;
    assert_eq!(sources(&history), [task(2)]);
}

#[tokio::test(start_paused = true)]
async fn a_first_task_whose_worker_died_holds_up_no_second_one_for_ever() {
    let mut rig = Rig::new();
    let now = ports::clock::Clock::now(&*rig.world.clock);
    let (dead, content) = (task(9), content_of_twins());
    rig.world.renditions.claim(&content, dead, now, now.plus_seconds(60.0)).await.unwrap();
    rig.submit_twin(task(2), photo(7)).await;
    let _worker = work(&rig);
    sleep(Duration::from_secs(50)).await;
    rig.dispatch().await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(started(&rig.history(task(2)).await), 0, "it waits, and that is no attempt");
    assert_eq!(started(&rig.until_completed(task(2)).await), 1);
}

/// As the worker names it.
fn content_of_twins() -> String {
    super::super::reuse::content(&submitted(0).sha256, &PRESETS)
}
