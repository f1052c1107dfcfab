//! Budgets of clients within one process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use domain::time::Timestamp;
use ports::PortError;
use ports::quota::{Budget, Quotas, Standing};

/// So many clients are told apart.
const CLIENTS_MAX: usize = 100_000;
/// From one look for clients that can be forgotten to the next one.
const SWEEP_INTERVAL_S: f64 = 1.0;
/// Whoever comes when there are too many; they share one budget.
const CROWD: &str = "";

/// Keeps budgets in memory, of so many clients at most.
pub(super) struct LocalQuotas {
    clients_max: usize,
    clients: Mutex<Clients>,
}

#[derive(Default)]
struct Clients {
    /// Until when each client's requests are paid for.
    paid_at: HashMap<String, Timestamp>,
    swept_at: Option<Timestamp>,
}

impl Default for LocalQuotas {
    fn default() -> Self {
        Self { clients_max: CLIENTS_MAX, clients: Mutex::default() }
    }
}

impl Clients {
    /// Forgets who has the whole burst again: they are like new.
    fn sweep(&mut self, now: Timestamp) {
        let due = |swept_at: Timestamp| now >= swept_at.plus_seconds(SWEEP_INTERVAL_S);
        if self.swept_at.is_none_or(due) {
            self.paid_at.retain(|_, paid_at| *paid_at > now);
            self.swept_at = Some(now);
        }
    }
}

#[async_trait]
impl Quotas for LocalQuotas {
    async fn take(
        &self,
        client: &str,
        budget: Budget,
        now: Timestamp,
    ) -> Result<Standing, PortError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |clients: &Clients| clients.paid_at.len() >= self.clients_max;
        if is_full(&clients) && !clients.paid_at.contains_key(client) {
            clients.sweep(now);
        }
        let is_known = clients.paid_at.contains_key(client);
        let client = if is_known || !is_full(&clients) { client } else { CROWD };
        let (standing, paid_at) = budget.ask(clients.paid_at.get(client).copied(), now);
        clients.paid_at.insert(client.to_owned(), paid_at);
        Ok(standing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    mod contract {
        ports::contract::quotas!(super::LocalQuotas::default());
    }

    const BUDGET: Budget = Budget { per_minute: 60, burst: 2 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[tokio::test]
    async fn beyond_so_many_clients_newcomers_share_a_budget_until_others_are_forgotten() {
        let quotas = LocalQuotas { clients_max: 2, ..LocalQuotas::default() };
        let admits = async |client: &str, seconds| {
            quotas.take(client, BUDGET, at(seconds)).await.unwrap().admitted
        };
        assert!(admits("a", 0).await && admits("b", 0).await);
        assert!(admits("c", 0).await && admits("d", 0).await);
        assert!(!admits("e", 0).await, "three newcomers have one budget");
        assert!(admits("a", 0).await, "who was there before keeps a budget");
        assert!(admits("c", 60).await && admits("c", 60).await && !admits("c", 60).await);
        assert!(admits("d", 60).await, "there is room again");
        assert!(quotas.clients.lock().unwrap().paid_at.len() <= 3);
    }
}
