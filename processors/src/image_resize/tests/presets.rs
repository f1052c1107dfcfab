//! What is made of pictures is a setting.

use super::*;

fn tiny() -> ImageSettings {
    let presets = "tiny.jpg=4,small.jpg=6".parse().unwrap();
    ImageSettings { presets, ..ImageSettings::default() }
}

fn sizes(history: &[ImageEvent]) -> Vec<(&str, u32, u32)> {
    let produced = produced(history).into_iter();
    produced.map(|variant| (variant.name.as_str(), variant.width, variant.height)).collect()
}

#[tokio::test(start_paused = true)]
async fn the_variants_are_those_that_are_set() {
    let mut rig = Rig::new();
    let _worker = work_on(&rig.world.dependencies(), tiny());
    rig.submit(task(1), icon(1)).await;
    let history = rig.until_completed(task(1)).await;
    assert_eq!(sizes(&history), [("tiny.jpg", 4, 3), ("small.jpg", 6, 5)]);
    for name in ["tiny.jpg", "small.jpg"] {
        assert!(rig.variant(task(1), name).await.is_some(), "{name}");
    }
    assert_eq!(rig.variant(task(1), "1024x1024.jpg").await, None);
}

#[tokio::test(start_paused = true)]
async fn what_was_made_by_other_presets_is_not_taken_over() {
    let mut rig = Rig::new();
    let worker = work(&rig);
    rig.submit_twin(task(1), icon(1)).await;
    rig.until_completed(task(1)).await;
    drop(worker);
    let _worker = work_on(&rig.world.dependencies(), tiny());
    rig.submit_twin(task(2), icon(1)).await;
    let history = rig.until_completed(task(2)).await;
    assert_eq!(produced(&history).len(), 2);
    assert_eq!(sizes(&history)[0].0, "tiny.jpg");
    rig.submit_twin(task(3), icon(1)).await;
    let history = rig.until_completed(task(3)).await;
    let is_reused =
        |event: &ImageEvent| matches!(event, ImageEvent::Reused { task_id } if *task_id == task(2));
    assert_eq!(count(&history, is_reused), 1, "{history:?}");
}
