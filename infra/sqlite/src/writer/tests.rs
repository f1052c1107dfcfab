//! Batches are put together on purpose, by holding the writing thread.

use std::path::Path;
use std::sync::mpsc;

use ports::PortError;
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::kill_points;

/// A child that has no parent is an error, but only when the transaction is committed.
const FAMILY: &str = "
    CREATE TABLE parents (id INTEGER PRIMARY KEY);
    CREATE TABLE children (
        id INTEGER PRIMARY KEY,
        parent INTEGER NOT NULL REFERENCES parents DEFERRABLE INITIALLY DEFERRED
    );";

fn writer() -> Arc<Writer> {
    let connection = Connection::open_in_memory().unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    connection.execute_batch(FAMILY).unwrap();
    let start = Start {
        file: Path::new("family.db"),
        connection,
        queue_jobs_max: 100,
        kill_points: kill_points::LOG,
        committed: Box::new(|_| Ok(())),
    };
    Arc::new(Writer::start(start).unwrap())
}

/// Holds the writing thread until the sender is dropped, so that what is put meanwhile shares a batch.
async fn hold(writer: &Arc<Writer>) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel::<()>();
    let (started, running) = oneshot::channel();
    put(writer, move |_| {
        let _ = started.send(());
        let _ = held.recv();
        Ok(())
    })
    .await;
    running.await.unwrap();
    release
}

/// Puts a job into the queue and leaves its answer for later.
async fn put<T: Send + 'static>(
    writer: &Arc<Writer>,
    work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
) -> JoinHandle<Result<T, Fault>> {
    put_to_outlast(writer, Outlasts::PowerCut, work).await
}

async fn put_to_outlast<T: Send + 'static>(
    writer: &Arc<Writer>,
    outlasts: Outlasts,
    work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
) -> JoinHandle<Result<T, Fault>> {
    let writer = Arc::clone(writer);
    let answer = tokio::spawn(async move { writer.run(outlasts, work).await });
    // There is one thread, so the task has run until it waits for its answer.
    yield_now().await;
    answer
}

fn parent(id: i64) -> impl FnOnce(&Connection) -> Result<(), Fault> + Send + 'static {
    move |connection| Ok(connection.execute("INSERT INTO parents VALUES (?1)", [id]).map(drop)?)
}

fn orphan(connection: &Connection) -> Result<(), Fault> {
    Ok(connection.execute("INSERT INTO children VALUES (1, 404)", []).map(drop)?)
}

async fn parents(writer: &Writer) -> Vec<i64> {
    let read = |connection: &Connection| {
        let mut statement = connection.prepare("SELECT id FROM parents ORDER BY id")?;
        let ids = statement.query_map([], |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    };
    writer.run(Outlasts::PowerCut, read).await.unwrap()
}

fn told(fault: Fault) -> String {
    PortError::new("writing", fault).chain()
}

#[tokio::test]
async fn jobs_that_wait_share_one_commit() {
    let writer = writer();
    let release = hold(&writer).await;
    let mut answers = Vec::new();
    for id in 0..20 {
        answers.push(put(&writer, parent(id)).await);
    }
    drop(release);
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(writer.counts(), WriteCounts { jobs: 21, commits: 2 });
}

#[tokio::test]
async fn a_job_that_fails_undoes_only_itself() {
    let writer = writer();
    let release = hold(&writer).await;
    let one = put(&writer, parent(1)).await;
    let failing = put(&writer, |connection| {
        parent(2)(connection)?;
        parent(1)(connection)
    })
    .await;
    let three = put(&writer, parent(3)).await;
    drop(release);
    one.await.unwrap().unwrap();
    let refusal = told(failing.await.unwrap().unwrap_err());
    assert!(refusal.contains("UNIQUE"), "{refusal}");
    three.await.unwrap().unwrap();
    assert_eq!(parents(&writer).await, [1, 3]);
}

#[tokio::test]
async fn when_the_commit_fails_the_whole_batch_fails_and_the_next_one_works() {
    let writer = writer();
    let release = hold(&writer).await;
    let mut answers = Vec::new();
    answers.push(put(&writer, parent(1)).await);
    answers.push(put(&writer, orphan).await);
    answers.push(put(&writer, parent(2)).await);
    drop(release);
    for answer in answers {
        let refusal = told(answer.await.unwrap().unwrap_err());
        assert!(refusal.contains("could not be committed: FOREIGN KEY"), "{refusal}");
    }
    assert_eq!(parents(&writer).await, [0_i64; 0]);
    writer.run(Outlasts::PowerCut, parent(5)).await.unwrap();
    assert_eq!(parents(&writer).await, [5]);
}

#[tokio::test]
async fn when_a_job_ends_the_transaction_nobody_believes_in_it() {
    let writer = writer();
    let release = hold(&writer).await;
    let before = put(&writer, parent(1)).await;
    let ending = put(&writer, |connection| Ok(connection.execute_batch("ROLLBACK")?)).await;
    let after = put(&writer, parent(2)).await;
    drop(release);
    for answer in [before, ending, after] {
        let refusal = told(answer.await.unwrap().unwrap_err());
        assert!(refusal.contains("ended it"), "{refusal}");
    }
    writer.run(Outlasts::PowerCut, parent(5)).await.unwrap();
    assert_eq!(parents(&writer).await, [5]);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_nothing_half_done() {
    let writer = writer();
    let release = hold(&writer).await;
    let gone = put(&writer, |connection| {
        parent(1)(connection)?;
        parent(2)(connection)
    })
    .await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    drop(release);
    assert_eq!(parents(&writer).await, [1, 2]);
}

#[tokio::test]
async fn closing_finishes_what_is_queued_and_takes_nothing_more() {
    let writer = writer();
    let release = hold(&writer).await;
    let one = put(&writer, parent(1)).await;
    let closing = tokio::spawn({
        let writer = Arc::clone(&writer);
        async move { writer.close().await }
    });
    yield_now().await;
    drop(release);
    one.await.unwrap().unwrap();
    closing.await.unwrap();
    let refusal = told(writer.run(Outlasts::PowerCut, parent(2)).await.unwrap_err());
    assert!(refusal.contains("the store is closed"), "{refusal}");
}

/// 2 where the disk is waited for, 1 where it is not.
fn synchronous(connection: &Connection) -> Result<i64, Fault> {
    Ok(connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?)
}

#[tokio::test]
async fn the_disk_is_waited_for_when_one_job_of_a_batch_needs_it() {
    let writer = writer();
    for (outlasts, level) in [
        (Outlasts::Crash, 1),
        (Outlasts::PowerCut, 2),
        (Outlasts::PowerCut, 2),
        (Outlasts::Crash, 1),
    ] {
        assert_eq!(writer.run(outlasts, synchronous).await.unwrap(), level);
    }
    let release = hold(&writer).await;
    let mut answers = Vec::new();
    for outlasts in [Outlasts::Crash, Outlasts::PowerCut, Outlasts::Crash] {
        answers.push(put_to_outlast(&writer, outlasts, synchronous).await);
    }
    drop(release);
    for answer in answers {
        assert_eq!(answer.await.unwrap().unwrap(), 2);
    }
    assert_eq!(writer.counts().commits, 6);
}
