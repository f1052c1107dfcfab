//! Lets the commands of one aggregate go one after another within this process.

use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// How many aggregates can be busy at a time. Two that share a lane wait for each other, which only costs time.
const LANES: usize = 1_024;

/// Waiting in line is cheaper than a conflict. Between processes the expected version decides, as it also would here.
pub(crate) struct Lanes(Vec<Mutex<()>>);

impl Lanes {
    pub(crate) fn new() -> Self {
        Self((0..LANES).map(|_| Mutex::new(())).collect())
    }

    /// Waits until it is the aggregate's turn; first come, first served.
    pub(crate) async fn turn(&self, id: Uuid) -> MutexGuard<'_, ()> {
        // The end of an id is random in version 7, and a counter in tests.
        let (_, tail) = id.as_u64_pair();
        let lane = usize::try_from(tail % LANES as u64).expect("a lane's number is small");
        self.0[lane].lock().await
    }
}
