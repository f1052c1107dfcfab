//! However the samples come in batches, and whenever the processor is started anew: the outputs are the same.

use super::*;
use ports::memory::faulty::{Faults, Faulty};
use ports::samples::{SampleBatch, SampleFeed, SampleSource};

/// A baseline, an alarm a little above it, a trip that stays, and the way back: of motor 3, a value a second.
async fn publish_course(rig: &mut Rig) {
    let course = [(30, 0.9), (3, 1.65), (5, 6.0), (40, 0.1), (3, 2.0)];
    let velocities = course.into_iter().flat_map(|(count, it)| std::iter::repeat_n(it, count));
    for (at_s, velocity) in velocities.enumerate() {
        rig.publish(motor(3), &value(at_s as f64, velocity)).await;
    }
}

/// Six seconds that raise an alarm, in blocks of odd lengths, with a gap, a pause, a repetition and single values.
async fn publish(rig: &mut Rig) {
    let mut at_s = 0.0;
    for (i, duration_s) in [0.7, 0.4, 1.3, 0.2, 0.9, 1.1, 0.8, 0.6].into_iter().enumerate() {
        let velocity = if i < 2 { 0.9 } else { 6.0 };
        rig.publish_block(motor(1), block(at_s, duration_s, velocity)).await;
        rig.publish(motor(2), &value(at_s, velocity)).await;
        let pause_s = if i == 3 { 20.0 } else { 0.0 };
        at_s += duration_s + pause_s;
        sleep(Duration::from_secs_f64(duration_s + pause_s)).await;
    }
    rig.publish_block(motor(1), block(0.7, 0.4, 0.9)).await;
    publish_course(rig).await;
    sleep(Duration::from_secs(1)).await;
}

type Everything = Vec<(Vec<Reading>, Vec<serde_json::Value>, Option<String>)>;

async fn everything(rig: &mut Rig) -> Everything {
    rig.wait_s(30).await;
    let mut all = Vec::new();
    for number in [1, 2, 3] {
        all.push(rig.readings.everything(motor(number)).await);
    }
    all
}

async fn in_one_go() -> Everything {
    let mut rig = Rig::with_motors(3).await;
    publish(&mut rig).await;
    let _running = rig.assess();
    rig.taken_all().await;
    everything(&mut rig).await
}

/// Started anew whenever something was committed, reading so many samples at a time.
async fn in_pieces(batch_samples_max: usize, overlap: usize) -> Everything {
    let mut rig = Rig::with_motors(3).await;
    publish(&mut rig).await;
    let settings = VibrationSettings { batch_samples_max, ..VibrationSettings::default() };
    let samples = Arc::new(Stutter { inner: rig.world.samples.clone(), overlap });
    let dependencies = Dependencies { samples, ..rig.dependencies() };
    let mut restarts = 0;
    while rig.taken().await < rig.published {
        let before = rig.taken().await;
        let _running = rig.assess_with(dependencies.clone(), settings.clone());
        while rig.taken().await <= before {
            // The clock would wait for the last batch.
            tokio::task::yield_now().await;
        }
        restarts += 1;
        assert!(restarts < LOOKS_MAX);
    }
    // One batch to a start, so that their number does not depend on who is quick.
    assert!(restarts > 2, "{restarts}");
    let _running = rig.assess_with(dependencies, settings);
    everything(&mut rig).await
}

/// Gives the last samples again whenever it is opened, and nothing after the first batch that has new ones.
struct Stutter {
    inner: Arc<dyn SampleSource>,
    overlap: usize,
}

#[async_trait]
impl SampleSource for Stutter {
    async fn open(&self, from: Option<&Checkpoint>) -> Result<Box<dyn SampleFeed>, PortError> {
        let given: usize = from.map_or(0, |Checkpoint(text)| text.parse().unwrap());
        let from = Checkpoint(given.saturating_sub(self.overlap).to_string());
        let inner = self.inner.open(Some(&from)).await?;
        Ok(Box::new(OneBatch { inner, given }))
    }

    async fn open_since(&self, since: Timestamp) -> Result<Box<dyn SampleFeed>, PortError> {
        self.inner.open_since(since).await
    }
}

/// Falls silent once it has given more than `given` samples.
struct OneBatch {
    inner: Box<dyn SampleFeed>,
    given: usize,
}

#[async_trait]
impl SampleFeed for OneBatch {
    async fn next(&mut self, samples_max: usize) -> Result<SampleBatch, PortError> {
        if self.given == usize::MAX {
            std::future::pending::<()>().await;
        }
        let batch = self.inner.next(samples_max).await?;
        let Checkpoint(reached) = &batch.checkpoint;
        if reached.parse::<usize>().unwrap() > self.given {
            self.given = usize::MAX;
        }
        Ok(batch)
    }

    async fn complete_until(&mut self) -> Result<Option<Timestamp>, PortError> {
        self.inner.complete_until().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_at_any_batch_boundary_changes_nothing() {
    let whole = in_one_go().await;
    assert!(whole[0].0.len() > 6 && whole[0].1.len() > 3, "{:?}", whole[0].1);
    let course = serde_json::to_string(&whole[2].1).unwrap();
    for told in ["learn_baseline", "raise_alarm", "trip", "report_departure", "rise", "fall"] {
        assert!(course.contains(told), "{told} is missing in {course}");
    }
    for batch_samples_max in [1, 2, 3, 5] {
        assert_eq!(in_pieces(batch_samples_max, 0).await, whole, "{batch_samples_max}");
    }
}

#[tokio::test(start_paused = true)]
async fn samples_that_come_again_after_a_restart_change_nothing() {
    let whole = in_one_go().await;
    for (batch_samples_max, overlap) in [(4, 3), (5, 4)] {
        assert_eq!(in_pieces(batch_samples_max, overlap).await, whole, "{overlap} again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_before_and_after_its_effects_changes_nothing() {
    let whole = in_one_go().await;
    for seed in 0..5 {
        let mut rig = Rig::with_motors(3).await;
        publish(&mut rig).await;
        let faults = Faults::seeded(seed, 0.4);
        let readings = Arc::new(Faulty::over(rig.readings.clone(), &faults));
        let dependencies = Dependencies { readings, ..rig.dependencies() };
        let settings = VibrationSettings { batch_samples_max: 2, ..VibrationSettings::default() };
        let _running = rig.assess_with(dependencies, settings);
        rig.taken_all().await;
        assert_eq!(everything(&mut rig).await, whole, "seed {seed}");
        assert!(faults.injected() > 5);
    }
}

#[tokio::test(start_paused = true)]
async fn states_that_were_let_go_are_read_again() {
    let whole = in_one_go().await;
    let mut rig = Rig::with_motors(3).await;
    publish(&mut rig).await;
    let settings = VibrationSettings {
        batch_samples_max: 1,
        motors_cached_max: 1,
        ..VibrationSettings::default()
    };
    let _running = rig.assess_with(rig.dependencies(), settings);
    rig.taken_all().await;
    assert_eq!(everything(&mut rig).await, whole);
}
