//! Wakes the workers of this process and of others when there may be a job.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{Executor, PgPool};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tracing::warn;

const CHANNEL: &str = "atalaya_jobs";
const TELL: &str = "NOTIFY atalaya_jobs";

/// The others are told at most this often. A notification takes a lock that all committing sessions of the server
/// share for a moment, hence not one per job, and never within the transaction of a job.
const TELLING_INTERVAL_MS: u64 = 20;
/// After this long a waiting ends in any case. What was said while nobody could listen is lost.
const WAIT_MS_MAX: u64 = 2_000;
/// Between two attempts to listen.
const LISTEN_RETRY_MS: u64 = 500;

/// Rung when a job was put in or given back; heard in all processes on the same database.
pub(super) struct Bell {
    pool: PgPool,
    rings: Arc<watch::Sender<u64>>,
    to_tell: Arc<Notify>,
    /// Started when first needed: a process that only puts jobs in does not listen, and the other way round.
    teller: Mutex<Option<JoinHandle<()>>>,
    listener: Mutex<Option<JoinHandle<()>>>,
}

impl Bell {
    pub(super) fn over(pool: &PgPool) -> Self {
        Self {
            pool: pool.clone(),
            rings: Arc::default(),
            to_tell: Arc::default(),
            teller: Mutex::default(),
            listener: Mutex::default(),
        }
    }

    /// There may be a job, and it is committed.
    pub(super) fn ring(&self) {
        ring(&self.rings);
        start(&self.teller, || tell(self.pool.clone(), Arc::clone(&self.to_tell)));
        self.to_tell.notify_one();
    }

    /// Ends with the next ring after this call, or after `WAIT_MS_MAX` of waiting.
    pub(super) fn next(&self) -> impl Future<Output = ()> + Send + use<> {
        start(&self.listener, || listen(self.pool.clone(), Arc::clone(&self.rings)));
        let mut rings = self.rings.subscribe();
        async move {
            // Both an end without a ring and a closed bell leave it to the caller to look for himself.
            let _ = timeout(Duration::from_millis(WAIT_MS_MAX), rings.changed()).await;
        }
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        for task in [&mut self.teller, &mut self.listener] {
            if let Some(task) = task.get_mut().unwrap_or_else(PoisonError::into_inner) {
                task.abort();
            }
        }
    }
}

fn ring(rings: &watch::Sender<u64>) {
    rings.send_modify(|rings| *rings = rings.wrapping_add(1));
}

fn start<F: Future<Output = ()> + Send + 'static>(
    task: &Mutex<Option<JoinHandle<()>>>,
    work: impl FnOnce() -> F,
) {
    let mut task = task.lock().unwrap_or_else(PoisonError::into_inner);
    if task.as_ref().is_none_or(JoinHandle::is_finished) {
        *task = Some(tokio::spawn(work()));
    }
}

/// Tells the other processes, soon but not every time. Who is not told looks for himself after a while.
async fn tell(pool: PgPool, to_tell: Arc<Notify>) {
    loop {
        to_tell.notified().await;
        if pool.execute(TELL).await.is_err() && pool.is_closed() {
            return;
        }
        sleep(Duration::from_millis(TELLING_INTERVAL_MS)).await;
    }
}

/// Rings here for what other processes tell, for ever, on a connection of its own.
async fn listen(pool: PgPool, rings: Arc<watch::Sender<u64>>) {
    let options = (*pool.connect_options()).clone();
    let own = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    while !pool.is_closed() {
        if let Err(error) = hear(&own, &rings).await {
            warn!(reason = %error, "nothing is heard of the jobs of other processes at the moment");
        }
        sleep(Duration::from_millis(LISTEN_RETRY_MS)).await;
    }
}

async fn hear(pool: &PgPool, rings: &watch::Sender<u64>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    // Something may have been said while nobody listened.
    ring(rings);
    // Nothing more comes once the connection is lost.
    while listener.try_recv().await?.is_some() {
        ring(rings);
    }
    Ok(())
}
