//! The events of all streams, and the commands that led to them.

mod append;
mod appender;
mod batch;
mod blocked;
mod command_records;
mod event_log;
mod event_row;
mod event_store;
mod lane;
mod naming;
mod signals;
mod worker;

use std::sync::Arc;

use ports::PortError;
use sqlx::PgPool;

use crate::connect;
use crate::error::Attempt;
use crate::settings::Settings;
use appender::Appender;
use signals::{Listening, Signals};

pub(crate) use append::{Outcome, Wish, WishedEvent};
pub use appender::AppendCounts;

const HEAD: &str = include_str!("../sql/log/head.sql");

/// How many events of foreign writers get their positions in one step, so that nobody waits long behind it.
const FOREIGN_EVENTS_PER_STEP_MAX: i64 = 2_000;

/// `EventStore` and `EventLog` over the table of postgres-es. Any number of processes may have it open.
///
/// Events of an unmodified postgres-es are part of the log: they get their positions with the next append, or
/// within a quarter of a second. An aggregate type that is no category, or an id that is no UUID in its usual
/// form, appears as a stream `foreign-…` or under an id derived from it (see `naming`): its events go by in the
/// log, where nothing is skipped, but such a stream cannot be read or written by name.
pub struct PgLog {
    pool: PgPool,
    appender: Appender,
    signals: Arc<Signals>,
    listening: Listening,
    command_records_days_max: u32,
}

impl PgLog {
    pub(crate) async fn open(pool: &PgPool, settings: &Settings) -> Result<Self, PortError> {
        let head: i64 = connect::retrying(pool, || sqlx::query_scalar(HEAD).fetch_one(pool))
            .await
            .attempt(|| "opening the log".to_owned())?;
        let options = connect::options(settings).attempt(|| "opening the log".to_owned())?;
        let signals = Arc::new(Signals::starting_at(head));
        Ok(Self {
            pool: pool.clone(),
            appender: Appender::start(options.clone(), settings, Arc::clone(&signals)),
            listening: Listening::start(pool, options, &signals),
            signals,
            command_records_days_max: settings.command_records_days_max,
        })
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub(crate) fn appender(&self) -> &Appender {
        &self.appender
    }

    pub(crate) async fn close(&self) {
        self.appender.close().await;
        self.listening.stop();
    }

    /// How much was appended, and in how many transactions.
    pub fn counts(&self) -> AppendCounts {
        self.appender.counts()
    }
}
