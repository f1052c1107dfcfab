//! Commands leave in order, none is lost, and a refusal holds up nobody.

use super::*;
use crate::testing::Bus;
use ports::command_bus::CommandEnvelope;
use ports::memory::faulty::{Faults, Faulty};

async fn publish_all(rig: &mut Rig) {
    for at_s in 0..40 {
        let velocity = if at_s % 10 < 5 { 9.0 } else { 1.0 };
        for number in [1, 2] {
            rig.publish(motor(number), &value(f64::from(at_s), velocity)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_fails_on_the_way_the_same_happens_to_the_motors() {
    let mut histories = Vec::new();
    for (seed, rate) in [(0, 0.0), (1, 0.2), (2, 0.2), (3, 0.2)] {
        let mut rig = Rig::with_motors(2).await;
        let faults = Faults::seeded(seed, rate);
        let dependencies = Dependencies {
            bus: Bus::over(Arc::new(Faulty::over(rig.world.log.clone(), &faults))),
            readings: Arc::new(Faulty::over(rig.readings.clone(), &faults)),
            ..rig.dependencies()
        };
        let sender = Sender::new(&dependencies, rig.outgoing.clone());
        let _sender = Running::start(|drain| sender.run(drain));
        publish_all(&mut rig).await;
        let _running = rig.assess();
        rig.settle().await;
        histories.push((rig.history(motor(1)).await, rig.history(motor(2)).await));
    }
    assert!(histories[0].0.len() > 8, "{:?}", histories[0].0);
    for history in &histories[1..] {
        assert_eq!(history, &histories[0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_motor_that_refuses_does_not_hold_up_itself_or_others() {
    let mut rig = Rig::with_motors(2).await;
    let _running = rig.assess();
    for number in [1, 2] {
        rig.publish(motor(number), &value(0.0, 1.0)).await;
    }
    rig.taken_all().await;
    let decommission = CommandEnvelope::new::<Motor>(motor(1), &Command::Decommission {});
    rig.bus_send(decommission).await;
    let sent = rig.world.bus.sent();
    let _sender = rig.tell();
    rig.settle().await;
    assert_eq!(rig.world.bus.sent() - sent, 4, "each was sent once");
    assert_eq!(rig.happened(motor(1)).await, ["registered", "decommissioned"]);
    assert_eq!(rig.happened(motor(2)).await, ["registered", "sensor_found", "zone_changed"]);
}
