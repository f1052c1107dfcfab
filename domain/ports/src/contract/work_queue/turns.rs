//! Whose turn it is, whether it is anybody's, and how the queue stands.

use futures::FutureExt;

use super::{NOTHING, at, put, receive_one, received};
use crate::contract::in_time;
use crate::work_queue::{Overview, PRIORITY_POINT_S, WorkQueue};

/// So much earlier a job must have come to go before one of a point more.
const POINT_S: i64 = PRIORITY_POINT_S as i64;

pub async fn no_priority_starves_what_waits(queue: &dyn WorkQueue) {
    let patient = put(queue, 0, 0).await;
    let mut urgent = Vec::new();
    for n in 1..=4 {
        urgent.push(put(queue, 2, n * POINT_S).await.id);
    }
    let order = received(queue, 4 * POINT_S).await;
    assert_eq!(order, [urgent[0], patient.id, urgent[1], urgent[2], urgent[3]]);
}

pub async fn a_job_that_is_given_back_loses_its_old_turn(queue: &dyn WorkQueue) {
    put(queue, 0, 0).await;
    let lease = receive_one(queue, 0, 100).await;
    let other = put(queue, 0, 5).await;
    assert!(queue.release(&lease, at(10)).await.unwrap());
    assert_eq!(received(queue, 10).await, [other.id, lease.job.id]);
}

pub async fn a_job_whose_lease_ran_out_keeps_its_turn(queue: &dyn WorkQueue) {
    let job = put(queue, 0, 0).await;
    receive_one(queue, 0, 10).await;
    let other = put(queue, 0, 5).await;
    assert_eq!(received(queue, 10).await, [job.id, other.id]);
}

pub async fn a_paused_queue_gives_nothing_and_takes_jobs(queue: &dyn WorkQueue) {
    let first = put(queue, 0, 0).await;
    queue.pause(at(1)).await.unwrap();
    let second = put(queue, 0, 2).await;
    assert_eq!(received(queue, 3).await, NOTHING);
    assert_eq!(queue.next_available_at().await.unwrap(), None);
    queue.resume().await.unwrap();
    assert_eq!(queue.next_available_at().await.unwrap(), Some(at(0)));
    assert_eq!(received(queue, 3).await, [first.id, second.id]);
}

pub async fn a_pause_touches_no_lease(queue: &dyn WorkQueue) {
    let (job, _) = (put(queue, 0, 0).await, put(queue, 0, 1).await);
    let leases = queue.receive(2, at(1), at(10)).await.unwrap();
    queue.pause(at(2)).await.unwrap();
    assert!(queue.extend(&leases[0], at(20)).await.unwrap());
    assert!(queue.release(&leases[0], at(2)).await.unwrap());
    assert!(queue.acknowledge(&leases[1]).await.unwrap());
    assert_eq!(received(queue, 30).await, NOTHING);
    queue.resume().await.unwrap();
    assert_eq!(received(queue, 30).await, [job.id]);
}

pub async fn a_second_pause_changes_nothing(queue: &dyn WorkQueue) {
    let paused_at = async || queue.overview(at(9)).await.unwrap().paused_at;
    assert_eq!(paused_at().await, None);
    queue.pause(at(1)).await.unwrap();
    queue.pause(at(2)).await.unwrap();
    assert_eq!(paused_at().await, Some(at(1)));
    queue.resume().await.unwrap();
    queue.resume().await.unwrap();
    assert_eq!(paused_at().await, None);
}

pub async fn waiting_ends_when_the_queue_is_resumed(queue: &dyn WorkQueue) {
    put(queue, 0, 0).await;
    queue.pause(at(0)).await.unwrap();
    let mut waiting = queue.wait_for_job();
    assert!((&mut waiting).now_or_never().is_none(), "it is paused still");
    queue.resume().await.unwrap();
    in_time(waiting).await.unwrap();
}

pub async fn an_overview_tells_jobs_apart(queue: &dyn WorkQueue) {
    assert_eq!(queue.overview(at(0)).await.unwrap(), Overview::default());
    for (priority, available_at) in [(9, 2), (0, 4), (0, 3), (0, 50), (0, 60)] {
        put(queue, priority, available_at).await;
    }
    receive_one_of_many(queue).await;
    let expected =
        Overview { waiting: 2, delayed: 2, leased: 1, waiting_since: Some(at(3)), paused_at: None };
    assert_eq!(queue.overview(at(10)).await.unwrap(), expected);
}

pub async fn an_overview_tells_a_lease_that_ran_out_as_waiting(queue: &dyn WorkQueue) {
    put(queue, 0, 0).await;
    receive_one(queue, 0, 10).await;
    let overview = queue.overview(at(9)).await.unwrap();
    assert_eq!((overview.leased, overview.waiting, overview.waiting_since), (1, 0, None));
    let overview = queue.overview(at(10)).await.unwrap();
    assert_eq!((overview.leased, overview.waiting, overview.waiting_since), (0, 1, Some(at(10))));
}

/// Leases the one whose turn it is.
async fn receive_one_of_many(queue: &dyn WorkQueue) {
    assert_eq!(queue.receive(1, at(10), at(100)).await.unwrap().len(), 1);
}
