//! Those who write: we, an unmodified postgres-es, and other programs that roll back or stall.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{AggregateError, EventStore as _};
use domain::motor::Motor;
use infra_postgres::PgLog;
use ports::event::NewEvent;
use ports::event_store::{Append, AppendError, EventStore};
use ports::stream::StreamVersion;
use postgres_es::{PostgresEventRepository, default_postgress_pool};
use sqlx::{Connection, PgConnection, PgTransaction};

use crate::motors::{append, event, motor, registered};

/// All writers but the stalling ones share so many streams.
const STREAMS: u64 = 400;
/// Foreign transactions that are rolled back.
const ROLLED_BACK_PERCENT: u64 = 15;

const INSERT: &str = "INSERT INTO events
    (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
    SELECT 'motor', $1, coalesce(max(sequence), 0) + 1, 'registered', '1', $2::text::json, '{}'
    FROM events WHERE aggregate_type = 'motor' AND aggregate_id = $1";

/// What is shared by all writers.
#[derive(Debug, Default)]
pub(crate) struct Storm {
    enough: u64,
    pub(crate) ours: AtomicU64,
    pub(crate) by_crate: AtomicU64,
    pub(crate) foreign: AtomicU64,
    pub(crate) conflicts: AtomicU64,
    pub(crate) rolled_back: AtomicU64,
    pub(crate) stalled: AtomicU64,
}

/// An append of ours that was acknowledged: where its last event is, by stream and version.
pub(crate) struct Acknowledged {
    pub(crate) position: u64,
    pub(crate) stream: String,
    pub(crate) version: u64,
}

impl Storm {
    pub(crate) fn of(events: u64) -> Self {
        Self { enough: events, ..Self::default() }
    }

    /// Everything that has to have happened for it to be a storm.
    pub(crate) fn all(&self) -> [&AtomicU64; 6] {
        let Self { ours, by_crate, foreign, conflicts, rolled_back, stalled, .. } = self;
        [ours, by_crate, foreign, conflicts, rolled_back, stalled]
    }

    fn goes_on(&self) -> bool {
        let written = [&self.ours, &self.by_crate, &self.foreign].map(|count| count.load(Relaxed));
        written.iter().sum::<u64>() < self.enough
    }
}

/// One to four events at a time to streams that everybody writes to.
pub(crate) async fn ours(log: Arc<PgLog>, storm: Arc<Storm>, seed: u64) -> Vec<Acknowledged> {
    let mut random = Random::new(seed);
    let mut known: HashMap<u64, StreamVersion> = HashMap::new();
    let (mut acknowledged, mut again) = (Vec::new(), None);
    while storm.goes_on() {
        let number = again.take().unwrap_or_else(|| random.below(STREAMS));
        let expected = known.get(&number).copied().unwrap_or_default();
        let events = vec![event(); 1 + random.below(4) as usize];
        let carried = events.len() as u64;
        match log.append(Append { events, ..append(motor(number), expected.0) }).await {
            Ok(end) => {
                storm.ours.fetch_add(carried, Relaxed);
                known.insert(number, end.version);
                let stream = motor(number).to_string();
                let (position, version) = (end.position.0, end.version.0);
                acknowledged.push(Acknowledged { position, stream, version });
            }
            Err(AppendError::Conflict { actual, .. }) => {
                storm.conflicts.fetch_add(1, Relaxed);
                known.insert(number, actual);
                again = Some(number);
            }
            Err(AppendError::Unavailable(_)) => {
                storm.stalled.fetch_add(1, Relaxed);
            }
            Err(AppendError::Repeated(_)) => panic!("no command carried a key"),
        }
    }
    acknowledged
}

/// What somebody else's service does: load, decide, commit, by the crates as they are.
pub(crate) async fn unmodified_crate(url: String, storm: Arc<Storm>) -> Vec<Acknowledged> {
    let repository = PostgresEventRepository::new(default_postgress_pool(&url).await);
    let store = PersistedEventStore::<_, Motor>::new_event_store(repository);
    let mut random = Random::new(1_000);
    while storm.goes_on() {
        let id = motor(random.below(STREAMS)).id.to_string();
        let loaded = store.load_aggregate(&id).await.expect("it can be read");
        match store.commit(vec![registered("P-101")], loaded, HashMap::new()).await {
            Ok(events) => _ = storm.by_crate.fetch_add(events.len() as u64, Relaxed),
            Err(AggregateError::AggregateConflict) => _ = storm.conflicts.fetch_add(1, Relaxed),
            Err(other) => panic!("{other}"),
        }
    }
    Vec::new()
}

/// Transactions that write to one or two streams, think for up to 3 ms, and sometimes change their mind.
pub(crate) async fn foreign(
    mut connection: PgConnection,
    storm: Arc<Storm>,
    seed: u64,
) -> Vec<Acknowledged> {
    let mut random = Random::new(2_000 + seed);
    while storm.goes_on() {
        let mut open = connection.begin().await.expect("a transaction");
        let (first, rows) = (random.below(STREAMS), 1 + random.below(2));
        let mut written = true;
        for row in 0..rows {
            written = written && insert(&mut open, (first + row) % STREAMS).await;
        }
        if written {
            let pause = sqlx::query("SELECT pg_sleep($1)").bind(random.below(4) as f64 / 1e3);
            pause.execute(&mut *open).await.expect("a pause");
        }
        if !written || random.below(100) < ROLLED_BACK_PERCENT {
            open.rollback().await.expect("a roll-back");
            storm.rolled_back.fetch_add(1, Relaxed);
        } else {
            open.commit().await.expect("a commit");
            storm.foreign.fetch_add(rows, Relaxed);
        }
    }
    Vec::new()
}

/// Transactions that write to a stream and then do nothing for three quarters of a second.
pub(crate) async fn stalling(mut connection: PgConnection, storm: Arc<Storm>) -> Vec<Acknowledged> {
    let mut random = Random::new(3_000);
    while storm.goes_on() {
        let mut open = connection.begin().await.expect("a transaction");
        let written = insert(&mut open, random.below(STREAMS)).await;
        if written {
            sqlx::query("SELECT pg_sleep(0.75)").execute(&mut *open).await.expect("a pause");
            open.commit().await.expect("a commit");
            storm.foreign.fetch_add(1, Relaxed);
        } else {
            open.rollback().await.expect("a roll-back");
        }
    }
    Vec::new()
}

/// The next event of a stream; `false` when somebody else was first, and the transaction has failed.
async fn insert(open: &mut PgTransaction<'_>, number: u64) -> bool {
    let NewEvent { data, .. } = event();
    let payload = format!(r#"{{"data":{data},"type":"registered"}}"#);
    let id = motor(number).id.to_string();
    let inserted = sqlx::query(INSERT).bind(id).bind(payload).execute(&mut **open).await;
    match inserted {
        Ok(_) => true,
        Err(error) => {
            let code = error.as_database_error().and_then(|told| told.code());
            // The stream has moved on, or two transactions wait for one another.
            assert!(matches!(code.as_deref(), Some("23505" | "40P01")), "{error}");
            false
        }
    }
}

/// Numbers that look random and are the same in every run (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }
}
