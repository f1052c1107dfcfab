//! What one motor sends changes nothing for another.

use super::*;

fn course(number: u128) -> Vec<Sample> {
    let velocities: &[f64] =
        if number == 1 { &[0.9, 6.0, 6.0, 6.0, 0.9] } else { &[2.0, 3.0, 2.0] };
    let blocks = velocities.iter().enumerate();
    blocks.map(|(i, velocity)| Sample::Block(block(i as f64, 1.0, *velocity))).collect()
}

/// What is left of the given motors, with one sample per second of each.
async fn outputs(numbers: &[u128]) -> Vec<(Vec<Reading>, Vec<serde_json::Value>, Option<String>)> {
    let mut rig = Rig::with_motors(2).await;
    let settings = VibrationSettings { batch_samples_max: 3, ..VibrationSettings::default() };
    for second in 0..5 {
        for number in numbers {
            if let Some(sample) = course(*number).get(second) {
                rig.publish(motor(*number), sample).await;
            }
        }
        sleep(Duration::from_secs(1)).await;
    }
    let _running = rig.assess_with(rig.dependencies(), settings);
    rig.taken_all().await;
    rig.wait_s(10).await;
    let mut outputs = Vec::new();
    for number in numbers {
        outputs.push(rig.readings.everything(motor(*number)).await);
    }
    outputs
}

#[tokio::test(start_paused = true)]
async fn two_motors_interleaved_are_each_as_if_alone() {
    let both = outputs(&[1, 2]).await;
    assert_eq!(both[..1], outputs(&[1]).await);
    assert_eq!(both[1..], outputs(&[2]).await);
    assert!(both[0].1.len() > 3 && both[1].1.len() > 1, "{both:?}");
}

#[tokio::test(start_paused = true)]
async fn a_state_that_cannot_be_read_costs_only_its_own_motor() {
    let mut rig = Rig::with_motors(2).await;
    for number in [1, 2] {
        rig.publish_block(motor(number), block(0.0, 0.6, 0.9)).await;
    }
    {
        let _running = rig.assess();
        rig.taken_all().await;
    }
    let states = vec![(motor(1), "no state".to_owned())];
    rig.readings.commit(ReadingsCommit { states, ..Default::default() }).await.unwrap();
    for number in [1, 2] {
        rig.publish_block(motor(number), block(0.6, 0.6, 0.9)).await;
    }
    let _running = rig.assess();
    rig.taken_all().await;
    assert_eq!(rig.readings.of(motor(2)).len(), 1, "its window spans both blocks");
    assert_eq!(rig.readings.of(motor(1)).len(), 0, "its window begins anew");
}

#[tokio::test(start_paused = true)]
async fn unknown_and_decommissioned_motors_are_counted_and_hold_up_nobody() {
    let mut rig = Rig::with_motors(2).await;
    rig.send(motor(2), Command::Decommission {}).await;
    rig.fold().await;
    let _running = rig.assess();
    for number in [9, 2, 1] {
        rig.publish(motor(number), &value(0.0, 1.0)).await;
    }
    let before = rig.now();
    rig.taken_all().await;
    assert!(rig.now().seconds_since(before) < 0.5, "nobody waited");
    assert_eq!(rig.tally.count(Dropped::UnknownMotor), 1);
    assert_eq!(rig.tally.count(Dropped::Decommissioned), 1);
    assert_eq!(rig.readings.of(motor(1)).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_motor_that_was_registered_just_now_is_waited_for() {
    let mut rig = Rig::with_motors(1).await;
    let _running = rig.assess();
    sleep(Duration::from_secs(1)).await;
    rig.send(motor(5), Command::Register(nameplate())).await;
    rig.publish(motor(5), &value(0.0, 1.0)).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(rig.taken().await, 0, "the fleet does not know it yet");
    rig.fold().await;
    rig.taken_all().await;
    assert_eq!(rig.readings.of(motor(5)).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fleet_that_does_not_move_is_waited_for_no_longer_than_the_bound() {
    let mut rig = Rig::with_motors(1).await;
    let _running = rig.assess();
    sleep(Duration::from_secs(1)).await;
    rig.send(motor(5), Command::Register(nameplate())).await;
    rig.publish(motor(5), &value(0.0, 1.0)).await;
    rig.publish(motor(1), &value(0.0, 1.0)).await;
    let before = rig.now();
    rig.taken_all().await;
    assert!((2.0..2.5).contains(&rig.now().seconds_since(before)));
    assert_eq!(rig.tally.count(Dropped::UnknownMotor), 1);
    assert_eq!(rig.readings.of(motor(1)).len(), 1);
}
