//! Deciding and recording.

use std::sync::Arc;

use commands::Settings;
use domain::aggregate::EncodedEvent;
use domain::rejection::Rejection;
use futures::future::join_all;
use ports::command_bus::{CommandBus, CommandError};
use ports::event::Metadata;
use ports::event_store::{Append, EventStore};
use ports::memory::faulty::{Faults, Faulty};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use serde_json::json;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::world::{Held, MOTOR, World, decommission, expecting, keyed, register, rename, revise};

#[tokio::test]
async fn an_accepted_command_is_in_the_log() {
    let world = World::new();
    let accepted = world.commands.send(register(MOTOR)).await.unwrap();
    assert_eq!(accepted.stream, StreamName::new("motor", MOTOR));
    assert_eq!((accepted.version, accepted.position), (StreamVersion(1), GlobalPosition(1)));
    assert!(!accepted.repeated);
    let events = world.events().await;
    assert_eq!(events[0].event_type, "registered");
    assert_eq!(events[0].data.get(), accepted.events[0].data.get());
}

#[tokio::test]
async fn one_command_may_have_several_events() {
    let world = World::new();
    world.commands.send(register(MOTOR)).await.unwrap();
    let change = json!({ "name": "P-102", "location": "Hall 2" });
    let accepted = world.commands.send(revise(MOTOR, change)).await.unwrap();
    assert_eq!((accepted.version, accepted.position), (StreamVersion(3), GlobalPosition(3)));
    assert_eq!(world.history().await, ["registered", "revised", "relocated"]);
}

#[tokio::test]
async fn a_rejected_command_leaves_no_trace() {
    let world = World::new();
    let refused = world.commands.send(rename(MOTOR, "P-102")).await.unwrap_err();
    assert!(matches!(refused, CommandError::Rejected(Rejection::Unknown)), "{refused:?}");
    world.commands.send(register(MOTOR)).await.unwrap();
    let refused = world.commands.send(register(MOTOR)).await.unwrap_err();
    assert!(matches!(refused, CommandError::Rejected(Rejection::AlreadyExists)), "{refused:?}");
    assert_eq!(world.history().await, ["registered"]);
}

#[tokio::test]
async fn what_changes_nothing_is_accepted_where_the_aggregate_stands() {
    let world = World::new();
    world.commands.send(register(Uuid::nil())).await.unwrap();
    world.commands.send(register(MOTOR)).await.unwrap();
    let accepted = world.commands.send(rename(MOTOR, "P-101")).await.unwrap();
    assert_eq!((accepted.version, accepted.position), (StreamVersion(1), GlobalPosition(2)));
    assert!(accepted.events.is_empty());
}

#[tokio::test]
async fn who_expects_a_version_gets_no_other() {
    let world = World::new();
    world.commands.send(register(MOTOR)).await.unwrap();
    world.commands.send(expecting(rename(MOTOR, "P-102"), 1)).await.unwrap();
    for envelope in [rename(MOTOR, "P-103"), rename(MOTOR, "P-102"), decommission(MOTOR)] {
        let refused = world.commands.send(expecting(envelope, 1)).await.unwrap_err();
        let CommandError::VersionMismatch { actual } = refused else { panic!("{refused:?}") };
        assert_eq!(actual, StreamVersion(2));
    }
    assert_eq!(world.history().await, ["registered", "revised"]);
}

#[tokio::test]
async fn many_at_a_time_on_one_motor_are_all_accepted_once() {
    let world = World::new();
    world.commands.send(register(MOTOR)).await.unwrap();
    // A store that now and then gives way to others, as one behind a network does.
    let commands = world.over(Arc::new(Faulty::over(world.log.clone(), &Faults::seeded(1, 0.0))));
    let names: Vec<String> = (0..200).map(|i| format!("P-{i}x")).collect();
    let sent = join_all(names.iter().map(|name| commands.send(rename(MOTOR, name)))).await;
    let mut versions: Vec<u64> = sent.into_iter().map(|sent| sent.unwrap().version.0).collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=201).collect::<Vec<_>>());
    let events = world.events().await;
    assert!(events.iter().zip(1..).all(|(event, version)| event.version.0 == version));
    for name in &names {
        let named = events.iter().filter(|event| event.data.get().contains(name.as_str()));
        assert_eq!(named.count(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_conflict_with_another_process_is_decided_again() {
    let world = World::new();
    world.commands.send(register(MOTOR)).await.unwrap();
    let held = Held::over(world.log.clone());
    let other = world.over(held.clone());
    let waiting = tokio::spawn(async move { other.send(rename(MOTOR, "P-102")).await });
    held.arrival().await;
    world.commands.send(revise(MOTOR, json!({ "poles": 4 }))).await.unwrap();
    held.release(2);
    let accepted = waiting.await.unwrap().unwrap();
    assert_eq!(accepted.version, StreamVersion(3));
    let last = world.events().await.pop().unwrap();
    assert!(last.data.get().contains(r#""poles":4"#), "decided on the new state: {}", last.data);
}

#[tokio::test]
async fn a_conflict_may_end_in_a_rejection() {
    let world = World::new();
    world.commands.send(register(MOTOR)).await.unwrap();
    let held = Held::over(world.log.clone());
    let other = world.over(held.clone());
    let waiting = tokio::spawn(async move { other.send(rename(MOTOR, "P-102")).await });
    held.arrival().await;
    world.commands.send(decommission(MOTOR)).await.unwrap();
    held.release(1);
    let refused = waiting.await.unwrap().unwrap_err();
    assert!(matches!(refused, CommandError::Rejected(Rejection::NotNow { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_conflict_is_not_decided_again_for_who_expects_a_version() {
    let world = World::new();
    world.commands.send(register(MOTOR)).await.unwrap();
    let held = Held::over(world.log.clone());
    let other = world.over(held.clone());
    let envelope = expecting(rename(MOTOR, "P-102"), 1);
    let waiting = tokio::spawn(async move { other.send(envelope).await });
    held.arrival().await;
    world.commands.send(rename(MOTOR, "P-103")).await.unwrap();
    held.release(1);
    let refused = waiting.await.unwrap().unwrap_err();
    let CommandError::VersionMismatch { actual } = refused else { panic!("{refused:?}") };
    assert_eq!(actual, StreamVersion(2));
}

#[tokio::test]
async fn deciding_again_has_an_end() {
    let world = World::new();
    world.commands.send(register(MOTOR)).await.unwrap();
    let held = Held::over(world.log.clone());
    let other = world.over(held.clone());
    let waiting = tokio::spawn(async move { other.send(rename(MOTOR, "late")).await });
    for i in 0..5 {
        held.arrival().await;
        world.commands.send(rename(MOTOR, &format!("early {i}"))).await.unwrap();
        held.release(1);
    }
    let refused = waiting.await.unwrap().unwrap_err();
    assert!(matches!(refused, CommandError::Contended { attempts: 5 }), "{refused:?}");
}

#[tokio::test]
async fn what_another_process_did_is_seen_even_when_nothing_is_to_be_recorded() {
    let world = World::new();
    let other = world.over(world.log.clone());
    world.commands.send(register(MOTOR)).await.unwrap();
    other.send(rename(MOTOR, "P-102")).await.unwrap();
    // To the state that the first process remembers this would change nothing.
    let accepted = world.commands.send(rename(MOTOR, "P-101")).await.unwrap();
    assert_eq!((accepted.version, accepted.events.len()), (StreamVersion(3), 1));
    other.send(rename(MOTOR, "P-103")).await.unwrap();
    let accepted = world.commands.send(expecting(rename(MOTOR, "P-104"), 4)).await.unwrap();
    assert_eq!(accepted.version, StreamVersion(5));
}

#[tokio::test]
async fn a_long_stream_is_read_to_its_end() {
    let world = World::new();
    world.commands.send(register(MOTOR)).await.unwrap();
    for i in 0..1_200 {
        world.commands.send(rename(MOTOR, &format!("P-{i}x"))).await.unwrap();
    }
    let accepted = world.over(world.log.clone()).send(rename(MOTOR, "last")).await.unwrap();
    assert_eq!(accepted.version, StreamVersion(1_202));
}

#[tokio::test]
async fn an_event_that_cannot_be_read_stops_every_decision() {
    let world = World::new();
    world.commands.send(register(MOTOR)).await.unwrap();
    let stream = StreamName::new("motor", MOTOR);
    let unreadable = EncodedEvent {
        event_type: "painted".to_owned(),
        schema_version: 1,
        data: RawValue::from_string("{}".to_owned()).unwrap(),
    };
    let append = Append {
        stream: stream.clone(),
        expected: StreamVersion(1),
        events: vec![unreadable],
        metadata: Metadata::default(),
        key: None,
    };
    world.log.append(append).await.unwrap();
    for commands in [world.commands.clone(), world.over(world.log.clone())] {
        let refused = commands.send(rename(MOTOR, "P-102")).await.unwrap_err();
        let CommandError::Corrupt { stream: of, reason } = refused else { panic!("{refused:?}") };
        assert_eq!(of, stream);
        assert!(reason.contains("painted"), "{reason}");
    }
}

#[tokio::test]
async fn more_than_so_many_at_a_time_are_refused() {
    let world = World::new();
    let held = Held::over(world.log.clone());
    let settings = Settings { commands_in_flight_max: 1, ..Settings::default() };
    let commands = Arc::new(commands::all(held.clone(), world.clock.clone(), settings));
    let first = tokio::spawn({
        let commands = commands.clone();
        async move { commands.send(register(MOTOR)).await }
    });
    held.arrival().await;
    let refused = commands.send(register(Uuid::nil())).await.unwrap_err();
    assert!(matches!(refused, CommandError::Overloaded), "{refused:?}");
    held.release(2);
    first.await.unwrap().unwrap();
    commands.send(register(Uuid::nil())).await.unwrap();
}

#[tokio::test]
async fn who_gives_up_half_way_blocks_nobody() {
    let world = World::new();
    let held = Held::over(world.log.clone());
    let settings = Settings { commands_in_flight_max: 1, ..Settings::default() };
    let commands = Arc::new(commands::all(held.clone(), world.clock.clone(), settings));
    let given_up = tokio::spawn({
        let commands = commands.clone();
        async move { commands.send(keyed(register(MOTOR), "k")).await }
    });
    held.arrival().await;
    given_up.abort();
    given_up.await.unwrap_err();
    held.release(1);
    commands.send(keyed(register(MOTOR), "k")).await.unwrap();
}

#[tokio::test]
async fn what_is_no_command_is_refused_with_a_pointer() {
    let world = World::new();
    let mut envelope = register(MOTOR);
    envelope.command["register"]["bearings"] =
        json!([{ "position": "DE", "rolling_elements": "nine" }]);
    let refused = world.commands.send(envelope.clone()).await.unwrap_err();
    let CommandError::Malformed(faults) = refused else { panic!("{refused:?}") };
    assert_eq!(faults[0].pointer, "/bearings/0/rolling_elements");
    envelope.command = json!({ "paint": {} });
    let refused = world.commands.send(envelope.clone()).await.unwrap_err();
    assert!(matches!(refused, CommandError::Malformed(_)), "{refused:?}");
    envelope.stream.category = "pump".to_owned();
    let refused = world.commands.send(envelope).await.unwrap_err();
    assert!(matches!(refused, CommandError::UnknownCategory(_)), "{refused:?}");
}

#[tokio::test]
async fn events_know_where_they_come_from() {
    let world = World::new();
    world.commands.send(register(MOTOR)).await.unwrap();
    let mut caused = rename(MOTOR, "P-102");
    caused.metadata.correlation_id = Some("conversation".to_owned());
    caused.metadata.causation_id = Some("motor-1/7".to_owned());
    caused.metadata.actor = Some("vibration".to_owned());
    world.commands.send(caused).await.unwrap();
    let [first, second] = world.events().await.try_into().unwrap();
    let id = first.metadata.command_id.clone().unwrap();
    assert_eq!(Uuid::parse_str(&id).unwrap().get_version_num(), 7);
    assert_eq!(first.metadata.correlation_id.as_ref(), Some(&id));
    assert_eq!(first.metadata.causation_id.as_ref(), Some(&id));
    assert!(second.metadata.command_id.is_some_and(|other| other != id));
    assert_eq!(second.metadata.correlation_id.as_deref(), Some("conversation"));
    assert_eq!(second.metadata.causation_id.as_deref(), Some("motor-1/7"));
    assert_eq!(second.metadata.actor.as_deref(), Some("vibration"));
}
