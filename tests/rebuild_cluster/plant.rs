//! The processes of an installation, and its documents as they are stored.

use std::sync::Arc;
use std::time::{Duration, Instant};

use infra_mongo::{MongoDocuments, MongoSettings};
use infra_postgres::{PgStores, Settings};
use ports::event_store::EventStore;
use ports::read_models::ReadModels;
use ports::stream::GlobalPosition;
use ports::subscription::progress_at;
use projections::ProjectionKind;
use projections::generation::prepare;
use projections::rebuild::{CollectionHash, hash};
use reqwest::Method;
use serde_json::Value;

use crate::common::client::{Client, Request};
use crate::common::cluster::Installation;
use crate::common::say;
use crate::common::server::Server;
use crate::common::wait::within;
use crate::history::History;

/// How long a rebuild may take.
const REBUILD_S_MAX: u64 = 1_800;
const CATCH_UP_S_MAX: u64 = 300;
/// A document per event of a motor.
const HISTORY: &str = "motor_history";
/// Of a longer log it begins at the end: the document server of the tests takes a millisecond for each of them.
const HISTORY_EVENTS_MAX: u64 = 100_000;
/// How often it is told what is waited for.
const SAY_INTERVAL_S: u64 = 5;
/// The first of each projection, the rebuilt one, and one to spare.
const GENERATIONS_MAX: u64 = 3;

/// Writes `history` into the log as commands would.
pub(crate) async fn write(installation: &Installation, history: History) {
    let settings = Settings::new(installation.postgres_url.clone());
    let stores = PgStores::connect(&settings).await.expect("it was migrated");
    let store: Arc<dyn EventStore> = stores.log.clone();
    history.write(&store).await;
    drop(store);
    stores.close().await;
}

pub(crate) struct Plant {
    ams: Server,
    api: Server,
    relay: Server,
    projections: Server,
    models: MongoDocuments,
}

/// How a rebuild went.
pub(crate) struct Rebuilt {
    pub(crate) outcome: String,
    /// While it folded.
    pub(crate) positions: Vec<u64>,
}

impl Plant {
    /// The processes that a rebuild and its readers need, once every projection is built.
    pub(crate) async fn start(installation: &Installation, history: History) -> Self {
        let uri = services::mongodb().expect("it answered a moment ago");
        let mut settings = MongoSettings::at(uri);
        settings.collection_prefix = format!("{}_", installation.name);
        let models = MongoDocuments::open(&settings).await.expect("the address is sound");
        let late = Some(HISTORY).filter(|_| history.events() > HISTORY_EVENTS_MAX);
        if let Some(name) = late {
            begin_late(&models, name, history.events()).await;
        }
        let plant = Self {
            ams: installation.start("ams").await,
            relay: installation.start("relay").await,
            projections: installation.start("projections").await,
            api: installation.start("api").await,
            models,
        };
        let built = projections::all().into_iter().map(|kind| kind.name());
        for name in built.filter(|name| Some(*name) != late) {
            plant.outcome(name).await;
        }
        plant.caught_up("motors", history.events()).await;
        plant
    }

    /// Where commands go, and where queries do.
    pub(crate) fn doors(&self) -> (Client, Client) {
        (self.ams.client(), self.queries())
    }

    pub(crate) fn queries(&self) -> Client {
        self.api.client()
    }

    /// Rebuilds a projection, and tells how that went once it is over.
    pub(crate) async fn rebuild(&self, name: &str) -> Rebuilt {
        let path = format!("/v1/admin/projections/{name}/rebuild");
        self.projections.client().send(&Request::post(path)).await.success();
        self.outcome(name).await
    }

    /// Which generation is live after it.
    pub(crate) async fn roll_back(&self, name: &str) -> u64 {
        let path = format!("/v1/admin/projections/{name}/rollback");
        let answer = self.projections.client().send(&Request::post(path)).await;
        answer.success().number("generation")
    }

    pub(crate) async fn live_and_previous(&self, name: &str) -> (Option<u64>, Option<u64>) {
        let found = self.models.generations(name).await.expect("the store answers");
        (found.live, found.previous)
    }

    /// Waits until both generations of the projection hold everything up to `position`, with nobody writing any more,
    /// and tells where they stand.
    pub(crate) async fn caught_up(&self, name: &str, position: u64) -> u64 {
        let what = format!("the documents of {name} hold everything up to {position}");
        self.seen(name, &what, CATCH_UP_S_MAX, |rows| {
            let positions: Vec<u64> =
                rows.iter().filter_map(|row| row["position"].as_u64()).collect();
            let (lowest, highest) = (positions.iter().min()?, positions.iter().max()?);
            (lowest == highest && *lowest >= position).then_some(*lowest)
        })
        .await
    }

    pub(crate) async fn hashes<const N: usize>(
        &self,
        name: &str,
        generations: [u64; N],
    ) -> [CollectionHash; N] {
        let kind = kind(name);
        let mut hashes = Vec::new();
        for generation in generations {
            let hash = hash(&self.models, &kind.collection(generation)).await;
            hashes.push(hash.expect("the store answers"));
        }
        hashes.try_into().expect("one for each")
    }

    /// Ends the processes, and drops the documents.
    pub(crate) async fn stop(self) {
        for server in [self.ams, self.api, self.projections, self.relay] {
            server.stop().await;
        }
        for kind in projections::all() {
            for generation in 1..=GENERATIONS_MAX {
                let dropped = self.models.drop_collection(&kind.collection(generation)).await;
                dropped.expect("the store answers");
            }
        }
        self.models.close().await;
    }

    /// Of the rebuild under way, or the last one.
    async fn outcome(&self, name: &str) -> Rebuilt {
        let mut positions = Vec::new();
        let what = format!("the rebuild of {name} ends");
        let ended = self.seen(name, &what, REBUILD_S_MAX, |rows| {
            // Until the first one is there, nothing is live, and only the one being built has a row.
            let rebuild = rows.iter().map(|row| &row["last_rebuild"]).find(|it| it.is_object())?;
            if rebuild["phase"] == "folding" {
                positions.extend(rebuild["position"].as_u64());
            }
            let outcome = rebuild["outcome"].as_str()?;
            Some((rebuild["phase"] == "done", outcome.to_owned()))
        });
        let (is_done, outcome) = ended.await;
        assert!(is_done, "{outcome}");
        Rebuilt { outcome, positions }
    }

    /// Waits until the rows of a projection show something, and says now and then what they show meanwhile.
    async fn seen<T>(
        &self,
        name: &str,
        what: &str,
        s_max: u64,
        mut shown: impl FnMut(&[Value]) -> Option<T>,
    ) -> T {
        let (mut rows, mut said) = (Vec::new(), Instant::now());
        let found = within(Duration::from_secs(s_max), async || {
            rows = self.rows(name).await;
            if said.elapsed() > Duration::from_secs(SAY_INTERVAL_S) {
                say(&format!("until {what}: {}", Value::from(rows.clone())));
                said = Instant::now();
            }
            shown(&rows)
        });
        let found = found.await;
        found.unwrap_or_else(|| panic!("not within {s_max} s: {what}: {}", Value::from(rows)))
    }

    async fn rows(&self, name: &str) -> Vec<Value> {
        let request = Request::new(Method::GET, "/v1/admin/projections");
        let rows = self.projections.client().send(&request).await.json();
        // A store that is slow to answer is asked again by those who wait.
        let rows = rows.as_array().cloned().unwrap_or_default();
        rows.into_iter().filter(|row| row["name"] == name).collect()
    }
}

/// The documents of a projection are those of what comes after `position`.
async fn begin_late(models: &MongoDocuments, name: &str, position: u64) {
    let kind = kind(name);
    let standing = prepare(&*kind, models).await.expect("the store answers");
    let first = kind.collection(standing.generations.newest);
    let progress = progress_at(GlobalPosition(position));
    models.commit(&first, &[], Some(&progress)).await.expect("the store answers");
}

fn kind(name: &str) -> Arc<dyn ProjectionKind> {
    let kind = projections::all().into_iter().find(|kind| kind.name() == name);
    kind.expect("there is such a projection")
}
