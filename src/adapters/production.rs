//! The production profile: PostgreSQL keeps the truth, Kafka spreads it, MongoDB and Redis answer.

mod housekeeping;
mod kafka;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use async_trait::async_trait;
use infra_mongo::{MongoDocuments, MongoSettings};
use infra_postgres::PgStores;
use infra_redis::{CacheSettings, CachedReadModels, SharedQuotas};
use infra_s3::{AccessKey, S3Blobs, S3Settings};
use infra_storage::DirectoryBlobs;
use ports::blobs::Blobs;
use ports::clock::Clock;
use ports::event_log::EventLog;
use ports::readings::Readings;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::warn;

use self::housekeeping::Housekeeping;
use self::kafka::Kafka;
use super::quotas::LocalQuotas;
use super::{Adapters, Foundation, SystemClock};
use crate::backup::last_of_database;
use crate::config::{Config, Services};
use crate::leading::Candidate;

/// How long a process waits for its database before it gives up and leaves it to its supervisor to start it anew.
const DATABASE_WAIT_S_MAX: u64 = 120;
const DATABASE_RETRY_MS: u64 = 1_000;
/// How long Redis may take over a quota: a late answer is better than a budget of each process's own.
const QUOTA_MS_MAX: u64 = 1_000;
/// What an upload that was cut off left behind may be removed after this long: another process may be at it.
const LEFTOVER_AGE_S_MIN: u64 = 3_600;

/// # Errors
/// The database does not answer in time, or a folder or an address cannot be used.
pub(super) async fn open(
    config: &Config,
    services: &Services,
) -> anyhow::Result<(Adapters, Box<dyn Foundation>)> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let blobs = pictures(config, services)?;
    let stores = Arc::new(database(config, services).await?);
    let cache = cache(services);
    let documents = documents(services, &cache).await?;
    let patient = CacheSettings {
        connect_ms_max: QUOTA_MS_MAX,
        response_ms_max: QUOTA_MS_MAX,
        ..cache.clone()
    };
    let quotas = SharedQuotas::new(&patient, Arc::new(LocalQuotas::default()));
    let quotas = Arc::new(quotas.context("the address of Redis")?);
    let log: Arc<dyn EventLog> = stores.log.clone();
    let kafka = Kafka::open(services, Arc::clone(&clock), &log, stores.dead_letters.clone())?;
    let readings = Arc::clone(&stores.readings);
    let adapters = Adapters {
        store: stores.log.clone(),
        log,
        subscriptions: kafka.subscriptions.clone(),
        checkpoints: stores.checkpoints.clone(),
        dead_letters: kafka.dead_letters.clone(),
        read_models: Arc::new(documents.for_projectors()),
        query_models: documents,
        blobs,
        callbacks: super::callbacks(config)?,
        samples: kafka.samples.clone(),
        sample_source: kafka.sample_source.clone(),
        readings: stores.readings.clone(),
        readings_under: Arc::new(move |term| Arc::new(readings.under(term)) as Arc<dyn Readings>),
        work_queue: stores.work_queue.clone(),
        renditions: stores.renditions.clone(),
        leadership: stores.leadership.clone(),
        relay: Some(kafka.relay.clone()),
        topic_audit: Some(kafka.topic_audit.clone()),
        probes: Vec::new(),
        tellers: vec![Arc::clone(&kafka.teller)],
        last_backup: last_of_database(stores.checkpoints.clone()),
        quotas,
        clock: Arc::clone(&clock),
    };
    let foundation = Servers { stores, kafka, clock, candidate: config.worker_id.clone() };
    Ok((adapters, Box::new(foundation)))
}

/// Pictures in a bucket where one is named, else in folders.
pub(crate) fn pictures(config: &Config, services: &Services) -> anyhow::Result<Arc<dyn Blobs>> {
    if let Some(bucket) = &services.bucket {
        let access_key = bucket.access_key.clone();
        let settings = S3Settings {
            prefix: bucket.prefix.clone(),
            region: bucket.region.clone(),
            endpoint: bucket.endpoint.clone(),
            access_key: access_key
                .map(|(id, secret)| AccessKey { id, secret: secret.reveal().to_owned() }),
            ..S3Settings::of(&bucket.name)
        };
        return Ok(Arc::new(S3Blobs::new(&settings).context("STORAGE_S3_BUCKET")?));
    }
    let folders = DirectoryBlobs::open(&config.storage_input_path, &config.storage_output_path)
        .context("opening the folders of pictures")?;
    folders.sweep(LEFTOVER_AGE_S_MIN).context("sweeping the folders of pictures")?;
    Ok(Arc::new(folders))
}

/// # Errors
/// A service does not answer, or holds what this release cannot use.
pub(super) async fn migrate(config: &Config, services: &Services) -> anyhow::Result<String> {
    let settings = infra_postgres::Settings::new(services.postgres_url.reveal());
    infra_postgres::migrate(&settings).await.map_err(|error| anyhow!(error.chain()))?;
    let topics = kafka::migrate(services, config.samples_retention_hours).await?;
    Ok(format!("the database has this release's schema\n{topics}"))
}

/// Waits until the database is there and has this release's schema.
pub(crate) async fn database(config: &Config, services: &Services) -> anyhow::Result<PgStores> {
    let mut settings = infra_postgres::Settings::new(services.postgres_url.reveal());
    settings.application_name = format!("atalaya {}", config.worker_id);
    let deadline = Instant::now() + Duration::from_secs(DATABASE_WAIT_S_MAX);
    loop {
        match PgStores::connect(&settings).await {
            Ok(stores) => return Ok(stores),
            Err(error) if Instant::now() > deadline => return Err(anyhow!(error.chain())),
            Err(error) => warn!(reason = error.chain(), "waiting for the database"),
        }
        sleep(Duration::from_millis(DATABASE_RETRY_MS)).await;
    }
}

/// Where Redis is, and what our keys in it begin with.
fn cache(services: &Services) -> CacheSettings {
    let mut cache = match &services.redis_url {
        Some(url) => CacheSettings::at(url.reveal()),
        None => CacheSettings::off(),
    };
    if let Some(installation) = &services.installation {
        cache.key_prefix = format!("{}{installation}:", cache.key_prefix);
    }
    cache
}

/// Documents with a cache in front of them.
async fn documents(
    services: &Services,
    cache: &CacheSettings,
) -> anyhow::Result<Arc<CachedReadModels>> {
    let mut mongo = MongoSettings::at(services.mongodb_uri.reveal());
    if let Some(installation) = &services.installation {
        mongo.collection_prefix = format!("{installation}_");
    }
    let documents = MongoDocuments::open(&mongo).await.context("MONGODB_URI")?;
    let cached = CachedReadModels::new(Arc::new(documents), cache);
    Ok(Arc::new(cached.context("the address of Redis")?))
}

/// The connections under all of it.
struct Servers {
    stores: Arc<PgStores>,
    kafka: Kafka,
    clock: Arc<dyn Clock>,
    candidate: String,
}

#[async_trait]
impl Foundation for Servers {
    async fn keep_house(&self) {
        let (_open, drain) = watch::channel(false);
        let (stores, clock) = (Arc::clone(&self.stores), Arc::clone(&self.clock));
        let housekeeping = Housekeeping { stores, clock };
        let name = format!("{}/{}", self.candidate, self.clock.new_id());
        let candidate = Candidate::new(self.stores.leadership.clone(), name);
        candidate.lead("housekeeping", housekeeping, drain).await;
    }

    async fn close(self: Box<Self>) {
        self.kafka.close().await;
        // Nobody else has them any more: the roles have ended, and so has the housekeeping.
        if let Some(stores) = Arc::into_inner(self.stores) {
            stores.close().await;
        }
    }
}
