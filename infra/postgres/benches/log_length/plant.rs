//! A log with a history, and the documents of what is added to it.

use std::sync::Arc;
use std::time::Instant;

use domain::aggregate::encode;
use domain::motor::MotorEvent;
use infra_mongo::{MongoDocuments, MongoSettings};
use infra_postgres::PgStores;
use ports::event::Metadata;
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{Append, EventStore};
use ports::handler::EventHandler;
use ports::read_models::ReadModels;
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use ports::subscription::progress_at;
use projections::{ProjectionKind, VibrationTrend, collection};
use tokio::task::JoinSet;

use crate::common::Database;
use crate::history::History;

const WRITERS: u64 = 64;
const APPENDS_PER_WRITER: u64 = 250;
const DOCUMENTS: usize = 200;

pub(crate) struct Plant {
    history: History,
    stores: PgStores,
    models: Arc<MongoDocuments>,
    handler: Arc<dyn EventHandler>,
    /// How many events each motor of a writer has after its history.
    added: u64,
    /// The same of the motor whose document is waited for.
    followed: u64,
    database: Database,
}

/// What one turn came to.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) appends_per_s: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

impl Plant {
    /// `None` where a service is missing.
    pub(crate) async fn with(history: History) -> Option<Self> {
        let mut settings = MongoSettings::at(services::mongodb()?);
        settings.collection_prefix = format!("{}_", services::fresh_name("length"));
        let database = Database::fresh().await?;
        let stores = database.open().await;
        let store: Arc<dyn EventStore> = stores.log.clone();
        history.write(&store).await;
        let models = Arc::new(MongoDocuments::open(&settings).await.unwrap());
        models.ensure(&collection::<VibrationTrend>(1)).await.unwrap();
        let handler = trend().projector(1, models.clone());
        Some(Self { history, stores, models, handler, added: 0, followed: 0, database })
    }

    /// What the server would do in the background after an import is done now.
    pub(crate) async fn settle(&self) {
        let mut connection = self.database.stranger().await;
        for command in ["VACUUM (ANALYZE)", "CHECKPOINT"] {
            sqlx::query(command).execute(&mut connection).await.unwrap();
        }
    }

    pub(crate) fn history(&self) -> History {
        self.history
    }

    pub(crate) async fn measured(&mut self) -> Measured {
        let begun = Instant::now();
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (log, history, added) = (Arc::clone(&self.stores.log), self.history, self.added);
            writers.spawn(async move {
                for n in 0..APPENDS_PER_WRITER {
                    log.append(relocation(history, writer, added + n)).await.unwrap();
                }
            });
        }
        writers.join_all().await;
        self.added += APPENDS_PER_WRITER;
        let appends = (WRITERS * APPENDS_PER_WRITER) as f64;
        let appends_per_s = appends / begun.elapsed().as_secs_f64();
        let mut waits = self.documents().await;
        waits.sort_by(f64::total_cmp);
        let quantile = |part: usize| waits[waits.len() * part / 100];
        Measured { appends_per_s, p50_ms: quantile(50), p99_ms: quantile(99) }
    }

    /// How long each document took, in milliseconds.
    async fn documents(&mut self) -> Vec<f64> {
        let mut waits = Vec::with_capacity(DOCUMENTS);
        let mut after = self.stores.log.head().await.unwrap();
        for n in 0..DOCUMENTS as u64 {
            let begun = Instant::now();
            // A motor that none of the writers has.
            let append = relocation(self.history, WRITERS, self.followed + n);
            let position = self.stores.log.append(append).await.unwrap().position;
            after = self.stored(after, position).await;
            waits.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
        self.followed += DOCUMENTS as u64;
        waits
    }

    /// Follows the log up to `position`, as a runner does.
    async fn stored(&self, mut after: GlobalPosition, position: GlobalPosition) -> GlobalPosition {
        let log = &self.stores.log;
        while after < position {
            log.wait_beyond(after).await.unwrap();
            let query = LogQuery { after, events_max: 500, ..LogQuery::default() };
            let page = log.read(&query).await.unwrap();
            self.handler.handle(&page.events, &progress_at(page.through)).await.unwrap();
            after = page.through;
        }
        after
    }

    pub(crate) async fn drop_documents(self) {
        self.models.drop_collection(&collection::<VibrationTrend>(1)).await.unwrap();
        self.models.close().await;
    }
}

/// The projection whose documents begin with any event.
fn trend() -> Arc<dyn ProjectionKind> {
    let kind = projections::all().into_iter().find(|kind| kind.name() == "vibration_trend");
    kind.expect("there is a projection of trends")
}

/// The `n`th event of a motor after its history.
fn relocation(history: History, motor: u64, n: u64) -> Append {
    let event = MotorEvent::Relocated { location: Some(format!("Hall {n}")) };
    Append {
        stream: StreamName::new("motor", history.motor(motor)),
        expected: StreamVersion(history.events_of_a_motor() + n),
        events: vec![encode(&event)],
        metadata: Metadata { actor: Some("a bench".to_owned()), ..Metadata::default() },
        key: None,
    }
}
