//! Settings → ports: the only place that chooses a technology.

mod embedded;
#[cfg(feature = "production")]
mod production;
mod quotas;

use std::sync::Arc;

use async_trait::async_trait;
use domain::time::Timestamp;
use infra_telemetry::Metrics;
use infra_webhook::{HttpCallbacks, SystemResolver};
use ports::blobs::Blobs;
use ports::callbacks::Callbacks;
use ports::checkpoint::Checkpoints;
use ports::clock::Clock;
use ports::dead_letter::DeadLetters;
use ports::event_log::EventLog;
use ports::event_store::EventStore;
use ports::leadership::{Leadership, Term};
use ports::quota::Quotas;
use ports::read_models::ReadModels;
use ports::readings::Readings;
use ports::renditions::Renditions;
use ports::samples::{SampleSource, Samples};
use ports::stream::GlobalPosition;
use ports::subscription::Subscriptions;
use ports::work_queue::WorkQueue;
use uuid::Uuid;

use crate::backup::LastBackup;
use crate::config::{Config, Profile};
use crate::http::Probe;
use crate::leading::Duty;
use crate::reconciler::TopicAudit;

#[cfg(feature = "production")]
pub(crate) use production::{database as connect, pictures};

/// A world for the roles: one adapter per port.
#[derive(Clone)]
pub struct Adapters {
    /// Appends, and reads streams.
    pub store: Arc<dyn EventStore>,
    /// The log by position.
    pub log: Arc<dyn EventLog>,
    /// The log as handlers follow it.
    pub subscriptions: Arc<dyn Subscriptions>,
    /// How far handlers have come whose effects live elsewhere.
    pub checkpoints: Arc<dyn Checkpoints>,
    /// What could not be handled.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// Documents, as projections write them.
    pub read_models: Arc<dyn ReadModels>,
    /// The same documents as queries read them: through a cache, where there is one.
    pub query_models: Arc<dyn ReadModels>,
    /// Pictures.
    pub blobs: Arc<dyn Blobs>,
    /// Those who asked to be told.
    pub callbacks: Arc<dyn Callbacks>,
    /// Samples on their way in.
    pub samples: Arc<dyn Samples>,
    /// Samples on their way to the processor.
    pub sample_source: Arc<dyn SampleSource>,
    /// What the processor made of them.
    pub readings: Arc<dyn Readings>,
    /// The same readings for whoever serves a term: once that is over, nothing of it can be committed.
    pub readings_under: ReadingsUnder,
    /// Pictures to be worked on.
    pub work_queue: Arc<dyn WorkQueue>,
    /// What was made of which picture.
    pub renditions: Arc<dyn Renditions>,
    /// Which process does what only one may do.
    pub leadership: Arc<dyn Leadership>,
    /// Hands the log on to where others read it; `None` where everybody reads the log itself.
    pub relay: Option<RelayParts>,
    /// Reads back what was handed on, so that it can be compared with the log.
    pub topic_audit: Option<Arc<dyn TopicAudit>>,
    /// What has to be well besides the log.
    pub probes: Vec<Arc<dyn Probe>>,
    /// Tell the metrics how things are that only this profile has, whenever they are asked for.
    pub tellers: Vec<Teller>,
    /// When the last backup was made.
    pub last_backup: LastBackup,
    /// How often clients have asked.
    pub quotas: Arc<dyn Quotas>,
    /// Time and ids.
    pub clock: Arc<dyn Clock>,
}

/// Readings that belong to a term.
pub type ReadingsUnder = Arc<dyn Fn(&Term) -> Arc<dyn Readings> + Send + Sync>;

/// Tells the metrics how something is.
pub type Teller = Arc<dyn Fn(&Metrics) + Send + Sync>;

/// What the role `relay` runs.
#[derive(Clone)]
pub struct RelayParts {
    /// Makes what hands the log on; one of it in each process.
    pub duty: Arc<dyn Fn() -> Box<dyn Duty> + Send + Sync>,
    /// How it is; `None` while another process does it.
    pub state: Arc<dyn Fn() -> Option<RelayState> + Send + Sync>,
}

/// How the relay of this process is.
#[derive(Clone, Debug)]
pub struct RelayState {
    /// Everything up to here has been handed on.
    pub position: GlobalPosition,
    /// Why it stands still, if it does.
    pub trouble: Option<String>,
}

/// What stands behind the ports; it is closed last.
#[async_trait]
pub trait Foundation: Send + Sync {
    /// Lets go of what has grown too old, now and then, for ever.
    async fn keep_house(&self);

    /// Finishes what is being written, and lets go.
    async fn close(self: Box<Self>);
}

#[cfg(not(feature = "production"))]
const NO_PRODUCTION: &str =
    "this build has no production profile: build it with --features production";

/// The adapters that `config` asks for.
///
/// # Errors
/// A folder or a service cannot be used, or this build does not have the profile.
pub async fn open(config: &Config) -> anyhow::Result<(Adapters, Box<dyn Foundation>)> {
    match &config.profile {
        Profile::Embedded => embedded::open(config).await,
        #[cfg(feature = "production")]
        Profile::Production(services) => production::open(config, services).await,
        #[cfg(not(feature = "production"))]
        Profile::Production(_) => anyhow::bail!(NO_PRODUCTION),
    }
}

/// Brings what `config` names to this release's form, and tells what was done. May be repeated.
///
/// # Errors
/// A service does not answer, or holds what this release cannot use.
pub async fn migrate(config: &Config) -> anyhow::Result<String> {
    match &config.profile {
        Profile::Embedded => {
            Ok("the embedded profile does this by itself at its start\n".to_owned())
        }
        #[cfg(feature = "production")]
        Profile::Production(services) => production::migrate(config, services).await,
        #[cfg(not(feature = "production"))]
        Profile::Production(_) => anyhow::bail!(NO_PRODUCTION),
    }
}

/// Who may be called, and for how long, as `config` says.
fn callbacks(config: &Config) -> anyhow::Result<Arc<dyn Callbacks>> {
    let settings = config.webhooks.calls.clone();
    Ok(Arc::new(HttpCallbacks::new(settings, Arc::new(SystemResolver))?))
}

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
    }

    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}
