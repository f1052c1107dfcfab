//! The table is shared with cqrs-es and postgres-es as they are: each reads what the others wrote.
#![allow(clippy::unwrap_used, reason = "all of it is a test")]

#[path = "common.rs"]
mod common;
#[path = "support/motors.rs"]
mod motors;

use std::collections::HashMap;
use std::sync::Arc;

use common::Database;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore, ReplayStream};
use cqrs_es::{AggregateError, CqrsFramework, EventStore as _};
use domain::motor::{Motor, MotorEvent};
use infra_postgres::{PgEventRepository, PgStores};
use motors::{append, motor, register, registered, rename};
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{Append, AppendError, EventStore};
use ports::stream::StreamVersion;
use postgres_es::{PostgresCqrs, PostgresEventRepository, postgres_cqrs};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

type OurCqrs = CqrsFramework<Motor, PersistedEventStore<PgEventRepository, Motor>>;

fn ours(stores: &PgStores) -> OurCqrs {
    let repository = PgEventRepository::over(Arc::clone(&stores.log));
    CqrsFramework::new(PersistedEventStore::new_event_store(repository), Vec::new(), ())
}

async fn foreign_pool(database: &Database) -> PgPool {
    PgPoolOptions::new().connect(&database.settings.url).await.expect("the server answers")
}

async fn theirs(database: &Database) -> PostgresCqrs<Motor> {
    postgres_cqrs(foreign_pool(database).await, Vec::new(), ())
}

async fn rest(mut stream: ReplayStream) -> Vec<(String, usize, MotorEvent)> {
    let mut events = Vec::new();
    while let Some(event) = stream.next::<Motor>(&[]).await {
        let event = event.expect("it can be read");
        events.push((event.aggregate_id, event.sequence, event.payload));
    }
    events
}

#[tokio::test]
async fn the_unmodified_crate_decides_on_what_we_wrote_and_we_on_what_it_wrote() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let (ours, theirs) = (ours(&stores), theirs(&database).await);
    let id = motor(1).id.to_string();

    stores.log.append(append(motor(1), 0)).await.unwrap();
    let again = theirs.execute(&id, register("P-102")).await.unwrap_err();
    assert!(matches!(again, AggregateError::UserError(_)), "{again:?}");
    theirs.execute(&id, rename("P-102")).await.unwrap();
    ours.execute(&id, rename("P-103")).await.unwrap();
    theirs.execute(&id, rename("P-104")).await.unwrap();

    stores.log.wait_beyond(ports::stream::GlobalPosition(3)).await.unwrap();
    let events = stores.log.read_stream(&motor(1), StreamVersion(0), 10).await.unwrap();
    let names: Vec<_> = events.iter().map(name).collect();
    assert_eq!(names, ["P-101", "P-102", "P-103", "P-104"]);
    let positions: Vec<_> = events.iter().map(|event| event.position.0).collect();
    assert_eq!(positions, [1, 2, 3, 4]);
    let log = stores.log.read(&LogQuery { events_max: 10, ..LogQuery::default() }).await.unwrap();
    let ids = |events: &[ports::event::RecordedEvent]| {
        events.iter().map(ports::event::RecordedEvent::id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&log.events), ids(&events));
}

fn name(event: &ports::event::RecordedEvent) -> String {
    match event.decode::<Motor>().expect("it is an event of a motor") {
        MotorEvent::Registered(nameplate) | MotorEvent::Revised(nameplate) => nameplate.name,
        other => panic!("nobody did {other:?}"),
    }
}

#[tokio::test]
async fn what_we_store_is_what_the_crate_would_store() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let said = HashMap::from([("actor".to_owned(), "a test".to_owned())]);
    let ids = [1, 2, 3].map(|number| motor(number).id.to_string());
    stores.log.append(append(motor(1), 0)).await.unwrap();
    ours(&stores).execute_with_metadata(&ids[1], register("P-101"), said.clone()).await.unwrap();
    theirs(&database).await.execute_with_metadata(&ids[2], register("P-101"), said).await.unwrap();

    let repository = PostgresEventRepository::new(foreign_pool(&database).await);
    let mut stored = Vec::new();
    for id in &ids {
        let mut events = repository.get_events::<Motor>(id).await.unwrap();
        events.iter_mut().for_each(|event| event.aggregate_id.clear());
        stored.push(events);
    }
    assert_eq!(stored[0].len(), 1);
    assert_eq!(stored[0], stored[2], "through the port, and through the crate");
    assert_eq!(stored[1], stored[2], "through our repository, and through the crate");
}

#[tokio::test]
async fn our_repository_replays_a_type_in_the_order_of_the_log() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    for (number, version) in [(1, 0), (2, 0), (2, 1), (1, 1)] {
        stores.log.append(append(motor(number), version)).await.unwrap();
    }
    let repository = PgEventRepository::over(Arc::clone(&stores.log));
    let all = rest(repository.stream_all_events::<Motor>().await.unwrap()).await;
    let order: Vec<_> = all.iter().map(|(id, sequence, _)| (id.clone(), *sequence)).collect();
    let id = |number| motor(number).id.to_string();
    assert_eq!(order, [(id(1), 1), (id(2), 1), (id(2), 2), (id(1), 2)]);
    assert!(all.iter().all(|(_, _, event)| *event == registered("P-101")));
    let one = rest(repository.stream_events::<Motor>(&id(2)).await.unwrap()).await;
    assert_eq!(one, all[1..3]);
}

#[tokio::test]
async fn whoever_decided_on_an_old_state_is_told_so_on_either_side() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let id = motor(1).id.to_string();
    theirs(&database).await.execute(&id, register("P-101")).await.unwrap();

    let stale = stores.log.append(append(motor(1), 0)).await.unwrap_err();
    assert!(matches!(stale, AppendError::Conflict { actual: StreamVersion(1), .. }), "{stale:?}");

    let repository = PgEventRepository::over(Arc::clone(&stores.log));
    let store = PersistedEventStore::<_, Motor>::new_event_store(repository);
    let early = store.load_aggregate(&id).await.unwrap();
    let late = store.load_aggregate(&id).await.unwrap();
    let events = || vec![registered("P-101")];
    store.commit(events(), early, HashMap::new()).await.unwrap();
    let stale = store.commit(events(), late, HashMap::new()).await.unwrap_err();
    assert!(matches!(stale, AggregateError::AggregateConflict), "{stale:?}");
}

#[tokio::test]
async fn snapshots_are_refused() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let repository = PgEventRepository::over(Arc::clone(&stores.log));
    let store = PersistedEventStore::<_, Motor>::new_snapshot_store(repository, 1);
    assert!(store.load_aggregate(&motor(1).id.to_string()).await.is_err());
    let repository = PgEventRepository::over(Arc::clone(&stores.log));
    let snapshot = Some((motor(1).id.to_string(), serde_json::json!({}), 1));
    repository.persist::<Motor>(&[], snapshot).await.unwrap_err();
}

#[tokio::test]
async fn an_append_is_never_built_upon_an_event_that_has_no_place_yet() {
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    stores.log.append(append(motor(1), 0)).await.unwrap();
    theirs(&database).await.execute(&motor(1).id.to_string(), rename("P-102")).await.unwrap();
    // The batch itself gives the foreign event its place, and then judges.
    let events = vec![motors::event(); 2];
    let end = stores.log.append(Append { events, ..append(motor(1), 2) }).await.unwrap();
    assert_eq!((end.version.0, end.position.0), (4, 4));
}
