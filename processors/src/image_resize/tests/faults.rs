//! Ports that fail, before or after their effect: the outputs are whole, and completed once.

use super::*;
use domain::time::Timestamp;
use futures::future::BoxFuture;
use ports::memory::faulty::{Faults, Faulty};
use ports::work_queue::{Job, Lease, Overview, WorkQueue};

use crate::backoff::Backoff;
use crate::testing::Bus;

const TASKS: u128 = 12;

/// The same ports, each failing as `faults` says.
fn unreliable(rig: &Rig, faults: &Arc<Faults>) -> Dependencies {
    let world = &rig.world;
    Dependencies {
        bus: Bus::over(Arc::new(Faulty::over(world.log.clone(), faults))),
        blobs: Arc::new(Faulty::over(world.blobs.clone(), faults)),
        queue: Arc::new(Faulty::over(world.queue.clone(), faults)),
        ..world.dependencies()
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_for_a_while_costs_attempts_but_no_picture() {
    let mut rig = Rig::new();
    let faults = Faults::seeded(1, 1.0);
    let blobs = Arc::new(Faulty::over(rig.world.blobs.clone(), &faults));
    let dependencies = Dependencies { blobs, ..rig.world.dependencies() };
    let _worker = work_on(&dependencies, ImageSettings::default());
    rig.submit(task(1), icon(1)).await;
    let twice = |event: &ImageEvent| matches!(event, ImageEvent::AttemptFailed { attempt: 2, .. });
    rig.until(task(1), twice).await;
    faults.set_rate(0.0);
    let history = rig.until_completed(task(1)).await;
    assert_eq!((started(&history), completed(&history)), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn whatever_fails_the_outputs_are_whole_and_completed_once() {
    for seed in 0..6 {
        let mut rig = Rig::new();
        let faults = Faults::seeded(seed, 0.25);
        let settings = ImageSettings {
            retries_max: 1_000,
            retry: Backoff { first_s: 0.5, max_s: 2.0 },
            ..ImageSettings::default()
        };
        let _worker = work_on(&unreliable(&rig, &faults), settings);
        for number in 0..TASKS {
            rig.submit(task(number), icon(1)).await;
        }
        for number in 0..TASKS {
            let history = rig.until_completed(task(number)).await;
            assert_eq!((completed(&history), produced(&history).len()), (1, 2), "seed {seed}");
            for variant in produced(&history) {
                let bytes = rig.variant(task(number), &variant.name).await.expect("it is stored");
                assert_eq!(bytes.len() as u64, variant.bytes);
            }
        }
        assert!(faults.injected() > 20, "seed {seed}: {}", faults.injected());
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_lost_its_lease_unnoticed_cannot_complete() {
    let mut rig = Rig::new();
    let [zombies, living] = [Gate::shut(&rig), Gate::shut(&rig)];
    let deaf = Arc::new(Deaf(rig.world.queue.clone()));
    let dependencies =
        Dependencies { blobs: zombies.clone(), queue: deaf, ..rig.world.dependencies() };
    let alone = ImageSettings { concurrency: 1, ..ImageSettings::default() };
    let _zombie = work_on(&dependencies, alone.clone());
    rig.submit(task(1), icon(1)).await;
    rig.dispatch().await;
    zombies.until_inside(1).await;
    let dependencies = Dependencies { blobs: living.clone(), ..rig.world.dependencies() };
    let _worker = work_on(&dependencies, alone);
    living.until_inside(1).await;
    zombies.open.add_permits(1);
    sleep(Duration::from_secs(5)).await;
    let rendered = rig.variant(task(1), "800x800.jpg").await;
    assert!(rendered.is_some(), "the zombie went all the way");
    assert_eq!(completed(&rig.history(task(1)).await), 0, "to the end of an attempt long over");
    living.open.add_permits(1);
    let history = rig.until_completed(task(1)).await;
    assert_eq!((started(&history), completed(&history)), (2, 1));
    assert_eq!(rig.variant(task(1), "800x800.jpg").await, rendered);
}

/// A queue that says that the lease still holds, whatever is true.
struct Deaf(Arc<dyn WorkQueue>);

#[async_trait]
impl WorkQueue for Deaf {
    async fn put(&self, job: Job, available_at: Timestamp) -> Result<(), PortError> {
        self.0.put(job, available_at).await
    }

    async fn receive(
        &self,
        jobs_max: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Lease>, PortError> {
        self.0.receive(jobs_max, now, lease_until).await
    }

    async fn acknowledge(&self, lease: &Lease) -> Result<bool, PortError> {
        self.0.acknowledge(lease).await
    }

    async fn release(&self, lease: &Lease, available_at: Timestamp) -> Result<bool, PortError> {
        self.0.release(lease, available_at).await
    }

    async fn reject(&self, lease: &Lease) -> Result<bool, PortError> {
        self.0.reject(lease).await
    }

    async fn extend(&self, _: &Lease, _: Timestamp) -> Result<bool, PortError> {
        Ok(true)
    }

    async fn withdraw(&self, id: Uuid) -> Result<(), PortError> {
        self.0.withdraw(id).await
    }

    async fn next_available_at(&self) -> Result<Option<Timestamp>, PortError> {
        self.0.next_available_at().await
    }

    async fn pause(&self, now: Timestamp) -> Result<(), PortError> {
        self.0.pause(now).await
    }

    async fn resume(&self) -> Result<(), PortError> {
        self.0.resume().await
    }

    async fn overview(&self, now: Timestamp) -> Result<Overview, PortError> {
        self.0.overview(now).await
    }

    fn wait_for_job(&self) -> BoxFuture<'_, Result<(), PortError>> {
        self.0.wait_for_job()
    }
}
