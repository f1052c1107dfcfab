//! Budgets of clients, in memory.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::time::Timestamp;

use super::lock;
use crate::PortError;
use crate::quota::{Budget, Quotas, Standing};

/// Remembers every client for ever.
#[derive(Default)]
pub struct MemoryQuotas {
    paid_at: Mutex<HashMap<String, Timestamp>>,
}

#[async_trait]
impl Quotas for MemoryQuotas {
    async fn take(
        &self,
        client: &str,
        budget: Budget,
        now: Timestamp,
    ) -> Result<Standing, PortError> {
        let mut paid_at = lock(&self.paid_at);
        let (standing, paid) = budget.ask(paid_at.get(client).copied(), now);
        paid_at.insert(client.to_owned(), paid);
        Ok(standing)
    }
}
