//! Hands the log on to Kafka, in one process at a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use infra_kafka::registry::{OwnSchemas, SchemaIds};
use infra_kafka::relay::{Relay, RelaySettings, RelayStatus};
use infra_kafka::settings::KafkaSettings;
use ports::event_log::EventLog;
use ports::leadership::Term;
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{error, warn};

use crate::adapters::{RelayParts, RelayState};
use crate::leading::Duty;

/// How long to wait for the registry between two tries.
const REGISTRY_RETRY_MS: u64 = 1_000;

/// Of what a relay is made.
#[derive(Clone)]
pub(super) struct RelayPlan {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) kafka: KafkaSettings,
    pub(super) schemas: Arc<OwnSchemas>,
    pub(super) settings: RelaySettings,
}

impl RelayPlan {
    pub(super) fn parts(self) -> RelayParts {
        let shown = Shown::default();
        let state = shown.clone();
        RelayParts {
            duty: Arc::new(move || {
                Box::new(LedRelay { plan: self.clone(), shown: shown.clone() }) as Box<dyn Duty>
            }),
            state: Arc::new(move || state.state()),
        }
    }
}

/// What is known of the relay of this process; nothing while another one does it.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Option<Known>>>);

enum Known {
    Registering(String),
    Copying(watch::Receiver<RelayStatus>),
}

impl Shown {
    fn set(&self, known: Option<Known>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }

    fn state(&self) -> Option<RelayState> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some(match known.as_ref()? {
            Known::Registering(trouble) => {
                let trouble = Some(trouble.clone());
                RelayState { position: Default::default(), trouble }
            }
            Known::Copying(status) => {
                let status = status.borrow();
                RelayState { position: status.position, trouble: status.last_error.clone() }
            }
        })
    }
}

struct LedRelay {
    plan: RelayPlan,
    shown: Shown,
}

#[async_trait]
impl Duty for LedRelay {
    async fn serve(&mut self, _term: &Term, mut drain: watch::Receiver<bool>) {
        if let Some(ids) = self.register(&mut drain).await {
            let RelayPlan { log, kafka, settings, .. } = self.plan.clone();
            let relay = Relay::new(log, kafka, ids, settings);
            self.shown.set(Some(Known::Copying(relay.status())));
            if let Err(error) = relay.run(drain).await {
                // Its term ends, and whoever wins the next one tries again.
                error!(%error, "the relay has ended");
            }
        }
        self.shown.set(None);
    }
}

impl LedRelay {
    /// Nothing is written before the registry knows how to read it. `None`: it is time to drain.
    async fn register(&self, drain: &mut watch::Receiver<bool>) -> Option<Arc<SchemaIds>> {
        loop {
            match self.plan.schemas.ids().await {
                Ok(ids) => return Some(ids),
                Err(error) => {
                    warn!(%error, "waiting for the schema registry");
                    self.shown.set(Some(Known::Registering(error.to_string())));
                }
            }
            let told = drain.wait_for(|drain| *drain);
            if timeout(Duration::from_millis(REGISTRY_RETRY_MS), told).await.is_ok() {
                return None;
            }
        }
    }
}
