//! Leaders that are stopped for longer than their term, and wake up when another process leads.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

use crate::common::cluster::Installation;
use crate::common::say;
use crate::common::server::Server;
use crate::common::wait::{eventually, within};
use crate::load::Load;
use crate::truth;

/// The roles of which one process leads; the office bears the name of its role.
pub(crate) const LED: [&str; 3] = ["relay", "projections", "vibration"];
/// How long it may take until another process leads: a term, and some waits.
const LED_S_MAX: u64 = 30;
/// How long the awakened have to do harm: longer than they need to see that somebody else leads.
const AWAKE_S: u64 = 4;

/// Stops the leaders under load, waits until others do their work, and lets the former ones go on.
pub(crate) async fn haunt(installation: &Installation, leaders: [&Server; LED.len()], load: &Load) {
    load.goes_on().await;
    let before = LED.map(|office| truth::term(installation, office));
    signal(leaders, Signal::STOP);
    let since = Instant::now();
    for (office, before) in LED.into_iter().zip(before) {
        let bound = Duration::from_secs(LED_S_MAX);
        eventually(&format!("another process leads: {office}"), bound, async || {
            (truth::term(installation, office) > before).then_some(())
        })
        .await;
        say(&format!("{office}: another one leads after {:.1} s", since.elapsed().as_secs_f64()));
    }
    load.goes_on().await;
    let told = truth::published(installation).len();
    let bound = Duration::from_secs(LED_S_MAX);
    eventually("the relay in office tells of events", bound, async || {
        (truth::published(installation).len() > told).then_some(())
    })
    .await;
    signal(leaders, Signal::CONT);
    // There is no sign of harm that is not done.
    within(Duration::from_secs(AWAKE_S), async || None::<()>).await;
    load.goes_on().await;
}

fn signal(servers: [&Server; LED.len()], signal: Signal) {
    servers.into_iter().for_each(|server| server.signal(signal));
}
