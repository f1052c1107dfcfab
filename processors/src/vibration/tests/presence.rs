//! Sensors that fall silent, and speak again.

use super::*;

async fn speak_each_minute(rig: &mut Rig, times: u32) {
    for _ in 0..times {
        let at_s = rig.now().seconds_since(start());
        rig.publish(motor(1), &value(at_s, 1.0)).await;
        rig.settle().await;
        rig.wait_s(60).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_sensor_is_lost_after_three_intervals_and_found_when_it_speaks_again() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    speak_each_minute(&mut rig, 4).await;
    rig.wait_s(115).await;
    assert_eq!(rig.happened(motor(1)).await, ["registered", "sensor_found", "zone_changed"]);
    rig.wait_s(10).await;
    assert_eq!(rig.happened(motor(1)).await[3..], ["sensor_lost"]);
    speak_each_minute(&mut rig, 1).await;
    assert_eq!(rig.happened(motor(1)).await[3..], ["sensor_lost", "sensor_found"]);
}

#[tokio::test(start_paused = true)]
async fn silence_goes_on_while_the_processor_is_away() {
    let mut rig = Rig::with_motors(1).await;
    let _teller = rig.tell();
    {
        let _running = rig.assess();
        speak_each_minute(&mut rig, 4).await;
    }
    sleep(Duration::from_secs(600)).await;
    let _running = rig.assess();
    rig.wait_s(5).await;
    let history = rig.history(motor(1)).await;
    let Some(MotorEvent::SensorLost(seen)) = history.last() else { panic!("{history:?}") };
    let last = rig.readings.latest(motor(1)).await.unwrap()[0].at;
    let silence_s = seen.at.seconds_since(last);
    assert!((180.0..181.0).contains(&silence_s), "not when it was noticed: {silence_s}");
}

#[tokio::test(start_paused = true)]
async fn silence_neither_raises_nor_clears() {
    let mut rig = Rig::with_motors(1).await;
    let _running = (rig.assess(), rig.tell());
    for at_s in 0..5 {
        rig.publish(motor(1), &value(f64::from(at_s), 3.5)).await;
        rig.wait_s(1).await;
    }
    rig.wait_s(600).await;
    assert_eq!(rig.happened(motor(1)).await[3..], ["alarm_raised", "sensor_lost"]);
}
