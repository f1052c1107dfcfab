//! Steps are taken wholly or not at all, whatever breaks and whoever else writes.

use futures::future::join_all;
use ports::checkpoint::Checkpoint;
use ports::readings::{Readings, ReadingsCommit};

use crate::common::Database;
use crate::measured::{in_time, motor, query, reading, step, today, values, waiting};

/// A processor that goes on from its checkpoint, while all its connections are broken again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_is_taken_wholly_though_connections_break() {
    const STEPS: u64 = 150;
    let Some(database) = Database::fresh().await else { return };
    let stores = database.open().await;
    let readings = &stores.readings;
    let come_so_far = async || loop {
        if let Ok(checkpoint) = readings.checkpoint().await {
            return checkpoint.map_or(0, |Checkpoint(n)| n.parse::<u64>().unwrap());
        }
    };
    let processor = async {
        loop {
            let n = come_so_far().await;
            if n == STEPS {
                return;
            }
            // What failed may have been done all the same; the checkpoint tells.
            let _ = readings.commit(step(n + 1)).await;
        }
    };
    let breaker = async {
        for _ in 0..12 {
            database.terminate_ours().await;
        }
    };
    in_time(async { tokio::join!(processor, breaker) }).await;
    let expected: Vec<f64> = (1..=STEPS).map(|n| n as f64).collect();
    assert_eq!(values(readings, &query(1)).await, expected);
    assert_eq!(readings.states(&[motor(1)]).await.unwrap()[&motor(1)], STEPS.to_string());
    let mut commands = waiting(readings).await;
    assert!(commands.is_sorted(), "{commands:?}");
    commands.dedup();
    assert_eq!(commands, (1..=STEPS).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_with_one_part_that_cannot_be_stored_leaves_nothing() {
    let Some(database) = Database::fresh().await else { return };
    let readings = database.open().await.readings;
    let unstorable = ReadingsCommit { states: vec![(motor(1), "a\0b".to_owned())], ..step(1) };
    readings.commit(unstorable).await.expect_err("no text holds a NUL");
    let mut infinite = step(1);
    infinite.readings.push(reading(1, today(), f64::INFINITY));
    readings.commit(infinite).await.expect_err("a feature has to be finite");
    assert_eq!(readings.checkpoint().await.unwrap(), None);
    assert!(values(&readings, &query(1)).await.is_empty());
    assert!(waiting(&readings).await.is_empty());
    assert!(readings.motors(None, 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_readings_in_one_place_and_step_the_last_counts() {
    let Some(database) = Database::fresh().await else { return };
    let readings = database.open().await.readings;
    let at = today();
    let states = ["1", "2"].map(|state| (motor(1), state.to_owned())).into();
    let twice = vec![reading(1, at, 1.0), reading(1, at, 2.0)];
    readings.commit(ReadingsCommit { readings: twice, states, ..step(1) }).await.unwrap();
    assert_eq!(values(&readings, &query(1)).await, [2.0]);
    assert_eq!(readings.states(&[motor(1)]).await.unwrap()[&motor(1)], "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_store_readings_of_the_same_motors_never_fail() {
    const MOTORS: u128 = 12;
    let Some(database) = Database::fresh().await else { return };
    let processes = [database.open().await, database.open().await];
    let start = today();
    let process = async |n: usize| {
        let readings = &processes[n % 2].readings;
        for round in 0..25_usize {
            let at = start.plus_seconds((round * 4 + n) as f64 * 0.001);
            let motors = (0..MOTORS).map(|i| (i * 5 + n as u128 + round as u128) % MOTORS);
            let measured = motors.map(|motor| reading(motor, at, 1.0)).collect();
            let states = (0..MOTORS).rev().map(|n| (motor(n), "{}".to_owned())).collect();
            let commit = ReadingsCommit { readings: measured, states, ..step(1) };
            readings.commit(commit).await.unwrap();
        }
    };
    in_time(join_all((0..4).map(process))).await;
    for motor in 0..MOTORS {
        assert_eq!(values(&processes[0].readings, &query(motor)).await.len(), 100);
    }
}
