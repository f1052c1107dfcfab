//! The processor's state, its checkpoint, and the commands that it sends.

use super::{beside, command, fresh_id, remember, store, trend, valued, values};
use crate::checkpoint::Checkpoint;
use crate::readings::{Readings, ReadingsCommit};

pub async fn a_state_replaces_the_earlier_one(readings: &dyn Readings) {
    let (motor, other, unknown) = (fresh_id(), fresh_id(), fresh_id());
    remember(readings, &[(motor, r#"{"a": 1}"#), (other, r#"{"b":  "ß 🦀"}"#)]).await;
    remember(readings, &[(motor, r#"{"a": 2}"#)]).await;
    let states = readings.states(&[motor, other, unknown]).await.unwrap();
    let expected = [(motor, r#"{"a": 2}"#), (other, r#"{"b":  "ß 🦀"}"#)];
    assert_eq!(states, expected.map(|(id, state)| (id, state.to_owned())).into());
    assert!(readings.states(&[]).await.unwrap().is_empty());
}

pub async fn motors_with_a_state_are_told_in_pages(readings: &dyn Readings) {
    let mut motors: Vec<_> = (0..7).map(|_| fresh_id()).collect();
    motors.sort();
    for motor in motors.iter().rev() {
        remember(readings, &[(*motor, "{}")]).await;
    }
    let (mut after, mut told) = (None, Vec::new());
    loop {
        let page = readings.motors(after, 3).await.unwrap();
        assert!(page.len() <= 3 && page.is_sorted());
        let Some(last) = page.last() else { break };
        assert!(Some(*last) > after);
        after = Some(*last);
        told.extend(page.into_iter().filter(|id| motors.contains(id)));
    }
    assert_eq!(told, motors);
}

pub async fn a_commit_without_a_checkpoint_leaves_it(readings: &dyn Readings) {
    let checkpoint = Checkpoint(r#"{"0": 17}"#.to_owned());
    let with = ReadingsCommit { checkpoint: Some(checkpoint.clone()), ..ReadingsCommit::default() };
    readings.commit(with).await.unwrap();
    store(readings, vec![valued(fresh_id(), 1, 1.0)]).await;
    assert_eq!(readings.checkpoint().await.unwrap(), Some(checkpoint));
}

/// Whatever a reader asks for second is at least as new as what it asked for first.
pub async fn state_and_checkpoint_move_together(readings: &dyn Readings) {
    const STEPS: u64 = 50;
    let motor = fresh_id();
    let step = |n: u64| ReadingsCommit {
        readings: vec![valued(motor, n as i64, n as f64)],
        states: vec![(motor, n.to_string())],
        outgoing: Vec::new(),
        checkpoint: Some(Checkpoint(n.to_string())),
    };
    readings.commit(step(0)).await.unwrap();
    let state = async || readings.states(&[motor]).await.unwrap()[&motor].parse::<u64>().unwrap();
    let point =
        async || *values(readings, &trend(motor)).await.last().expect("there is one") as u64;
    let checkpoint = async || {
        readings.checkpoint().await.unwrap().expect("there is one").0.parse::<u64>().unwrap()
    };
    let writer = async {
        for n in 1..=STEPS {
            readings.commit(step(n)).await.unwrap();
        }
    };
    let reader = async {
        while checkpoint().await < STEPS {
            assert!(checkpoint().await <= state().await, "a checkpoint before its state");
            assert!(state().await <= point().await, "a state before its reading");
            assert!(point().await <= checkpoint().await, "a reading before its checkpoint");
        }
    };
    beside(writer, reader).await;
}

pub async fn outgoing_commands_come_oldest_first_until_settled(readings: &dyn Readings) {
    let commands: Vec<_> = (0..5).map(|_| command()).collect();
    for commands in commands.chunks(2) {
        let commit = ReadingsCommit { outgoing: commands.to_vec(), ..ReadingsCommit::default() };
        readings.commit(commit).await.unwrap();
    }
    let waiting = readings.outgoing(100).await.unwrap();
    assert!(waiting.is_sorted_by(|earlier, later| earlier.id < later.id));
    for (waiting, sent) in waiting.iter().zip(&commands) {
        assert_eq!(waiting.command.stream, sent.stream);
        assert_eq!(waiting.command.command, sent.command);
        assert_eq!(waiting.command.key, sent.key);
        assert_eq!(waiting.command.metadata, sent.metadata);
        assert_eq!(waiting.command.expected, sent.expected);
    }
    let ids: Vec<_> = waiting.iter().map(|waiting| waiting.id).collect();
    assert_eq!(ids.len(), 5);
    readings.settle(&[ids[0], ids[3]]).await.unwrap();
    let left = async |commands_max| {
        let left = readings.outgoing(commands_max).await.unwrap();
        left.into_iter().map(|waiting| waiting.id).collect::<Vec<_>>()
    };
    assert_eq!(left(100).await, [ids[1], ids[2], ids[4]]);
    assert_eq!(left(2).await, [ids[1], ids[2]]);
    readings.settle(&ids).await.unwrap();
    assert_eq!(left(100).await, [0_u64; 0]);

    let commit = ReadingsCommit { outgoing: vec![command()], ..ReadingsCommit::default() };
    readings.commit(commit).await.unwrap();
    assert!(left(100).await[0] > ids[4], "an id is never used again");
}

pub async fn settling_twice_is_no_error(readings: &dyn Readings) {
    let commit = ReadingsCommit { outgoing: vec![command()], ..ReadingsCommit::default() };
    readings.commit(commit).await.unwrap();
    let id = readings.outgoing(1).await.unwrap()[0].id;
    readings.settle(&[id]).await.unwrap();
    readings.settle(&[id, u64::from(u32::MAX)]).await.unwrap();
    readings.settle(&[]).await.unwrap();
}
