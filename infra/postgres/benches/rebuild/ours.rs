//! The rebuild of the product, over the real stores.

use std::sync::Arc;

use async_trait::async_trait;
use domain::time::Timestamp;
use infra_mongo::{MongoDocuments, MongoSettings};
use infra_postgres::PgStores;
use ports::PortError;
use ports::clock::Clock;
use ports::read_models::ReadModels;
use ports::stream::GlobalPosition;
use projections::ProjectionKind;
use projections::rebuild::{HoldLive, Rebuild};
use uuid::Uuid;

/// Documents under a prefix of their own.
pub(crate) struct Documents {
    models: Arc<MongoDocuments>,
    rebuild: Rebuild,
}

impl Documents {
    pub(crate) async fn fresh(mongodb: &str, stores: &PgStores) -> Self {
        let mut settings = MongoSettings::at(mongodb);
        settings.collection_prefix = format!("{}_", services::fresh_name("rebuild"));
        let models = Arc::new(MongoDocuments::open(&settings).await.unwrap());
        let rebuild = Rebuild {
            kind: motors(),
            models: models.clone(),
            log: stores.log.clone(),
            dead_letters: stores.dead_letters.clone(),
            clock: Arc::new(StandingClock),
            is_forced: false,
        };
        Self { models, rebuild }
    }

    /// How it ended.
    pub(crate) async fn rebuild(&self) -> String {
        let standing = NobodyFollows { rebuild: &self.rebuild };
        let outcome = self.rebuild.run(&standing, &|_| {}).await.unwrap();
        format!("{} documents, {:?}", outcome.hash.documents, outcome.comparison)
    }

    pub(crate) async fn drop_all(&self) {
        for generation in 1..=2 {
            let collection = self.rebuild.kind.collection(generation);
            self.models.drop_collection(&collection).await.unwrap();
        }
    }
}

fn motors() -> Arc<dyn ProjectionKind> {
    let kind = projections::all().into_iter().find(|kind| kind.name() == "motors");
    kind.expect("there is a projection of motors")
}

/// Nobody follows the log here and nobody writes to it, so nothing has to stand still.
struct NobodyFollows<'a> {
    rebuild: &'a Rebuild,
}

#[async_trait]
impl HoldLive for NobodyFollows<'_> {
    async fn hold(&self) -> Result<GlobalPosition, PortError> {
        self.rebuild.log.head().await
    }

    async fn release(&self) {}
}

/// Only dead letters ask for the time, and there are none.
struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn new_id(&self) -> Uuid {
        Uuid::nil()
    }
}
