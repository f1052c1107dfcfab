//! Lets go of what has grown too old, in one process at a time.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use infra_postgres::{PgStores, Retention};
use ports::PortError;
use ports::clock::Clock;
use ports::leadership::Term;
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::leading::Duty;

/// From one look for what has grown too old to the next one.
const HOUSEKEEPING_INTERVAL_S: u64 = 3_600;

/// Cleans up in the database.
pub(super) struct Housekeeping {
    pub(super) stores: Arc<PgStores>,
    pub(super) clock: Arc<dyn Clock>,
}

#[async_trait]
impl Duty for Housekeeping {
    async fn serve(&mut self, _term: &Term, mut drain: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.purge().await {
                warn!(reason = error.chain(), "housekeeping failed");
            }
            let told = drain.wait_for(|drain| *drain);
            if timeout(Duration::from_secs(HOUSEKEEPING_INTERVAL_S), told).await.is_ok() {
                return;
            }
        }
    }
}

impl Housekeeping {
    async fn purge(&self) -> Result<(), PortError> {
        let commands = self.stores.log.purge_commands().await?;
        let now = self.clock.now();
        let weeks = self.stores.readings.purge(now, &Retention::default()).await?;
        debug!(commands, ?weeks, "let go of what had grown too old");
        Ok(())
    }
}
