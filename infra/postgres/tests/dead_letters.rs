//! Dead letters over PostgreSQL.

#[path = "common.rs"]
mod common;

use std::collections::BTreeSet;

use common::Database;
use domain::time::Timestamp;
use futures::future::join_all;
use infra_postgres::PgStores;
use ports::dead_letter::{DeadLetters, NewDeadLetter};
use ports::event::{Metadata, RecordedEvent};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use serde_json::value::RawValue;
use uuid::Uuid;

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
    ports::contract::dead_letters!(or_skip!(), |fresh| &*fresh.stores.dead_letters);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listing_that_goes_on_from_the_last_id_skips_nothing() {
    const PROCESSES: u128 = 4;
    const PARKS: u64 = 40;
    let Some(database) = Database::fresh().await else { return };
    let parking = join_all((0..PROCESSES).map(|process| {
        let stores = database.open();
        async move {
            let letters = stores.await.dead_letters;
            for version in 1..=PARKS {
                // Some transactions are longer than others.
                let streams = 1 + (u128::from(version) * 7 + process) % 5;
                let parked: Vec<_> =
                    (0..streams).map(|n| letter(process * 10 + n, version)).collect();
                letters.park(&parked).await.unwrap();
            }
        }
    }));
    let reader = database.open().await.dead_letters;
    let (mut after, mut listed) = (0, Vec::new());
    let mut follow = async || {
        let page = reader.list(after, 7).await.unwrap();
        after = page.last().map_or(after, |letter| letter.id);
        listed.extend(page.iter().map(|letter| letter.id));
        page.len()
    };
    tokio::pin!(parking);
    loop {
        tokio::select! {
            biased;
            _ = &mut parking => break,
            _ = follow() => {}
        }
    }
    while follow().await > 0 {}
    let all: Vec<_> =
        reader.list(0, 10_000).await.unwrap().iter().map(|letter| letter.id).collect();
    assert_eq!(all.len() as u64, reader.count().await.unwrap());
    assert!(all.len() > 300, "{}", all.len());
    assert_eq!(listed, all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_park_the_same_sequence_crosswise_do_not_block_each_other() {
    let Some(database) = Database::fresh().await else { return };
    let (one, other) = (database.open().await.dead_letters, database.open().await.dead_letters);
    for version in 1..=20 {
        let forth = [letter(1, version), letter(2, version), letter(3, version)];
        let mut back = forth.clone();
        back.reverse();
        let (parked, also_parked) = tokio::join!(one.park(&forth), other.park(&back));
        parked.unwrap();
        also_parked.unwrap();
    }
    assert_eq!(one.count().await.unwrap(), 60);
    let streams: BTreeSet<_> = one.parked_streams(HANDLER).await.unwrap().into_iter().collect();
    assert_eq!(streams, [1, 2, 3].map(stream).into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_is_not_lost_for_a_reason_that_no_text_can_hold() {
    let Some(database) = Database::fresh().await else { return };
    let letters = database.open().await.dead_letters;
    let reason = "bad\0byte".to_owned();
    letters.park(&[NewDeadLetter { reason, ..letter(1, 1) }]).await.unwrap();
    let kept = letters.list(0, 10).await.unwrap().remove(0);
    assert_eq!(kept.reason, "bad\u{1a}byte");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parking_goes_on_after_all_connections_broke() {
    let Some(database) = Database::fresh().await else { return };
    let letters = database.open().await.dead_letters;
    letters.park(&[letter(1, 1), letter(1, 2)]).await.unwrap();
    let first = letters.sequence(HANDLER, &stream(1), 1).await.unwrap().remove(0);
    database.terminate_ours().await;
    letters.park(&[letter(1, 2), letter(1, 3)]).await.unwrap();
    database.terminate_ours().await;
    assert!(letters.request_replay(first.id).await.unwrap());
    database.terminate_ours().await;
    assert!(letters.remove(first.id).await.unwrap());
    database.terminate_ours().await;
    assert_eq!(letters.count().await.unwrap(), 2);
}

const HANDLER: &str = "fleet-projection";

fn stream(n: u128) -> StreamName {
    StreamName::new("motor", Uuid::from_u128(n))
}

fn letter(n: u128, version: u64) -> NewDeadLetter {
    let event = RecordedEvent {
        position: GlobalPosition(version),
        stream: stream(n),
        version: StreamVersion(version),
        event_type: "registered".to_owned(),
        schema_version: 1,
        data: RawValue::from_string("{}".to_owned()).expect("an object"),
        metadata: Metadata::default(),
        recorded_at: Timestamp::from_micros(1),
    };
    NewDeadLetter {
        handler: HANDLER.to_owned(),
        event,
        reason: "it cannot be read".to_owned(),
        attempts: 3,
        parked_at: Timestamp::from_micros(2),
    }
}
