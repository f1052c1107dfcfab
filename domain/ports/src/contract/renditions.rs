//! Renditions. Nothing is assumed but the contents and the task ids, which are new.

use domain::time::Timestamp;
use uuid::Uuid;

use super::{fresh_id, fresh_name, in_parallel};
use crate::renditions::{Claim, Rendition, Renditions};

/// Makes one test per clause; the subject is a [`Renditions`].
#[macro_export]
macro_rules! renditions_contract {
    ($($subject:tt)+) => {
        $crate::contract_clauses! { renditions ($($subject)+)
            the_first_who_asks_is_granted_and_the_others_wait,
            of_racing_tasks_one_is_granted,
            a_claim_runs_out,
            ones_own_claim_is_prolonged,
            what_was_made_is_told_to_everybody,
            what_was_made_first_stays,
            what_a_task_gives_up_is_free_again,
            a_task_forgets_nothing_of_another,
        }
    };
}

pub async fn the_first_who_asks_is_granted_and_the_others_wait(renditions: &dyn Renditions) {
    let content = fresh_name();
    assert_eq!(claim(renditions, &content, fresh_id(), 0, 10).await, Claim::Granted);
    assert_eq!(claim(renditions, &content, fresh_id(), 5, 15).await, Claim::Held(at(10)));
    let other = fresh_name();
    assert_eq!(claim(renditions, &other, fresh_id(), 5, 15).await, Claim::Granted);
}

pub async fn of_racing_tasks_one_is_granted(renditions: &dyn Renditions) {
    let content = fresh_name();
    let ask = || claim(renditions, &content, fresh_id(), 0, 10);
    let answers = in_parallel((0..8).map(|_| ask()).collect()).await;
    let granted = answers.iter().filter(|answer| **answer == Claim::Granted).count();
    assert_eq!(granted, 1, "{answers:?}");
}

pub async fn a_claim_runs_out(renditions: &dyn Renditions) {
    let content = fresh_name();
    claim(renditions, &content, fresh_id(), 0, 10).await;
    assert_eq!(claim(renditions, &content, fresh_id(), 10, 20).await, Claim::Granted);
    assert_eq!(claim(renditions, &content, fresh_id(), 19, 30).await, Claim::Held(at(20)));
}

pub async fn ones_own_claim_is_prolonged(renditions: &dyn Renditions) {
    let (content, task_id) = (fresh_name(), fresh_id());
    claim(renditions, &content, task_id, 0, 10).await;
    assert_eq!(claim(renditions, &content, task_id, 5, 30).await, Claim::Granted);
    assert_eq!(claim(renditions, &content, fresh_id(), 10, 20).await, Claim::Held(at(30)));
}

pub async fn what_was_made_is_told_to_everybody(renditions: &dyn Renditions) {
    let content = fresh_name();
    let made = rendition(r#"[{"name": "ß 🦀"}]"#);
    claim(renditions, &content, made.task_id, 0, 10).await;
    renditions.made(&content, made.clone()).await.unwrap();
    for task_id in [fresh_id(), made.task_id] {
        let answer = claim(renditions, &content, task_id, 1_000, 2_000).await;
        assert_eq!(answer, Claim::Made(made.clone()));
    }
}

pub async fn what_was_made_first_stays(renditions: &dyn Renditions) {
    let content = fresh_name();
    let (first, second) = (rendition("1"), rendition("2"));
    claim(renditions, &content, second.task_id, 0, 10).await;
    renditions.made(&content, first.clone()).await.unwrap();
    renditions.made(&content, second).await.unwrap();
    assert_eq!(claim(renditions, &content, fresh_id(), 5, 10).await, Claim::Made(first));
}

pub async fn what_a_task_gives_up_is_free_again(renditions: &dyn Renditions) {
    let (claimed, done) = (fresh_name(), fresh_name());
    let made = rendition("1");
    claim(renditions, &claimed, made.task_id, 0, 10).await;
    renditions.made(&done, made.clone()).await.unwrap();
    renditions.forget(made.task_id).await.unwrap();
    renditions.forget(made.task_id).await.unwrap();
    for content in [claimed, done] {
        assert_eq!(claim(renditions, &content, fresh_id(), 5, 10).await, Claim::Granted);
    }
}

pub async fn a_task_forgets_nothing_of_another(renditions: &dyn Renditions) {
    let content = fresh_name();
    let made = rendition("1");
    renditions.made(&content, made.clone()).await.unwrap();
    renditions.forget(fresh_id()).await.unwrap();
    assert_eq!(claim(renditions, &content, fresh_id(), 0, 10).await, Claim::Made(made));
}

/// A moment: so many seconds after the beginning of the clause.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000 + seconds * 1_000_000)
}

fn rendition(outcome: &str) -> Rendition {
    Rendition { task_id: fresh_id(), outcome: outcome.to_owned() }
}

async fn claim(
    renditions: &dyn Renditions,
    content: &str,
    task_id: Uuid,
    now: i64,
    until: i64,
) -> Claim {
    renditions.claim(content, task_id, at(now), at(until)).await.unwrap()
}
