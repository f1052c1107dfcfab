//! Terms of office over PostgreSQL.

#[path = "common.rs"]
mod common;

use std::time::Duration;

use common::Database;
use infra_postgres::PgStores;
use ports::leadership::{Leadership, Term};
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

struct Fresh {
    stores: PgStores,
    _database: Database,
}

macro_rules! or_skip {
    () => {{
        let Some(database) = crate::common::Database::fresh().await else { return };
        crate::Fresh { stores: database.open().await, _database: database }
    }};
}

mod contract {
    ports::contract::leadership!(or_skip!(), |fresh| &*fresh.stores.leadership);
}

const LONG_MS: u64 = 600_000;
const WAIT_S_MAX: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_one_office() {
    let Some(database) = Database::fresh().await else { return };
    let (one, other) = (database.open().await, database.open().await);
    let term = leads(&one, "a", LONG_MS).await;
    assert_eq!(other.leadership.campaign(OFFICE, "b", LONG_MS).await.unwrap(), None);
    one.leadership.resign(&term).await.unwrap();
    assert_eq!(leads(&other, "b", LONG_MS).await.number, 2);
    assert_eq!(one.leadership.campaign(OFFICE, "a", LONG_MS).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_takeover_waits_for_what_the_leader_is_writing() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let term = leads(&stores, "a", LONG_MS).await;
    let mut stranger = database.stranger().await;
    let mut writing = stranger.begin().await.expect("a transaction");
    prove(&mut writing, &term).await.expect("the term is the newest");

    // Staying in office does not wait; the next line would hang otherwise. It also lets the office run out.
    assert_eq!(in_time(leads(&stores, "a", 0)).await, term);

    let leadership = stores.leadership.clone();
    let takeover = tokio::spawn(async move { leadership.campaign(OFFICE, "b", LONG_MS).await });
    wait_for_a_waiting_session(&database).await;
    assert!(!takeover.is_finished());
    writing.commit().await.expect("nothing is wrong with it");
    let taken = in_time(takeover).await.expect("no panic").unwrap().expect("the office was free");
    assert_eq!((taken.leader.as_str(), taken.number), ("b", 2));
    prove(&mut stranger, &term).await.expect_err("the term has ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_candidate_without_a_chance_waits_for_nobody() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let term = leads(&stores, "a", LONG_MS).await;
    let mut stranger = database.stranger().await;
    let mut writing = stranger.begin().await.expect("a transaction");
    prove(&mut writing, &term).await.expect("the term is the newest");
    let lost = in_time(stores.leadership.campaign(OFFICE, "b", LONG_MS)).await;
    assert_eq!(lost.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn campaigns_go_on_after_all_connections_broke() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let term = leads(&stores, "a", LONG_MS).await;
    database.terminate_ours().await;
    assert_eq!(leads(&stores, "a", LONG_MS).await, term);
    database.terminate_ours().await;
    stores.leadership.resign(&term).await.unwrap();
    assert_eq!(leads(&stores, "b", LONG_MS).await.number, 2);
}

const OFFICE: &str = "relay";

async fn leads(stores: &PgStores, who: &str, ttl_ms: u64) -> Term {
    let term = stores.leadership.campaign(OFFICE, who, ttl_ms).await.expect("the database answers");
    term.expect("nobody else has the office")
}

/// What every write under a term does first.
async fn prove(connection: &mut PgConnection, term: &Term) -> Result<(), sqlx::Error> {
    let values = sqlx::query("SELECT must_lead($1, $2, $3)").bind(&term.office).bind(&term.leader);
    values.bind(term.number as i64).execute(connection).await.map(drop)
}

async fn wait_for_a_waiting_session(database: &Database) {
    let mut observer = database.stranger().await;
    let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock')";
    let look = async {
        while !sqlx::query_scalar::<_, bool>(waiting)
            .fetch_one(&mut observer)
            .await
            .expect("a view")
        {}
    };
    in_time(look).await;
}

async fn in_time<T>(happening: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(WAIT_S_MAX), happening).await.expect("it should have happened")
}
