//! How a task may end: completed, given up, cancelled, tried anew.

use super::*;
use domain::image::{FailAttempt, StartProcessing};
use ports::clock::Clock;
use ports::event::Metadata;
use ports::handler::EventHandler;
use ports::subscription::progress_at;
use ports::work_queue::WorkQueue;

#[tokio::test(start_paused = true)]
async fn a_picture_that_is_submitted_gets_both_of_its_variants() {
    let mut rig = Rig::new();
    let _worker = work(&rig);
    rig.submit(task(1), photo(1)).await;
    let history = rig.until_completed(task(1)).await;

    assert_eq!(history[1], ImageEvent::ProcessingStarted { attempt: 1 });
    let names: Vec<_> = produced(&history).iter().map(|variant| variant.name.as_str()).collect();
    assert_eq!(names, ["1024x1024.jpg", "800x800.jpg"]);
    for variant in produced(&history) {
        let bytes = rig.variant(task(1), &variant.name).await.expect("it is stored");
        assert_eq!(bytes.len() as u64, variant.bytes);
    }
    assert_eq!((produced(&history)[0].width, produced(&history)[0].height), (1024, 768));
    assert!(rig.queue_is_empty().await);
}

#[tokio::test(start_paused = true)]
async fn every_event_tells_who_caused_it() {
    let mut rig = Rig::new();
    let settings = ImageSettings { worker_id: "worker-7".to_owned(), ..ImageSettings::default() };
    let _worker = work_on(&rig.world.dependencies(), settings);
    rig.submit(task(1), icon(1)).await;
    rig.until_completed(task(1)).await;
    for event in &rig.world.events().await[1..] {
        let Metadata { causation_id, correlation_id, actor, .. } = &event.metadata;
        assert_eq!(causation_id.as_deref(), Some(&*format!("image-{}/1", task(1))));
        assert_eq!(correlation_id.as_deref(), Some("talk"));
        assert_eq!(actor.as_deref(), Some("worker-7"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_picture_gets_the_same_bytes_in_every_run() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let mut rig = Rig::new();
        let _worker = work(&rig);
        rig.submit(task(1), photo(5)).await;
        let history = rig.until_completed(task(1)).await;
        let small = rig.variant(task(1), "800x800.jpg").await.unwrap();
        runs.push((history, rig.variant(task(1), "1024x1024.jpg").await.unwrap(), small));
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test(start_paused = true)]
async fn what_can_never_be_decoded_is_given_up_at_once() {
    let mut rig = Rig::new();
    let _worker = work(&rig);
    let whole = photo(1);
    rig.submit(task(1), whole.slice(..whole.len() / 2)).await;
    let history = rig.until_given_up(task(1)).await;
    let ImageEvent::DeadLettered { attempts: 1, code, .. } = &history[3] else {
        panic!("{history:?}");
    };
    assert_eq!(code, "corrupt");
    rig.until(task(1), |_| true).await;
    assert!(rig.queue_is_empty().await);
}

#[tokio::test(start_paused = true)]
async fn a_missing_original_is_tried_four_times_with_growing_delays() {
    let mut rig = Rig::new();
    let _worker = work(&rig);
    rig.send(task(1), submission(0)).await;
    rig.until_given_up(task(1)).await;
    let events = rig.world.events().await;
    let begun = events.iter().filter(|event| event.event_type == "processing_started");
    let starts: Vec<_> = begun.map(|event| event.recorded_at).collect();
    assert_eq!(starts.len(), 4);
    let gaps: Vec<f64> = starts.windows(2).map(|pair| pair[1].seconds_since(pair[0])).collect();
    for (gap_s, whole_s) in gaps.iter().zip([2.0, 4.0, 8.0]) {
        assert!((whole_s / 2.0..whole_s + 0.2).contains(gap_s), "{gaps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_not_lost_with_the_old_job_that_its_worker_is_yet_to_take_out() {
    let mut rig = Rig::new();
    rig.submit(task(1), icon(1)).await;
    rig.dispatch().await;
    let now = rig.world.clock.now();
    let leases = rig.world.queue.receive(1, now, now.plus_seconds(30.0)).await.unwrap();
    rig.send(task(1), Command::StartProcessing(StartProcessing { attempts_max: 4 })).await;
    let (code, detail) = ("corrupt".to_owned(), "it is damaged".to_owned());
    let failure = FailAttempt { attempt: 1, code, detail, retry_at: None };
    rig.send(task(1), Command::FailAttempt(failure)).await;
    rig.send(task(1), Command::Retry {}).await;
    rig.dispatch().await;
    assert!(!rig.world.queue.reject(&leases[0]).await.unwrap(), "the old job is gone already");
    let _worker = work(&rig);
    assert_eq!(completed(&rig.until_completed(task(1)).await), 1);
}

#[tokio::test(start_paused = true)]
async fn an_old_event_that_is_seen_again_changes_nothing() {
    let mut rig = Rig::new();
    let _worker = work(&rig);
    rig.submit(task(1), icon(1)).await;
    let before = rig.until_completed(task(1)).await;
    let events = rig.world.events().await;
    rig.dispatcher.handle(&events[..1], &progress_at(GlobalPosition(1))).await.unwrap();
    assert!(!rig.queue_is_empty().await, "the job is there once more");
    for _ in 0..100 {
        sleep(Duration::from_millis(50)).await;
    }
    assert!(rig.queue_is_empty().await, "and was acknowledged");
    assert_eq!(rig.history(task(1)).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_cancelled_under_way_frees_its_slot_and_is_never_completed() {
    let mut rig = Rig::new();
    let gate = Gate::shut(&rig);
    let dependencies = Dependencies { blobs: gate.clone(), ..rig.world.dependencies() };
    let _worker = work_on(&dependencies, ImageSettings::default());
    rig.submit(task(1), icon(1)).await;
    rig.dispatch().await;
    gate.until_inside(1).await;
    rig.send(task(1), Command::Cancel {}).await;
    rig.dispatch().await;
    gate.until_inside(0).await;
    gate.open.add_permits(10);
    sleep(Duration::from_secs(120)).await;
    let history = rig.history(task(1)).await;
    assert_eq!(history.last(), Some(&ImageEvent::Cancelled {}));
    assert_eq!(rig.variant(task(1), "800x800.jpg").await, None);
    assert!(rig.queue_is_empty().await);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_cancelled_before_its_turn_never_begins() {
    let mut rig = Rig::new();
    rig.submit(task(1), icon(1)).await;
    rig.dispatch().await;
    rig.send(task(1), Command::Cancel {}).await;
    rig.dispatch().await;
    assert!(rig.queue_is_empty().await);
    assert_eq!(started(&rig.history(task(1)).await), 0);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_not_to_begin_before_a_moment_does_not() {
    let mut rig = Rig::new();
    let _worker = work(&rig);
    let not_before = rig.world.clock.now().plus_seconds(600.0);
    let original = BlobKey::Original { task_id: task(1) };
    rig.world.blobs.put(&original, icon(1)).await.unwrap();
    let deferred = Submission { not_before: Some(not_before), ..submitted(100) };
    rig.send(task(1), Command::Submit(deferred)).await;
    rig.submit(task(2), icon(2)).await;
    rig.until_completed(task(2)).await;
    rig.until_completed(task(1)).await;
    let events = rig.world.events().await;
    let begun = |id| {
        let is_it = |event: &&ports::event::RecordedEvent| {
            event.stream.id == id && event.event_type == "processing_started"
        };
        events.iter().find(is_it).expect("it began").recorded_at
    };
    assert!(begun(task(1)) >= not_before);
    assert!(begun(task(2)) < not_before);
}

#[tokio::test(start_paused = true)]
async fn a_paused_queue_finishes_what_is_in_hand_and_begins_nothing_until_it_is_resumed() {
    let mut rig = Rig::new();
    let gate = Gate::shut(&rig);
    let dependencies = Dependencies { blobs: gate.clone(), ..rig.world.dependencies() };
    let worker = work_on(&dependencies, ImageSettings::default());
    rig.submit(task(1), icon(1)).await;
    rig.dispatch().await;
    gate.until_inside(1).await;
    rig.world.queue.pause(rig.world.clock.now()).await.unwrap();
    rig.submit(task(2), icon(2)).await;
    gate.open.add_permits(2);
    rig.until_completed(task(1)).await;
    drop(worker);
    let _another = work_on(&dependencies, ImageSettings::default());
    sleep(Duration::from_secs(600)).await;
    assert_eq!(started(&rig.history(task(2)).await), 0);
    rig.world.queue.resume().await.unwrap();
    assert_eq!(started(&rig.until_completed(task(2)).await), 1);
}
