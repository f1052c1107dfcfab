//! How the slots share the work, and how they stop.

use super::*;
use domain::picture::{Code, Failure, Limits, PRESETS};
use ports::clock::Clock;
use tokio::sync::mpsc;
use tokio::time::{Instant, advance};

use crate::picture;

const GOOD: u128 = 100;

#[tokio::test(start_paused = true)]
async fn five_pictures_are_worked_on_at_a_time_and_no_more() {
    let mut rig = Rig::new();
    let gate = Gate::shut(&rig);
    let dependencies = Dependencies { blobs: gate.clone(), ..rig.world.dependencies() };
    let _worker = work_on(&dependencies, ImageSettings::default());
    for number in 0..12 {
        rig.submit(task(number), icon(1)).await;
    }
    rig.dispatch().await;
    gate.until_inside(5).await;
    // Far beyond every lease: they are extended, and nobody else comes in.
    sleep(Duration::from_secs(600)).await;
    assert_eq!(gate.inside(), 5);
    gate.open.add_permits(12);
    for number in 0..12 {
        let history = rig.until_completed(task(number)).await;
        assert_eq!(started(&history), 1);
    }
    assert_eq!(gate.inside_max.load(Ordering::SeqCst), 5);
}

#[tokio::test(start_paused = true)]
async fn a_picture_that_breaks_its_decoder_holds_up_none_of_a_hundred_others() {
    let mut rig = Rig::new();
    let poison = icon(66);
    let broken = poison.clone();
    let render: super::super::renderer::Render = Arc::new(move |bytes, stop| {
        assert!(bytes != broken, "the decoder meets its poison");
        picture::render(bytes, &Limits::default(), &PRESETS, stop)
    });
    let _worker = work_with(&rig, render, ImageSettings::default());
    rig.submit(task(0), poison).await;
    for number in 1..=GOOD {
        rig.submit(task(number), icon(1)).await;
    }
    for number in 1..=GOOD {
        assert_eq!(started(&rig.until_completed(task(number)).await), 1);
    }
    let history = rig.until_given_up(task(0)).await;
    assert_eq!(started(&history), 4);
    let Some(ImageEvent::DeadLettered { attempts: 4, code, .. }) = history.last() else {
        panic!("{history:?}");
    };
    assert_eq!(code, "internal");
}

#[tokio::test(start_paused = true)]
async fn a_picture_whose_worker_dies_each_time_is_given_up() {
    let mut rig = Rig::new();
    let gate = Gate::shut(&rig);
    let dependencies = Dependencies { blobs: gate.clone(), ..rig.world.dependencies() };
    rig.submit(task(1), icon(1)).await;
    rig.dispatch().await;
    for _ in 0..4 {
        let worker = work_on(&dependencies, ImageSettings::default());
        gate.until_inside(1).await;
        drop(worker);
        gate.until_inside(0).await;
    }
    let _worker = work_on(&dependencies, ImageSettings::default());
    let history = rig.until_given_up(task(1)).await;
    assert_eq!((started(&history), completed(&history)), (4, 0));
    let Some(ImageEvent::DeadLettered { code, .. }) = history.last() else { panic!("{history:?}") };
    assert_eq!(code, "crashed");
}

#[tokio::test(start_paused = true)]
async fn a_decoder_that_never_ends_fails_by_the_clock_and_frees_its_slot() {
    let mut rig = Rig::new();
    let render: super::super::renderer::Render = Arc::new(|_, stop| {
        while !stop() {
            std::thread::yield_now();
        }
        Err(Failure::new(Code::Cancelled, "the work was stopped"))
    });
    let settings = ImageSettings { concurrency: 1, retries_max: 0, ..ImageSettings::default() };
    let _worker = work_with(&rig, render, settings);
    rig.submit(task(1), icon(1)).await;
    rig.submit(task(2), icon(1)).await;
    for number in [1, 2] {
        // The clock does not go by itself while a thread is busy.
        let mut history = Vec::new();
        for _ in 0..LOOKS_MAX {
            rig.dispatch().await;
            history = rig.history(task(number)).await;
            if history.len() == 4 {
                break;
            }
            advance(Duration::from_millis(500)).await;
            tokio::task::yield_now().await;
        }
        let ImageEvent::DeadLettered { code, .. } = &history[3] else { panic!("{history:?}") };
        assert_eq!(code, "timeout");
    }
}

#[tokio::test(start_paused = true)]
async fn a_picture_that_hangs_its_decoder_holds_up_none_of_a_hundred_others() {
    let mut rig = Rig::new();
    let poison = icon(66);
    let hangs = poison.clone();
    let (tell, mut told) = mpsc::unbounded_channel();
    let render: super::super::renderer::Render = Arc::new(move |bytes, stop| {
        while bytes == hangs && !stop() {
            std::thread::yield_now();
        }
        let rendered = picture::render(bytes, &Limits::default(), &PRESETS, stop);
        let _ = tell.send(());
        rendered
    });
    let _worker = work_with(&rig, render, ImageSettings::default());
    let began = Instant::now();
    for number in 0..=GOOD {
        rig.submit(task(number), if number == 0 { poison.clone() } else { icon(1) }).await;
    }
    rig.dispatch().await;
    for _ in 1..=GOOD {
        told.recv().await.expect("the worker goes on");
    }
    for number in 1..=GOOD {
        let mut looks = 0;
        while completed(&rig.history(task(number)).await) == 0 {
            tokio::task::yield_now().await;
            looks += 1;
            assert!(looks < LOOKS_MAX, "it was rendered, but is not completed");
        }
        assert_eq!(started(&rig.history(task(number)).await), 1);
    }
    assert_eq!(began.elapsed(), Duration::ZERO, "nobody waited for the one that hangs");
    assert_eq!(rig.history(task(0)).await.len(), 2, "which is still at it");
    advance(Duration::from_secs(31)).await;
    told.recv().await.expect("it was told to stop");
}

#[tokio::test(start_paused = true)]
async fn draining_finishes_what_is_in_hand_and_takes_nothing_more() {
    let mut rig = Rig::new();
    let gate = Gate::shut(&rig);
    let dependencies = Dependencies { blobs: gate.clone(), ..rig.world.dependencies() };
    let settings = ImageSettings { concurrency: 2, ..ImageSettings::default() };
    let mut worker = work_on(&dependencies, settings);
    for number in 0..3 {
        rig.submit(task(number), icon(1)).await;
    }
    rig.dispatch().await;
    gate.until_inside(2).await;
    worker.drain.send_replace(true);
    sleep(Duration::from_secs(1)).await;
    gate.open.add_permits(3);
    (&mut worker.handle).await.unwrap();
    let mut ended = Vec::new();
    for number in 0..3 {
        ended.push(completed(&rig.history(task(number)).await));
    }
    assert_eq!(ended, [1, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_takes_longer_than_the_grace_period_is_given_back() {
    let mut rig = Rig::new();
    let gate = Gate::shut(&rig);
    let dependencies = Dependencies { blobs: gate.clone(), ..rig.world.dependencies() };
    let mut worker = work_on(&dependencies, ImageSettings::default());
    rig.submit(task(1), icon(1)).await;
    rig.dispatch().await;
    gate.until_inside(1).await;
    let began = Instant::now();
    worker.drain.send_replace(true);
    (&mut worker.handle).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 20);
    let queue: &dyn ports::work_queue::WorkQueue = &*rig.world.queue;
    let available_at = queue.next_available_at().await.unwrap().expect("the job is still there");
    assert!(available_at <= rig.world.clock.now(), "and can be received at once");
}
