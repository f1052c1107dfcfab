//! Terms of office. Nothing is assumed but the names, which are new; leases that run out at once stand for waiting.

use super::{fresh_name, in_parallel};
use crate::leadership::{Leadership, Term};

/// Makes one test per clause; the subject is a [`Leadership`].
#[macro_export]
macro_rules! leadership_contract {
    ($($subject:tt)+) => {
        $crate::contract_clauses! { leadership ($($subject)+)
            the_first_candidate_leads,
            nobody_else_leads_meanwhile,
            who_keeps_the_office_keeps_the_term,
            an_office_that_ran_out_goes_to_whoever_asks,
            a_leader_that_came_too_late_begins_a_new_term,
            who_resigns_makes_room,
            a_former_leader_cannot_resign_for_the_present_one,
            offices_are_apart,
            of_many_candidates_one_leads,
        }
    };
}

/// Longer than any test.
const LONG_MS: u64 = 600_000;

pub async fn the_first_candidate_leads(leadership: &dyn Leadership) {
    let office = fresh_name();
    let term = leads(leadership, &office, "a", LONG_MS).await;
    assert_eq!(term, Term { office, leader: "a".to_owned(), number: 1 });
}

pub async fn nobody_else_leads_meanwhile(leadership: &dyn Leadership) {
    let office = fresh_name();
    leads(leadership, &office, "a", LONG_MS).await;
    assert_eq!(leadership.campaign(&office, "b", LONG_MS).await.unwrap(), None);
}

pub async fn who_keeps_the_office_keeps_the_term(leadership: &dyn Leadership) {
    let office = fresh_name();
    let first = leads(leadership, &office, "a", LONG_MS).await;
    for _ in 0..3 {
        assert_eq!(leads(leadership, &office, "a", LONG_MS).await, first);
    }
}

pub async fn an_office_that_ran_out_goes_to_whoever_asks(leadership: &dyn Leadership) {
    let office = fresh_name();
    leads(leadership, &office, "a", 0).await;
    assert_eq!(leads(leadership, &office, "b", LONG_MS).await.number, 2);
    assert_eq!(leadership.campaign(&office, "a", LONG_MS).await.unwrap(), None);
}

pub async fn a_leader_that_came_too_late_begins_a_new_term(leadership: &dyn Leadership) {
    let office = fresh_name();
    leads(leadership, &office, "a", 0).await;
    assert_eq!(leads(leadership, &office, "a", LONG_MS).await.number, 2);
}

pub async fn who_resigns_makes_room(leadership: &dyn Leadership) {
    let office = fresh_name();
    let term = leads(leadership, &office, "a", LONG_MS).await;
    leadership.resign(&term).await.unwrap();
    assert_eq!(leads(leadership, &office, "b", LONG_MS).await.number, 2);
}

pub async fn a_former_leader_cannot_resign_for_the_present_one(leadership: &dyn Leadership) {
    let office = fresh_name();
    let former = leads(leadership, &office, "a", 0).await;
    leads(leadership, &office, "b", LONG_MS).await;
    leadership.resign(&former).await.unwrap();
    assert_eq!(leadership.campaign(&office, "c", LONG_MS).await.unwrap(), None);
}

pub async fn offices_are_apart(leadership: &dyn Leadership) {
    let (one, other) = (fresh_name(), fresh_name());
    leads(leadership, &one, "a", LONG_MS).await;
    assert_eq!(leads(leadership, &other, "b", LONG_MS).await.number, 1);
}

pub async fn of_many_candidates_one_leads(leadership: &dyn Leadership) {
    let office = fresh_name();
    let names: Vec<String> = (0..8).map(|n| format!("candidate {n}")).collect();
    let campaigns = names.iter().map(|name| leadership.campaign(&office, name, LONG_MS)).collect();
    let terms = in_parallel(campaigns).await;
    assert_eq!(terms.into_iter().filter_map(Result::unwrap).count(), 1);
}

async fn leads(leadership: &dyn Leadership, office: &str, who: &str, ttl_ms: u64) -> Term {
    let term = leadership.campaign(office, who, ttl_ms).await.unwrap();
    term.expect("nobody else has the office")
}
