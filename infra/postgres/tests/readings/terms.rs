//! A former leader can change nothing.

use futures::future::join_all;
use infra_postgres::{PgStores, TermEnded};
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::leadership::{Leadership, Term};
use ports::readings::{Readings, ReadingsCommit};

use crate::common::Database;
use crate::measured::{command, in_time, query, step, values, waiting};

const LONG_MS: u64 = 600_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_stopped_and_wakes_up_changes_nothing() {
    let Some(database) = Database::fresh().await else { return };
    let (stopped, other) = (database.open().await, database.open().await);
    let first = campaign(&stopped, "a", 0).await;
    let readings = stopped.readings.under(&first);
    readings.commit(step(1)).await.expect("its lease ran out, but nobody else has the office");

    let second = campaign(&other, "b", LONG_MS).await;
    other.readings.under(&second).commit(step(2)).await.unwrap();
    let refused = readings.commit(step(3)).await.expect_err("the term has ended");
    assert_eq!(ended(&refused), Some(&TermEnded(first.clone())), "{}", refused.chain());
    let ids: Vec<_> = readings.outgoing(10).await.unwrap().iter().map(|waits| waits.id).collect();
    let refused = readings.settle(&ids).await.expect_err("the term has ended");
    assert_eq!(ended(&refused), Some(&TermEnded(first)), "{}", refused.chain());

    assert_eq!(waiting(&readings).await, [1, 2]);
    assert_eq!(values(&readings, &query(1)).await, [1.0, 2.0]);
    assert_eq!(readings.checkpoint().await.unwrap(), Some(Checkpoint("2".to_owned())));
    let states = readings.states(&[crate::measured::motor(1)]).await.unwrap();
    assert_eq!(states.into_values().collect::<Vec<_>>(), ["2"]);
    other.readings.under(&second).settle(&ids).await.unwrap();
    assert!(waiting(&readings).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_term_that_never_was_writes_nothing() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let term = campaign(&stores, "a", LONG_MS).await;
    for forged in [
        Term { number: 2, ..term.clone() },
        Term { leader: "b".to_owned(), ..term.clone() },
        Term { office: "another".to_owned(), ..term },
    ] {
        let refused =
            stores.readings.under(&forged).commit(step(1)).await.expect_err("no such term");
        assert!(ended(&refused).is_some(), "{}", refused.chain());
    }
    assert_eq!(stores.readings.checkpoint().await.unwrap(), None);
}

/// Every command says under which term it was stored. Ids are given while the term is held, so that no command of an
/// earlier term has a higher id than one of a later term.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_former_leader_writes_after_a_later_one() {
    const ROUNDS: usize = 40;
    let Some(database) = Database::fresh().await else { return };
    let processes = [database.open().await, database.open().await];
    let lead = async |n: usize| {
        let stores = &processes[n % 2];
        let mut refused = 0;
        for _ in 0..ROUNDS {
            // The lease runs out at once, so that anybody may take over at any time.
            let won = stores.leadership.campaign(OFFICE, &format!("process {n}"), 0).await;
            let term = won.unwrap().expect("the office is always free");
            let outgoing = vec![command(term.number)];
            let commit = ReadingsCommit { outgoing, ..ReadingsCommit::default() };
            let readings = stores.readings.under(&term);
            for _ in 0..2 {
                match readings.commit(commit.clone()).await {
                    Ok(()) => {}
                    Err(error) if ended(&error).is_some() => refused += 1,
                    Err(error) => panic!("{}", error.chain()),
                }
            }
        }
        refused
    };
    let refused: usize = in_time(join_all((0..4).map(lead))).await.into_iter().sum();
    let terms = waiting(&processes[0].readings).await;
    assert!(terms.is_sorted(), "{terms:?}");
    assert_eq!(terms.len() + refused, 4 * ROUNDS * 2);
    assert!(refused > 0, "nobody was ever too late, so that nothing was shown");
}

const OFFICE: &str = "vibration";

async fn campaign(stores: &PgStores, who: &str, ttl_ms: u64) -> Term {
    let term = stores.leadership.campaign(OFFICE, who, ttl_ms).await.expect("the database answers");
    term.expect("nobody else has the office")
}

fn ended(error: &PortError) -> Option<&TermEnded> {
    error.source.downcast_ref()
}
