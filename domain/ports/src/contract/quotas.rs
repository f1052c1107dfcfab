//! Quotas. Nothing is assumed but the clients, which are new.

use domain::time::Timestamp;

use super::{fresh_name, in_parallel};
use crate::quota::{Budget, Quotas, Standing};

/// Makes one test per clause; the subject is a [`Quotas`].
#[macro_export]
macro_rules! quotas_contract {
    ($($subject:tt)+) => {
        $crate::contract_clauses! { quotas ($($subject)+)
            a_new_client_has_the_whole_burst_and_no_more,
            what_was_taken_comes_back_one_by_one,
            a_refusal_costs_nothing,
            a_pause_gives_back_no_more_than_the_burst,
            every_client_has_a_budget_of_its_own,
            those_who_ask_at_a_time_share_what_is_left,
            a_clock_that_is_set_back_gives_nothing_back,
            every_standing_is_what_the_budget_says,
        }
    };
}

/// One comes back every two seconds.
const SMALL: Budget = Budget { per_minute: 30, burst: 3 };

pub async fn a_new_client_has_the_whole_burst_and_no_more(quotas: &dyn Quotas) {
    let client = fresh_name();
    let mut asked = Vec::new();
    for _ in 0..5 {
        let standing = take(quotas, &client, 0).await;
        asked.push((standing.admitted, standing.remaining));
    }
    assert_eq!(asked, [(true, 2), (true, 1), (true, 0), (false, 0), (false, 0)]);
}

pub async fn what_was_taken_comes_back_one_by_one(quotas: &dyn Quotas) {
    let client = fresh_name();
    spend(quotas, &client, 0).await;
    for (ms, admitted) in
        [(1_999, false), (2_000, true), (2_000, false), (6_000, true), (6_000, true)]
    {
        assert_eq!(take(quotas, &client, ms).await.admitted, admitted, "at {ms} ms");
    }
    let refused = take(quotas, &client, 6_500).await;
    assert_eq!(
        (refused.admitted, refused.next_us, refused.whole_us),
        (false, 1_500_000, 5_500_000)
    );
}

pub async fn a_refusal_costs_nothing(quotas: &dyn Quotas) {
    let client = fresh_name();
    spend(quotas, &client, 0).await;
    for ms in 0..100 {
        assert!(!take(quotas, &client, ms).await.admitted);
    }
    assert!(take(quotas, &client, 2_000).await.admitted);
}

pub async fn a_pause_gives_back_no_more_than_the_burst(quotas: &dyn Quotas) {
    let client = fresh_name();
    spend(quotas, &client, 0).await;
    spend(quotas, &client, 3_600_000).await;
    assert!(!take(quotas, &client, 3_600_000).await.admitted);
}

pub async fn every_client_has_a_budget_of_its_own(quotas: &dyn Quotas) {
    let clients = [fresh_name(), format!("{}: ß 🦀 / * {{}}", fresh_name())];
    for client in &clients {
        spend(quotas, client, 0).await;
    }
    for client in &clients {
        assert!(!take(quotas, client, 0).await.admitted, "{client}");
    }
}

pub async fn those_who_ask_at_a_time_share_what_is_left(quotas: &dyn Quotas) {
    let client = fresh_name();
    let asked = in_parallel((0..12).map(|_| take(quotas, &client, 0)).collect()).await;
    let admitted = asked.iter().filter(|standing| standing.admitted).count();
    assert_eq!(admitted, 3, "{asked:?}");
}

pub async fn a_clock_that_is_set_back_gives_nothing_back(quotas: &dyn Quotas) {
    let client = fresh_name();
    spend(quotas, &client, 10_000).await;
    assert!(!take(quotas, &client, 0).await.admitted);
    assert!(take(quotas, &client, 12_000).await.admitted);
}

pub async fn every_standing_is_what_the_budget_says(quotas: &dyn Quotas) {
    let client = fresh_name();
    let mut paid_at = None;
    for step in 0..200_u64 {
        // Gaps from nothing to 3.4 s, in no order.
        let ms = step * 700 + (step * 7_919) % 2_700;
        let (expected, paid) = SMALL.ask(paid_at, at(ms));
        paid_at = Some(paid);
        assert_eq!(take(quotas, &client, ms).await, expected, "step {step}");
    }
}

async fn spend(quotas: &dyn Quotas, client: &str, ms: u64) {
    for _ in 0..SMALL.burst {
        assert!(take(quotas, client, ms).await.admitted, "{client} at {ms} ms");
    }
}

async fn take(quotas: &dyn Quotas, client: &str, ms: u64) -> Standing {
    quotas.take(client, SMALL, at(ms)).await.unwrap()
}

/// A moment: so many milliseconds after the beginning of the clause.
fn at(ms: u64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000 + i64::try_from(ms).unwrap() * 1_000)
}
