//! Budgets in Redis keep the contract of their port, are shared, and outlast Redis.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "support/setting.rs"]
mod setting;

use std::sync::Arc;

use infra_redis::{CacheSettings, SharedQuotas};
use ports::clock::Clock;
use ports::memory::{ManualClock, MemoryQuotas};
use ports::quota::{Budget, Quotas};
use services::gate::{Gate, Way};

const BUDGET: Budget = Budget { per_minute: 60, burst: 10 };

fn over(settings: &CacheSettings) -> SharedQuotas {
    SharedQuotas::new(settings, Arc::new(MemoryQuotas::default())).unwrap()
}

fn in_redis() -> Option<SharedQuotas> {
    Some(over(&setting::patient(&services::redis()?)))
}

mod contract {
    ports::contract::quotas!(match super::in_redis() {
        Some(quotas) => quotas,
        None => return,
    });
}

mod contract_without_redis {
    ports::contract::quotas!(super::over(&super::CacheSettings::off()));
}

async fn admitted(quotas: &SharedQuotas, requests: usize) -> usize {
    let now = ManualClock::default().now();
    let mut admitted = 0;
    for _ in 0..requests {
        admitted += usize::from(quotas.take("ada", BUDGET, now).await.unwrap().admitted);
    }
    admitted
}

#[tokio::test]
async fn two_processes_share_a_budget_and_two_installations_do_not() {
    let Some(url) = services::redis() else { return };
    let settings = setting::patient(&url);
    let (one, other) = (over(&settings), over(&settings));
    assert_eq!(admitted(&one, 4).await + admitted(&other, 20).await, 10);
    assert_eq!(admitted(&one, 20).await, 0);
    assert_eq!(admitted(&over(&setting::patient(&url)), 20).await, 10);
}

#[tokio::test]
async fn while_redis_is_away_each_process_keeps_to_the_budget_by_itself() {
    let Some(url) = services::redis() else { return };
    for outage in [Way::Shut, Way::Silent] {
        let gate = Gate::to(url.trim_start_matches("redis://"), Way::Open).await;
        let settings = CacheSettings {
            url: Some(format!("redis://{}", gate.address)),
            response_ms_max: 500,
            ..setting::patient(&url)
        };
        let quotas = over(&settings);
        assert_eq!(admitted(&quotas, 4).await, 4);
        gate.set(outage);
        let aside = CacheSettings { off_ms: 600_000, ..settings.clone() };
        let (lonely, other) = (over(&aside), over(&aside));
        assert_eq!(admitted(&lonely, 20).await, 10);
        assert_eq!(admitted(&other, 20).await, 10);
        gate.set(Way::Open);
        assert_eq!(
            admitted(&over(&settings), 20).await,
            6,
            "what was taken before is not forgotten"
        );
    }
}
