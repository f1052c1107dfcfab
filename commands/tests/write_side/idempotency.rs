//! Repeating a command is harmless.

use std::sync::Arc;

use domain::rejection::Rejection;
use futures::future::join_all;
use ports::command_bus::{Accepted, CommandBus, CommandError};
use ports::memory::faulty::{Faults, Faulty};
use ports::stream::StreamVersion;
use uuid::Uuid;

use crate::world::{Held, MOTOR, World, expecting, keyed, register, rename};

fn essence(accepted: &Accepted) -> (String, u64, u64, Vec<(String, String)>) {
    let event =
        |event: &ports::event::NewEvent| (event.event_type.clone(), event.data.get().to_owned());
    let events = accepted.events.iter().map(event).collect();
    (accepted.stream.to_string(), accepted.version.0, accepted.position.0, events)
}

#[tokio::test]
async fn a_repeated_command_gets_the_first_answer() {
    let world = World::new();
    let first = world.commands.send(keyed(register(MOTOR), "k")).await.unwrap();
    world.commands.send(rename(MOTOR, "P-102")).await.unwrap();
    let again = world.commands.send(keyed(register(MOTOR), "k")).await.unwrap();
    assert!(again.repeated && !first.repeated);
    assert_eq!(essence(&again), essence(&first));
    assert_eq!(world.history().await, ["registered", "revised"]);
}

#[tokio::test]
async fn a_repeated_creation_is_answered_with_the_first_id() {
    let world = World::new();
    world.commands.send(keyed(register(MOTOR), "k")).await.unwrap();
    let again = world.commands.send(keyed(register(Uuid::nil()), "k")).await.unwrap();
    assert_eq!(again.stream.id, MOTOR);
}

#[tokio::test]
async fn a_repeated_command_needs_no_longer_fit_the_version() {
    let world = World::new();
    world.commands.send(register(MOTOR)).await.unwrap();
    let rename = expecting(keyed(rename(MOTOR, "P-102"), "k"), 1);
    let first = world.commands.send(rename.clone()).await.unwrap();
    let again = world.commands.send(rename).await.unwrap();
    assert_eq!(essence(&again), essence(&first));
}

#[tokio::test]
async fn a_command_that_changed_nothing_is_remembered_too() {
    let world = World::new();
    world.commands.send(register(MOTOR)).await.unwrap();
    let idle = keyed(rename(MOTOR, "P-101"), "k");
    let first = world.commands.send(idle.clone()).await.unwrap();
    world.commands.send(rename(MOTOR, "P-102")).await.unwrap();
    let again = world.commands.send(idle).await.unwrap();
    assert_eq!(essence(&again), essence(&first));
    assert_eq!(again.version, StreamVersion(1));
    assert_eq!(world.history().await, ["registered", "revised"]);
}

#[tokio::test]
async fn a_refused_command_is_not_remembered() {
    let world = World::new();
    let early = keyed(rename(MOTOR, "P-102"), "k");
    let refused = world.commands.send(early.clone()).await.unwrap_err();
    assert!(matches!(refused, CommandError::Rejected(Rejection::Unknown)), "{refused:?}");
    world.commands.send(register(MOTOR)).await.unwrap();
    assert!(!world.commands.send(early).await.unwrap().repeated);
}

#[tokio::test]
async fn a_key_is_for_one_command_only() {
    let world = World::new();
    world.commands.send(keyed(register(MOTOR), "k")).await.unwrap();
    let refused = world.commands.send(keyed(rename(MOTOR, "P-102"), "k")).await.unwrap_err();
    assert!(matches!(refused, CommandError::KeyReused), "{refused:?}");
}

#[tokio::test]
async fn a_duplicate_is_refused_while_the_first_is_being_handled() {
    let world = World::new();
    let held = Held::over(world.log.clone());
    let commands = world.over(held.clone());
    let first = tokio::spawn({
        let commands = commands.clone();
        async move { commands.send(keyed(register(MOTOR), "k")).await }
    });
    held.arrival().await;
    let refused = commands.send(keyed(register(MOTOR), "k")).await.unwrap_err();
    assert!(matches!(refused, CommandError::KeyInUse), "{refused:?}");
    let refused = commands.send(keyed(rename(MOTOR, "P-102"), "k")).await.unwrap_err();
    assert!(matches!(refused, CommandError::KeyReused), "{refused:?}");
    held.release(1);
    let first = first.await.unwrap().unwrap();
    let again = commands.send(keyed(register(MOTOR), "k")).await.unwrap();
    assert_eq!(essence(&again), essence(&first));
}

#[tokio::test]
async fn duplicates_in_two_processes_have_one_effect() {
    let world = World::new();
    let held = Held::over(world.log.clone());
    let other = world.over(held.clone());
    let late = tokio::spawn(async move { other.send(keyed(register(Uuid::nil()), "k")).await });
    held.arrival().await;
    let first = world.commands.send(keyed(register(MOTOR), "k")).await.unwrap();
    held.release(1);
    let late = late.await.unwrap().unwrap();
    assert!(late.repeated);
    assert_eq!(essence(&late), essence(&first));
    assert_eq!(world.history().await, ["registered"]);
}

/// The other process accepts the command after this one has looked for its key and before it decides.
#[tokio::test]
async fn its_own_effect_is_no_reason_to_say_no() {
    for seed in 0..300 {
        let world = World::new();
        // No faults, but the seed decides who comes first at every call.
        let faults = Faults::seeded(seed, 0.0);
        let process = || world.over(Arc::new(Faulty::over(world.log.clone(), &faults)));
        let [one, other] = [process(), process()];
        let (one, other) = tokio::join!(
            one.send(keyed(register(MOTOR), "k")),
            other.send(keyed(register(MOTOR), "k")),
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(essence(&one), essence(&other), "seed {seed}");
        assert_eq!(world.history().await, ["registered"], "seed {seed}");
    }
}

/// Half of the faults come after the effect, so that the sender cannot know whether there was one.
#[tokio::test]
async fn whoever_repeats_until_there_is_an_answer_has_one_effect() {
    let mut injected = 0;
    for seed in 0..100 {
        let world = World::new();
        let faults = Faults::seeded(seed, 0.3);
        let commands = world.over(Arc::new(Faulty::over(world.log.clone(), &faults)));
        let persist = |envelope: ports::command_bus::CommandEnvelope| {
            let commands = commands.clone();
            async move {
                loop {
                    match commands.send(envelope.clone()).await {
                        Ok(accepted) => break accepted,
                        Err(CommandError::Unavailable(_) | CommandError::KeyInUse) => {}
                        Err(other) => panic!("seed {seed}: {other:?}"),
                    }
                }
            }
        };
        persist(keyed(register(MOTOR), "register")).await;
        let names: Vec<String> = (0..10).map(|i| format!("P-{i}x")).collect();
        let renames = names.iter().map(|name| persist(keyed(rename(MOTOR, name), name)));
        let accepted = join_all(renames).await;
        let events = world.events().await;
        assert_eq!(events.len(), 11, "seed {seed}");
        for (name, accepted) in names.iter().zip(accepted) {
            let event = &events[usize::try_from(accepted.version.0).unwrap() - 1];
            assert!(event.data.get().contains(name.as_str()), "seed {seed}: {name}");
        }
        injected += faults.injected();
    }
    assert!(injected > 100, "{injected}");
}
