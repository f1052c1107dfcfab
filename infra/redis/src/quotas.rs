//! Budgets of clients that all processes share.

use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::clock::Timestamp;
use ports::quota::{Budget, Quotas, Standing};
use redis::Script;

use crate::counts::CacheCounts;
use crate::error::OpenError;
use crate::link::Link;
use crate::settings::CacheSettings;

const TAKE: &str = include_str!("../lua/take.lua");
/// How much longer than needed a client is remembered: by so much may the clocks of processes differ.
const REMEMBERED_MS: u64 = 60_000;

/// Keeps budgets in Redis. While Redis is away each process goes by `meanwhile`, so nobody is turned away for that.
pub struct SharedQuotas {
    link: Link,
    key_prefix: String,
    take: Script,
    meanwhile: Arc<dyn Quotas>,
}

impl SharedQuotas {
    /// # Errors
    /// The address cannot be read.
    pub fn new(settings: &CacheSettings, meanwhile: Arc<dyn Quotas>) -> Result<Self, OpenError> {
        Ok(Self {
            link: Link::new(settings, &Arc::new(CacheCounts::default()))?.patient(),
            key_prefix: format!("{}quota:", settings.key_prefix),
            take: Script::new(TAKE),
            meanwhile,
        })
    }
}

#[async_trait]
impl Quotas for SharedQuotas {
    async fn take(
        &self,
        client: &str,
        budget: Budget,
        now: Timestamp,
    ) -> Result<Standing, PortError> {
        let key = format!("{}{client}", self.key_prefix);
        let mut asked = self.take.prepare_invoke();
        asked.key(key).arg(now.as_micros()).arg(budget.interval_us()).arg(budget.tolerance_us());
        match self.link.run(asked.arg(REMEMBERED_MS)).await {
            Some((admitted, ahead_us)) => Ok(budget.standing(admitted, ahead_us)),
            None => self.meanwhile.take(client, budget, now).await,
        }
    }
}
