//! Tells those who wait for the log that its head has moved, whichever process moved it.
//!
//! ```text
//! own commits ─────────────▶ head ──▶ whoever waits
//!      └─▶ NOTIFY, at most 200 a second, apart from all appends
//! others' NOTIFY ──LISTEN──▶ head
//! every 250 ms: number what foreign writers have committed, and look at the head
//! ```

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::warn;

use super::FOREIGN_EVENTS_PER_STEP_MAX;
use crate::connect::retrying;
use crate::numbers::natural;

const CHANNEL: &str = "log_head";
const NOTIFY_HEAD: &str = include_str!("../../sql/log/notify_head.sql");
const NUMBER_FOREIGN: &str = include_str!("../../sql/log/number_foreign.sql");

/// How long a moved head may go unnoticed when notifications fail.
const POLL_MS: u64 = 250;
/// How long the next notification waits for company. An event that follows upon another one is waited for as well.
const NOTIFY_PAUSE_MS: u64 = 5;
/// How long to wait before listening again.
const LISTEN_RETRY_MS: u64 = 500;

/// What this process knows of the head.
pub(super) struct Signals {
    head: watch::Sender<u64>,
    /// The newest position that this process has committed.
    own: watch::Sender<u64>,
}

impl Signals {
    pub(super) fn starting_at(head: i64) -> Self {
        let head = natural(head);
        Self { head: watch::Sender::new(head), own: watch::Sender::new(head) }
    }

    /// This process has committed events up to `position`.
    pub(super) fn committed(&self, position: u64) {
        self.seen(position);
        raise(&self.own, position);
    }

    /// Everything up to `position` is committed.
    pub(super) fn seen(&self, position: u64) {
        raise(&self.head, position);
    }

    pub(super) fn head(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }
}

fn raise(known: &watch::Sender<u64>, position: u64) {
    known.send_if_modified(|known| {
        let higher = position > *known;
        *known = position.max(*known);
        higher
    });
}

/// The tasks that keep the head in sight. They end with this.
pub(super) struct Listening {
    tasks: std::sync::Mutex<JoinSet<()>>,
}

impl Listening {
    pub(super) fn start(pool: &PgPool, options: PgConnectOptions, signals: &Arc<Signals>) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(poll(pool.clone(), Arc::clone(signals)));
        tasks.spawn(notify(pool.clone(), signals.own.subscribe()));
        tasks.spawn(listen(options, Arc::clone(signals)));
        Self { tasks: std::sync::Mutex::new(tasks) }
    }

    pub(super) fn stop(&self) {
        self.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).abort_all();
    }
}

async fn poll(pool: PgPool, signals: Arc<Signals>) {
    let mut failing = false;
    loop {
        let number = || {
            sqlx::query_scalar::<_, i64>(NUMBER_FOREIGN)
                .bind(FOREIGN_EVENTS_PER_STEP_MAX)
                .fetch_one(&pool)
        };
        match retrying(&pool, number).await {
            Ok(head) => {
                failing = false;
                signals.seen(natural(head));
            }
            Err(error) if !failing => {
                failing = true;
                warn!("the head of the log cannot be seen: {error}");
            }
            Err(_) => {}
        }
        sleep(Duration::from_millis(POLL_MS)).await;
    }
}

async fn notify(pool: PgPool, mut own: watch::Receiver<u64>) {
    while own.changed().await.is_ok() {
        let head = own.borrow_and_update().to_string();
        // Whoever misses it polls.
        let _ = sqlx::query(NOTIFY_HEAD).bind(head).execute(&pool).await;
        sleep(Duration::from_millis(NOTIFY_PAUSE_MS)).await;
    }
}

async fn listen(options: PgConnectOptions, signals: Arc<Signals>) {
    loop {
        if let Err(error) = listen_until_broken(&options, &signals).await {
            warn!("the log is polled until notifications come again: {error}");
        }
        sleep(Duration::from_millis(LISTEN_RETRY_MS)).await;
    }
}

async fn listen_until_broken(
    options: &PgConnectOptions,
    signals: &Signals,
) -> Result<(), sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    while let Some(notification) = listener.try_recv().await? {
        if let Ok(head) = notification.payload().parse() {
            signals.seen(head);
        }
    }
    Ok(())
}
