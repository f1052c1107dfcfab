//! Samples that wait while the processor is away: that they are late is no silence of their sensor.

use std::collections::VecDeque;

use futures::FutureExt;
use ports::samples::{SampleBatch, SampleFeed, SampleSource};
use tokio::time::{Instant, sleep_until};

use super::verdicts::publish_values;
use super::*;

/// How long each partition takes to give its first samples.
const FETCH_S: u64 = 3;

/// As a topic of two partitions that are slow to answer: what waits of motor 2 comes before what waits of the others.
struct Partitioned(Arc<dyn SampleSource>);

struct Fetching {
    inner: Box<dyn SampleFeed>,
    waiting: VecDeque<SampleBatch>,
    fetched_at: Instant,
}

#[async_trait]
impl SampleSource for Partitioned {
    async fn open(&self, from: Option<&Checkpoint>) -> Result<Box<dyn SampleFeed>, PortError> {
        let mut inner = self.0.open(from).await?;
        let all = inner.next(1_000).now_or_never().expect("samples wait")?;
        let unchanged = from.expect("it worked before").clone();
        let (first, second) = all.samples.into_iter().partition(|it| it.motor_id == motor(2));
        let batch = |samples, checkpoint| SampleBatch { samples, checkpoint };
        let waiting = [batch(first, unchanged), batch(second, all.checkpoint)].into();
        let fetched_at = Instant::now() + Duration::from_secs(FETCH_S);
        Ok(Box::new(Fetching { inner, waiting, fetched_at }))
    }

    async fn open_since(&self, since: Timestamp) -> Result<Box<dyn SampleFeed>, PortError> {
        self.0.open_since(since).await
    }
}

#[async_trait]
impl SampleFeed for Fetching {
    async fn next(&mut self, samples_max: usize) -> Result<SampleBatch, PortError> {
        if self.waiting.is_empty() {
            return self.inner.next(samples_max).await;
        }
        sleep_until(self.fetched_at).await;
        self.fetched_at += Duration::from_secs(FETCH_S);
        Ok(self.waiting.pop_front().expect("something waits"))
    }

    async fn complete_until(&mut self) -> Result<Option<Timestamp>, PortError> {
        match self.waiting.len() {
            0 => self.inner.complete_until().await,
            _ => Ok(None),
        }
    }
}

/// The first half of a window was taken when the processor went away; the second waits for the next one.
async fn half_taken() -> Rig {
    let mut rig = Rig::with_motors(2).await;
    rig.publish_block(motor(1), block(0.0, 0.6, 0.9)).await;
    {
        let _running = rig.assess();
        rig.taken_all().await;
    }
    sleep(Duration::from_secs_f64(0.6)).await;
    rig.publish_block(motor(1), block(0.6, 0.6, 0.9)).await;
    rig
}

async fn take_over(rig: &mut Rig) {
    sleep(Duration::from_secs(60)).await;
    let samples = Arc::new(Partitioned(rig.world.samples.clone()));
    let dependencies = Dependencies { samples, ..rig.dependencies() };
    let _running = rig.assess_with(dependencies, VibrationSettings::default());
    rig.taken_all().await;
    rig.wait_s(10).await;
}

/// There is the window that spans both blocks, and nothing else was said.
fn assert_spanned(rig: &Rig) {
    let readings = rig.readings.of(motor(1));
    assert!(matches!(&readings[..], [one] if velocity(one).is_some()), "{readings:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_first_fetch_is_not_the_end_of_a_measurement() {
    let mut rig = half_taken().await;
    take_over(&mut rig).await;
    assert_spanned(&rig);
}

#[tokio::test(start_paused = true)]
async fn what_another_motor_sent_later_does_not_end_a_measurement() {
    let mut rig = half_taken().await;
    sleep(Duration::from_secs(30)).await;
    rig.publish(motor(2), &value(30.6, 1.0)).await;
    take_over(&mut rig).await;
    assert_spanned(&rig);
}

#[tokio::test(start_paused = true)]
async fn a_sensor_whose_samples_wait_is_not_lost() {
    let mut rig = Rig::with_motors(2).await;
    let _teller = rig.tell();
    {
        let _running = rig.assess();
        for minute in 0..4 {
            rig.publish(motor(1), &value(60.0 * f64::from(minute), 1.0)).await;
            rig.settle().await;
            rig.wait_s(60).await;
        }
    }
    for minute in 4..10 {
        rig.publish(motor(1), &value(60.0 * f64::from(minute), 1.0)).await;
        sleep(Duration::from_secs(60)).await;
    }
    take_over(&mut rig).await;
    assert_eq!(rig.happened(motor(1)).await, ["registered", "sensor_found", "zone_changed"]);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_is_heeded_though_samples_wait() {
    let mut rig = Rig::with_motors(2).await;
    let _teller = rig.tell();
    {
        let _running = rig.assess();
        publish_values(&mut rig, 0, 5, 9.0).await;
        publish_values(&mut rig, 5, 60, 1.0).await;
    }
    rig.send(motor(1), Command::AcknowledgeAlarm {}).await;
    rig.fold().await;
    rig.publish(motor(2), &value(61.0, 1.0)).await;
    let samples = Arc::new(Partitioned(rig.world.samples.clone()));
    let dependencies = Dependencies { samples, ..rig.dependencies() };
    let _running = rig.assess_with(dependencies, VibrationSettings::default());
    rig.wait_s(2).await;
    assert_eq!(rig.taken().await, rig.published - 1, "the fetch is still under way");
    let happened = rig.happened(motor(1)).await;
    assert_eq!(happened.last().map(String::as_str), Some("alarm_cleared"), "{happened:?}");
}
