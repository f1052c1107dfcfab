//! The ways to execute a command, each with as many writers as wanted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use cqrs_es::{Aggregate, CqrsFramework};
use domain::aggregate::{Decide, encode};
use domain::motor::{Command, Motor};
use infra_postgres::{PgEventRepository, PgLog};
use ports::event::Metadata;
use ports::event_store::{Append, EventStore};
use ports::stream::{StreamName, StreamVersion};
use postgres_es::{PostgresEventRepository, default_postgress_pool};
use sqlx::Executor;
use tokio::task::JoinSet;

use crate::common::Database;
use crate::motors::{key, motor, register, rename};
use crate::{Rate, pgbench};

const EVENTS_PER_MOTOR: u64 = 10;

/// The table as the crate documents it.
const TABLE_OF_THE_CRATE: &str = "
    DROP TABLE events;
    CREATE TABLE events (
        aggregate_type text NOT NULL,
        aggregate_id text NOT NULL,
        sequence bigint CHECK (sequence >= 0) NOT NULL,
        event_type text NOT NULL,
        event_version text NOT NULL,
        payload json NOT NULL,
        metadata json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence)
    );";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Ours,
    OursKeyed,
    OursByCqrs,
    CrateOurTable,
    CrateAsIs,
    Pgbench,
}

impl Way {
    pub(crate) const ALL: [Self; 6] = [
        Self::Ours,
        Self::OursKeyed,
        Self::OursByCqrs,
        Self::CrateOurTable,
        Self::CrateAsIs,
        Self::Pgbench,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::OursKeyed => "ours, keyed",
            Self::OursByCqrs => "ours, by cqrs-es",
            Self::CrateOurTable => "crate, our table",
            Self::CrateAsIs => "crate, as is",
            Self::Pgbench => "pgbench",
        }
    }

    pub(crate) async fn run(
        self,
        database: &Database,
        writers: usize,
        seconds: u64,
    ) -> Option<Rate> {
        let url = &database.settings.url;
        match self {
            Self::Ours | Self::OursKeyed => {
                let stores = database.open().await;
                let keyed = self == Self::OursKeyed;
                let write = |writer| append(Arc::clone(&stores.log), keyed, writer, seconds);
                let rate = together(writers, write).await;
                Some(rate)
            }
            Self::OursByCqrs => {
                let stores = database.open().await;
                let repository = PgEventRepository::over(Arc::clone(&stores.log));
                Some(by_cqrs(repository, writers, seconds).await)
            }
            Self::CrateOurTable => {
                let _numbering = database.open().await;
                let pool = default_postgress_pool(url).await;
                Some(by_cqrs(PostgresEventRepository::new(pool), writers, seconds).await)
            }
            Self::CrateAsIs => Some(by_cqrs(crate_as_is(database).await, writers, seconds).await),
            Self::Pgbench => {
                database.stranger().await.execute(TABLE_OF_THE_CRATE).await.unwrap();
                pgbench::run(url, writers, seconds).await
            }
        }
    }
}

/// All writers at once; how many commands they executed, and in how long.
async fn together<F>(writers: usize, write: impl Fn(u64) -> F) -> Rate
where
    F: Future<Output = u64> + Send + 'static,
{
    let start = Instant::now();
    let mut tasks: JoinSet<u64> = (0..writers as u64).map(write).collect();
    let mut commands = 0;
    while let Some(executed) = tasks.join_next().await {
        commands += executed.unwrap();
    }
    Rate { commands, seconds: start.elapsed().as_secs_f64() }
}

/// The motor that a writer's command is for, and the command.
fn wish(writer: u64, number: u64) -> (StreamName, Command) {
    let stream = motor((writer << 32) + number / EVENTS_PER_MOTOR);
    match number % EVENTS_PER_MOTOR {
        0 => (stream, register("P-101")),
        nth => (stream, rename(&format!("P-{nth}"))),
    }
}

/// Executes one command after the other on motors that it holds in memory, as the crate `commands` does.
pub(crate) struct Appender {
    log: Arc<PgLog>,
    is_keyed: bool,
    writer: u64,
    number: u64,
    state: Motor,
    version: StreamVersion,
}

impl Appender {
    pub(crate) fn new(log: Arc<PgLog>, is_keyed: bool, writer: u64) -> Self {
        let (state, version) = (Motor::default(), StreamVersion(0));
        Self { log, is_keyed, writer, number: 0, state, version }
    }

    pub(crate) async fn execute(&mut self) {
        let Self { writer, number, .. } = *self;
        if number.is_multiple_of(EVENTS_PER_MOTOR) {
            (self.state, self.version) = (Motor::default(), StreamVersion(0));
        }
        let (stream, command) = wish(writer, number);
        let events = self.state.decide(command).unwrap();
        let append = Append {
            stream,
            expected: self.version,
            events: events.iter().map(encode).collect(),
            metadata: Metadata { actor: Some("a test".to_owned()), ..Metadata::default() },
            key: self.is_keyed.then(|| key(format!("{writer}/{number}"))),
        };
        self.version = self.log.append(append).await.unwrap().version;
        events.into_iter().for_each(|event| self.state.apply(event));
        self.number += 1;
    }
}

async fn append(log: Arc<PgLog>, is_keyed: bool, writer: u64, seconds: u64) -> u64 {
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut appender = Appender::new(log, is_keyed, writer);
    while Instant::now() < end {
        appender.execute().await;
    }
    appender.number
}

/// Executes one command after the other through the framework: load, decide, persist.
pub(crate) struct ByFramework<R: PersistedEventRepository> {
    framework: Arc<Framework<R>>,
    metadata: HashMap<String, String>,
    writer: u64,
    number: u64,
}

type Framework<R> = CqrsFramework<Motor, PersistedEventStore<R, Motor>>;

impl<R: PersistedEventRepository> ByFramework<R> {
    pub(crate) fn new(framework: &Arc<Framework<R>>, writer: u64) -> Self {
        let metadata = HashMap::from([("actor".to_owned(), "a test".to_owned())]);
        Self { framework: Arc::clone(framework), metadata, writer, number: 0 }
    }

    pub(crate) async fn execute(&mut self) {
        let (stream, command) = wish(self.writer, self.number);
        let id = stream.id.to_string();
        let executed = self.framework.execute_with_metadata(&id, command, self.metadata.clone());
        executed.await.unwrap();
        self.number += 1;
    }
}

pub(crate) fn framework<R: PersistedEventRepository>(repository: R) -> Arc<Framework<R>> {
    let store = PersistedEventStore::<R, Motor>::new_event_store(repository);
    Arc::new(CqrsFramework::new(store, Vec::new(), ()))
}

/// The crate on the table that it documents.
pub(crate) async fn crate_as_is(database: &Database) -> PostgresEventRepository {
    database.stranger().await.execute(TABLE_OF_THE_CRATE).await.unwrap();
    PostgresEventRepository::new(default_postgress_pool(&database.settings.url).await)
}

async fn by_cqrs<R>(repository: R, writers: usize, seconds: u64) -> Rate
where
    R: PersistedEventRepository + 'static,
{
    let framework = framework(repository);
    let execute = |writer| {
        let mut executor = ByFramework::new(&framework, writer);
        async move {
            let end = Instant::now() + Duration::from_secs(seconds);
            while Instant::now() < end {
                executor.execute().await;
            }
            executor.number
        }
    };
    together(writers, execute).await
}
