//! The work queue. Assumes a queue of its own in every clause: whoever receives may get anybody's job.

mod turns;

use futures::FutureExt;
use futures::future::BoxFuture;
use uuid::Uuid;

use super::{fresh_id, in_parallel, in_time};
use crate::work_queue::{Job, Lease, WorkQueue};
use domain::time::Timestamp;

pub use turns::*;

/// Makes one test per clause; the subject is a [`WorkQueue`].
#[macro_export]
macro_rules! work_queue_contract {
    ($($subject:tt)+) => {
        $crate::contract_clauses! { work_queue ($($subject)+)
            a_job_comes_out_as_it_went_in,
            an_empty_queue_gives_nothing,
            putting_in_twice_changes_nothing,
            a_job_is_not_received_before_it_is_available,
            higher_priority_goes_first_then_longer_waiting,
            no_more_jobs_are_given_than_asked_for,
            a_leased_job_is_not_received_again,
            two_workers_never_share_a_job,
            a_lease_runs_out,
            a_lease_that_ran_out_still_counts_until_another_worker_has_the_job,
            every_verb_says_when_the_lease_was_lost,
            an_acknowledged_job_is_gone,
            a_rejected_job_is_gone,
            a_released_job_is_received_again_when_available,
            an_extended_lease_holds_for_longer,
            a_withdrawn_job_is_gone,
            withdrawing_loses_the_lease,
            a_finished_job_can_be_put_in_again,
            the_next_available_moment_is_told,
            waiting_ends_when_a_job_is_put_in,
            waiting_ends_when_a_job_is_given_back,
            no_wake_up_between_call_and_poll_is_lost,
            waiting_for_jobs_does_them_all,
            no_priority_starves_what_waits,
            a_job_that_is_given_back_loses_its_old_turn,
            a_job_whose_lease_ran_out_keeps_its_turn,
            a_paused_queue_gives_nothing_and_takes_jobs,
            a_pause_touches_no_lease,
            a_second_pause_changes_nothing,
            waiting_ends_when_the_queue_is_resumed,
            an_overview_tells_jobs_apart,
            an_overview_tells_a_lease_that_ran_out_as_waiting,
        }
    };
}

pub async fn a_job_comes_out_as_it_went_in(queue: &dyn WorkQueue) {
    for (priority, payload) in [(i32::MIN, ""), (0, r#"{"task":  "ß 🦀"}"#), (i32::MAX, "{}")] {
        let job = Job { id: fresh_id(), priority, payload: payload.to_owned() };
        queue.put(job.clone(), at(0)).await.unwrap();
        let lease = receive_one(queue, 0, 10).await;
        assert_eq!((&lease.job, lease.deliveries), (&job, 1));
        assert!(queue.acknowledge(&lease).await.unwrap());
    }
}

pub async fn an_empty_queue_gives_nothing(queue: &dyn WorkQueue) {
    assert_eq!(received(queue, 0).await, NOTHING);
    assert_eq!(queue.next_available_at().await.unwrap(), None);
}

pub async fn putting_in_twice_changes_nothing(queue: &dyn WorkQueue) {
    let job = put(queue, 1, 0).await;
    let other = Job { priority: 9, payload: "another".to_owned(), ..job.clone() };
    queue.put(other.clone(), at(50)).await.unwrap();
    assert_eq!(queue.next_available_at().await.unwrap(), Some(at(0)));
    let lease = receive_one(queue, 0, 100).await;
    assert_eq!(lease.job, job);
    queue.put(other, at(0)).await.unwrap();
    assert_eq!(received(queue, 99).await, NOTHING, "not while it is leased either");
    assert!(queue.acknowledge(&lease).await.unwrap());
    assert_eq!(received(queue, 100).await, NOTHING);
}

pub async fn a_job_is_not_received_before_it_is_available(queue: &dyn WorkQueue) {
    let job = put(queue, 0, 10).await;
    assert_eq!(received(queue, 9).await, NOTHING);
    assert_eq!(received(queue, 10).await, [job.id]);
}

pub async fn higher_priority_goes_first_then_longer_waiting(queue: &dyn WorkQueue) {
    let mut ids = Vec::new();
    for (priority, available_at) in [(0, 1), (-5, 0), (0, 2), (7, 4), (7, 5), (0, 3)] {
        ids.push(put(queue, priority, available_at).await.id);
    }
    let expected = [3, 4, 0, 2, 5, 1].map(|i: usize| ids[i]);
    let first = queue.receive(4, at(10), at(20)).await.unwrap();
    let second = queue.receive(4, at(10), at(20)).await.unwrap();
    let order: Vec<_> = first.iter().chain(&second).map(|lease| lease.job.id).collect();
    assert_eq!(order, expected);
}

pub async fn no_more_jobs_are_given_than_asked_for(queue: &dyn WorkQueue) {
    for _ in 0..5 {
        put(queue, 0, 0).await;
    }
    for expected in [2, 2, 1, 0] {
        assert_eq!(queue.receive(2, at(0), at(10)).await.unwrap().len(), expected);
    }
}

pub async fn a_leased_job_is_not_received_again(queue: &dyn WorkQueue) {
    put(queue, 0, 0).await;
    receive_one(queue, 0, 10).await;
    for now in [0, 5, 9] {
        assert_eq!(received(queue, now).await, NOTHING);
    }
}

pub async fn two_workers_never_share_a_job(queue: &dyn WorkQueue) {
    let mut put_in: Vec<Uuid> = Vec::new();
    for _ in 0..60 {
        put_in.push(put(queue, 0, 0).await.id);
    }
    let work = || async {
        let mut mine = Vec::new();
        loop {
            let leases = queue.receive(3, at(0), at(10)).await.unwrap();
            if leases.is_empty() {
                return mine;
            }
            mine.extend(leases.into_iter().map(|lease| lease.job.id));
        }
    };
    let mut done = in_parallel((0..6).map(|_| work()).collect()).await.concat();
    done.sort();
    put_in.sort();
    assert_eq!(done, put_in);
}

pub async fn a_lease_runs_out(queue: &dyn WorkQueue) {
    let job = put(queue, 0, 0).await;
    let first = receive_one(queue, 0, 10).await;
    let second = receive_one(queue, 10, 20).await;
    assert_eq!((second.job.id, second.deliveries), (job.id, 2));
    assert_ne!(second.token, first.token);
}

pub async fn a_lease_that_ran_out_still_counts_until_another_worker_has_the_job(
    queue: &dyn WorkQueue,
) {
    put(queue, 0, 0).await;
    let lease = receive_one(queue, 0, 10).await;
    assert!(queue.extend(&lease, at(5)).await.unwrap());
    assert!(queue.extend(&lease, at(50)).await.unwrap());
    assert!(queue.acknowledge(&lease).await.unwrap());
}

pub async fn every_verb_says_when_the_lease_was_lost(queue: &dyn WorkQueue) {
    put(queue, 0, 0).await;
    let lost = receive_one(queue, 0, 10).await;
    let held = receive_one(queue, 10, 20).await;
    assert!(!queue.acknowledge(&lost).await.unwrap());
    assert!(!queue.reject(&lost).await.unwrap());
    assert!(!queue.release(&lost, at(0)).await.unwrap());
    assert!(!queue.extend(&lost, at(99)).await.unwrap());
    assert_eq!(queue.next_available_at().await.unwrap(), Some(at(20)), "nothing changed");
    assert!(queue.acknowledge(&held).await.unwrap());
    for verb in [queue.acknowledge(&held), queue.reject(&held), queue.extend(&held, at(99))] {
        assert!(!verb.await.unwrap(), "the job is gone");
    }
}

pub async fn an_acknowledged_job_is_gone(queue: &dyn WorkQueue) {
    put(queue, 0, 0).await;
    let lease = receive_one(queue, 0, 10).await;
    assert!(queue.acknowledge(&lease).await.unwrap());
    assert_eq!(received(queue, 1_000).await, NOTHING);
    assert_eq!(queue.next_available_at().await.unwrap(), None);
}

pub async fn a_rejected_job_is_gone(queue: &dyn WorkQueue) {
    put(queue, 0, 0).await;
    let lease = receive_one(queue, 0, 10).await;
    assert!(queue.reject(&lease).await.unwrap());
    assert_eq!(received(queue, 1_000).await, NOTHING);
    assert_eq!(queue.next_available_at().await.unwrap(), None);
}

pub async fn a_released_job_is_received_again_when_available(queue: &dyn WorkQueue) {
    put(queue, 0, 0).await;
    let first = receive_one(queue, 0, 100).await;
    assert!(queue.release(&first, at(10)).await.unwrap());
    assert!(!queue.acknowledge(&first).await.unwrap(), "the lease went with it");
    assert_eq!(received(queue, 9).await, NOTHING);
    let second = receive_one(queue, 10, 100).await;
    assert_eq!((second.job.clone(), second.deliveries), (first.job, 2));
}

pub async fn an_extended_lease_holds_for_longer(queue: &dyn WorkQueue) {
    put(queue, 0, 0).await;
    let lease = receive_one(queue, 0, 10).await;
    assert!(queue.extend(&lease, at(30)).await.unwrap());
    assert_eq!(received(queue, 29).await, NOTHING);
    assert_eq!(received(queue, 30).await, [lease.job.id]);
}

pub async fn a_withdrawn_job_is_gone(queue: &dyn WorkQueue) {
    let (job, other) = (put(queue, 0, 0).await, put(queue, 0, 1).await);
    queue.withdraw(job.id).await.unwrap();
    queue.withdraw(job.id).await.unwrap();
    queue.withdraw(fresh_id()).await.unwrap();
    assert_eq!(received(queue, 5).await, [other.id]);
}

pub async fn withdrawing_loses_the_lease(queue: &dyn WorkQueue) {
    put(queue, 0, 0).await;
    let lease = receive_one(queue, 0, 10).await;
    queue.withdraw(lease.job.id).await.unwrap();
    assert!(!queue.extend(&lease, at(50)).await.unwrap());
    assert!(!queue.release(&lease, at(0)).await.unwrap());
    assert!(!queue.acknowledge(&lease).await.unwrap());
    assert_eq!(received(queue, 1_000).await, NOTHING);
}

pub async fn a_finished_job_can_be_put_in_again(queue: &dyn WorkQueue) {
    let job = put(queue, 0, 0).await;
    let first = receive_one(queue, 0, 10).await;
    queue.acknowledge(&first).await.unwrap();
    queue.put(job, at(0)).await.unwrap();
    let second = receive_one(queue, 0, 10).await;
    assert_eq!(second.deliveries, 1);
    assert!(!queue.acknowledge(&first).await.unwrap(), "the old lease is not the new one's");
    assert!(queue.acknowledge(&second).await.unwrap());
}

pub async fn the_next_available_moment_is_told(queue: &dyn WorkQueue) {
    put(queue, 0, 30).await;
    let urgent = put(queue, 5, 40).await;
    let next = async || queue.next_available_at().await.unwrap();
    assert_eq!(next().await, Some(at(30)));
    let lease = queue.receive(1, at(40), at(60)).await.unwrap().remove(0);
    assert_eq!(lease.job.id, urgent.id);
    assert_eq!(next().await, Some(at(30)));
    let other = queue.receive(1, at(40), at(50)).await.unwrap().remove(0);
    assert_eq!(next().await, Some(at(50)), "when the first lease runs out");
    queue.extend(&other, at(70)).await.unwrap();
    assert_eq!(next().await, Some(at(60)));
    queue.release(&lease, at(65)).await.unwrap();
    assert_eq!(next().await, Some(at(65)));
    queue.withdraw(urgent.id).await.unwrap();
    assert_eq!(next().await, Some(at(70)));
    queue.acknowledge(&other).await.unwrap();
    assert_eq!(next().await, None);
}

pub async fn waiting_ends_when_a_job_is_put_in(queue: &dyn WorkQueue) {
    let mut waiting = queue.wait_for_job();
    assert!((&mut waiting).now_or_never().is_none(), "nothing was put in yet");
    put(queue, 0, 0).await;
    in_time(waiting).await.unwrap();
}

pub async fn waiting_ends_when_a_job_is_given_back(queue: &dyn WorkQueue) {
    put(queue, 0, 0).await;
    let lease = receive_one(queue, 0, 10).await;
    let mut waiting = queue.wait_for_job();
    assert!((&mut waiting).now_or_never().is_none(), "nothing was given back yet");
    assert!(queue.release(&lease, at(0)).await.unwrap());
    in_time(waiting).await.unwrap();
}

/// A worker looks for jobs after it has called, and before it awaits.
pub async fn no_wake_up_between_call_and_poll_is_lost(queue: &dyn WorkQueue) {
    for _ in 0..3 {
        let waiting = queue.wait_for_job();
        drop(queue.wait_for_job());
        put(queue, 0, 0).await;
        in_time(waiting).await.unwrap();
    }
}

/// The loop of a worker: with a lost wake-up it would wait for ever.
pub async fn waiting_for_jobs_does_them_all(queue: &dyn WorkQueue) {
    const JOBS: usize = 100;
    let worker = async {
        let mut done = 0;
        while done < JOBS {
            let waiting = queue.wait_for_job();
            let leases = queue.receive(2, at(0), at(10)).await.unwrap();
            if leases.is_empty() {
                waiting.await.unwrap();
            }
            for lease in leases {
                assert!(queue.acknowledge(&lease).await.unwrap());
                done += 1;
            }
        }
    };
    let client = async {
        for _ in 0..JOBS {
            put(queue, 0, 0).await;
        }
    };
    let both: Vec<BoxFuture<'_, ()>> = vec![Box::pin(worker), Box::pin(client)];
    in_parallel(both).await;
}

const NOTHING: [Uuid; 0] = [];

/// A moment: so many seconds after the beginning of the clause.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000 + seconds * 1_000_000)
}

async fn put(queue: &dyn WorkQueue, priority: i32, available_at: i64) -> Job {
    let job = Job { id: fresh_id(), priority, payload: r#"{"n": 1}"#.to_owned() };
    queue.put(job.clone(), at(available_at)).await.unwrap();
    job
}

async fn receive_one(queue: &dyn WorkQueue, now: i64, lease_until: i64) -> Lease {
    let mut leases = queue.receive(10, at(now), at(lease_until)).await.unwrap();
    assert_eq!(leases.len(), 1, "{leases:?}");
    leases.remove(0)
}

/// The jobs that can be received, under a lease of a thousand seconds.
async fn received(queue: &dyn WorkQueue, now: i64) -> Vec<Uuid> {
    let leases = queue.receive(10, at(now), at(now + 1_000)).await.unwrap();
    leases.into_iter().map(|lease| lease.job.id).collect()
}
