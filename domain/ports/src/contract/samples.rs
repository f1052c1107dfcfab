//! Samples and their readers. Others may publish meanwhile: a clause looks at its own motors only.

mod complete;

use domain::vibration::{Axis, Measurement, SampleBlock, Statistic, Unit};
use futures::FutureExt;
use uuid::Uuid;

use super::{beside, fresh_id, in_parallel, in_time};
use crate::checkpoint::Checkpoint;
use crate::samples::{Sample, SampleFeed, SampleSource, Samples};
use domain::time::Timestamp;

pub use complete::{
    a_feed_that_gave_all_is_complete, what_comes_in_meanwhile_is_not_complete,
    what_waits_is_not_complete,
};

/// Makes one test per clause; the subject implements [`Samples`] and [`SampleSource`].
#[macro_export]
macro_rules! samples_contract {
    ($($subject:tt)+) => {
        $crate::contract_clauses! { samples ($($subject)+)
            a_sample_comes_out_as_it_went_in,
            samples_of_one_motor_keep_their_order,
            motors_published_at_once_keep_their_own_order,
            a_batch_is_not_larger_than_asked_for,
            resuming_from_a_checkpoint_gives_exactly_the_rest,
            a_feed_since_a_time_has_all_that_came_in_since,
            two_feeds_do_not_take_from_each_other,
            a_feed_wakes_when_a_sample_comes,
            dropping_next_loses_nothing,
            a_feed_that_gave_all_is_complete,
            what_waits_is_not_complete,
            what_comes_in_meanwhile_is_not_complete,
        }
    };
}

/// Where samples go in, and where they come out.
pub trait BothEnds: Send + Sync {
    fn samples(&self) -> &dyn Samples;
    fn source(&self) -> &dyn SampleSource;
}

impl<T: Samples + SampleSource> BothEnds for T {
    fn samples(&self) -> &dyn Samples {
        self
    }

    fn source(&self) -> &dyn SampleSource {
        self
    }
}

pub async fn a_sample_comes_out_as_it_went_in(ends: &dyn BothEnds) {
    let motor = fresh_id();
    let block = SampleBlock {
        sensor: "DE".to_owned(),
        axis: Axis::RadialH,
        unit: Unit::StandardGravity,
        sample_rate_hz: 12_800.5,
        started_at: Timestamp::from_micros(1_767_225_600_123_456),
        speed_rpm: Some(1_480.25),
        samples: vec![0.1, -0.0, f32::MIN_POSITIVE, f32::MAX, -1.5e-39],
    };
    let sent = [Sample::Block(block), numbered(3)];
    for sample in &sent {
        ends.samples().publish(motor, sample).await.unwrap();
    }
    let mut feed = ends.source().open(None).await.unwrap();
    let received = take(&mut *feed, &[motor], 2).await;
    assert_eq!(received.iter().map(|(_, sample)| sample.clone()).collect::<Vec<_>>(), sent);
    let Sample::Block(block) = &received[0].1 else { panic!("a block went in") };
    assert_eq!(block.samples[1].to_bits(), (-0.0_f32).to_bits(), "every bit is kept");
}

pub async fn samples_of_one_motor_keep_their_order(ends: &dyn BothEnds) {
    let motors = [fresh_id(), fresh_id()];
    for n in 0..50 {
        for motor in motors {
            ends.samples().publish(motor, &numbered(n)).await.unwrap();
        }
    }
    let mut feed = ends.source().open(None).await.unwrap();
    let received = take(&mut *feed, &motors, 100).await;
    for motor in motors {
        assert_eq!(numbers_of(&received, motor), (0..50).collect::<Vec<_>>());
    }
}

pub async fn motors_published_at_once_keep_their_own_order(ends: &dyn BothEnds) {
    let motors: Vec<_> = (0..8).map(|_| fresh_id()).collect();
    let publish = |&motor: &Uuid| async move {
        for n in 0..20 {
            ends.samples().publish(motor, &numbered(n)).await.unwrap();
        }
    };
    in_parallel(motors.iter().map(publish).collect()).await;
    let mut feed = ends.source().open(None).await.unwrap();
    let received = take(&mut *feed, &motors, 160).await;
    for motor in motors {
        assert_eq!(numbers_of(&received, motor), (0..20).collect::<Vec<_>>());
    }
}

pub async fn a_batch_is_not_larger_than_asked_for(ends: &dyn BothEnds) {
    let motor = fresh_id();
    publish(ends, motor, 0..10).await;
    let mut feed = ends.source().open(None).await.unwrap();
    let mut own = 0;
    while own < 10 {
        let batch = in_time(feed.next(3)).await.unwrap();
        assert!(batch.samples.len() <= 3);
        own += batch.samples.iter().filter(|sample| sample.motor_id == motor).count();
    }
}

pub async fn resuming_from_a_checkpoint_gives_exactly_the_rest(ends: &dyn BothEnds) {
    let motor = fresh_id();
    publish(ends, motor, 0..10).await;
    let mut checkpoints = vec![(0, None)];
    let mut feed = ends.source().open(None).await.unwrap();
    let mut own = 0;
    while own < 10 {
        let batch = in_time(feed.next(3)).await.unwrap();
        own += batch.samples.iter().filter(|sample| sample.motor_id == motor).count();
        checkpoints.push((own, Some(batch.checkpoint)));
    }
    publish(ends, motor, 10..12).await;
    for (given, checkpoint) in checkpoints {
        let rest: Vec<_> = (given as u64..12).collect();
        let mut feed = ends.source().open(checkpoint.as_ref()).await.unwrap();
        let received = take(&mut *feed, &[motor], rest.len()).await;
        assert_eq!(numbers_of(&received, motor), rest, "after {given}");
    }
}

pub async fn a_feed_since_a_time_has_all_that_came_in_since(ends: &dyn BothEnds) {
    let motor = fresh_id();
    publish(ends, motor, 0..10).await;
    let mut feed = ends.source().open(None).await.unwrap();
    let mut came = Vec::new();
    while came.len() < 10 {
        let batch = in_time(feed.next(7)).await.unwrap();
        let own = batch.samples.into_iter().filter(|received| received.motor_id == motor);
        came.extend(own.map(|received| received.received_at));
    }
    for since in [came[0], came[4], came[9]] {
        let wanted = came.iter().filter(|at| **at >= since).count();
        let mut feed = ends.source().open_since(since).await.unwrap();
        let received = take(&mut *feed, &[motor], wanted).await;
        let numbers = numbers_of(&received, motor);
        let first = numbers[0];
        assert!(first <= 10 - wanted as u64, "{first} came after {since}");
        assert_eq!(numbers, (first..first + numbers.len() as u64).collect::<Vec<_>>());
    }
}

pub async fn two_feeds_do_not_take_from_each_other(ends: &dyn BothEnds) {
    let motor = fresh_id();
    let mut one = ends.source().open(None).await.unwrap();
    let mut other = ends.source().open(None).await.unwrap();
    publish(ends, motor, 0..5).await;
    for feed in [&mut one, &mut other] {
        let received = take(&mut **feed, &[motor], 5).await;
        assert_eq!(numbers_of(&received, motor), [0, 1, 2, 3, 4]);
    }
}

pub async fn a_feed_wakes_when_a_sample_comes(ends: &dyn BothEnds) {
    let motor = fresh_id();
    let mut feed = ends.source().open(Some(&end(ends).await)).await.unwrap();
    for n in 0..20 {
        let sample = numbered(n);
        let motors = [motor];
        let wait = take(&mut *feed, &motors, 1);
        let (received, published) = beside(wait, ends.samples().publish(motor, &sample)).await;
        published.unwrap();
        assert_eq!(numbers_of(&received, motor), [n]);
    }
}

pub async fn dropping_next_loses_nothing(ends: &dyn BothEnds) {
    let motor = fresh_id();
    let mut feed = ends.source().open(Some(&end(ends).await)).await.unwrap();
    let mut received = Vec::new();
    for n in 0..20 {
        // Dropped while it waits, then again when there is something; what it gave at once counts as given.
        for published in [false, true] {
            if published {
                publish(ends, motor, n..n + 1).await;
            }
            let given = feed.next(10).now_or_never().map_or(Vec::new(), |it| it.unwrap().samples);
            received.extend(given.into_iter().map(|sample| (sample.motor_id, sample.sample)));
        }
    }
    let missing = 20 - numbers_of(&received, motor).len();
    received.extend(take(&mut *feed, &[motor], missing).await);
    assert_eq!(numbers_of(&received, motor), (0..20).collect::<Vec<_>>());
}

/// A value that tells its number.
fn numbered(n: u64) -> Sample {
    Sample::Measurement(Measurement {
        sensor: "NDE".to_owned(),
        axis: Axis::Axial,
        unit: Unit::MillimetrePerSecond,
        started_at: Timestamp::from_micros(1_767_225_600_000_000),
        speed_rpm: None,
        statistic: Statistic::Rms,
        value: n as f64,
    })
}

async fn publish(ends: &dyn BothEnds, motor: Uuid, numbers: std::ops::Range<u64>) {
    for n in numbers {
        ends.samples().publish(motor, &numbered(n)).await.unwrap();
    }
}

/// A checkpoint after everything that was there before the call.
async fn end(ends: &dyn BothEnds) -> Checkpoint {
    let mark = fresh_id();
    publish(ends, mark, 0..1).await;
    let mut feed = ends.source().open(None).await.unwrap();
    loop {
        let batch = in_time(feed.next(100)).await.unwrap();
        if batch.samples.iter().any(|received| received.motor_id == mark) {
            return batch.checkpoint;
        }
    }
}

/// Reads on until it has `count` samples of these motors.
async fn take(feed: &mut dyn SampleFeed, motors: &[Uuid], count: usize) -> Vec<(Uuid, Sample)> {
    let mut own = Vec::new();
    while own.len() < count {
        let batch = in_time(feed.next(7)).await.unwrap();
        let samples = batch.samples.into_iter();
        let wanted = samples.filter(|received| motors.contains(&received.motor_id));
        own.extend(wanted.map(|received| (received.motor_id, received.sample)));
    }
    own
}

fn numbers_of(received: &[(Uuid, Sample)], motor: Uuid) -> Vec<u64> {
    let number = |(id, sample): &(Uuid, Sample)| match sample {
        Sample::Measurement(measurement) if *id == motor => Some(measurement.value as u64),
        _ => None,
    };
    received.iter().filter_map(number).collect()
}
