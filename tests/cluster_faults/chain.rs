//! The process of one role, killed at one point after the other.

use std::cell::Cell;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use tokio::time::Instant;

use crate::common::cluster::Installation;
use crate::common::say;
use crate::common::server::{Died, Server};
use crate::common::wait::within;
use crate::load::Load;
use crate::points::{Point, Role};
use crate::random::Random;

/// The signal that nobody can catch.
const SIGKILL: i32 = 9;
/// How long a process may take to come by its point: a leader's term has to end first, and work has to come in.
const LANDS_S_MAX: u64 = 120;
/// How long an end that was seen may take to be told.
const VANISH_S_MAX: u64 = 10;

/// Starts the role armed with each of its points in turn, each as often as `runs` says, and waits until it is killed
/// there. Each process has to recover from the kill of the one before. Gives the last one, which is not armed.
pub(crate) async fn chain(
    installation: &Installation,
    role: &Role,
    runs: u64,
    load: &Load,
    landed: &Cell<u64>,
) -> Server {
    for run in 0..runs {
        for point in role.points {
            kill(installation, role, point, run, load).await;
            landed.set(landed.get() + 1);
        }
    }
    let server = installation.start(role.name).await;
    load.doors.open(role.name, &server);
    server
}

async fn kill(installation: &Installation, role: &Role, point: &Point, run: u64, load: &Load) {
    let named = [role.name, point.name].concat();
    let seed = named.bytes().fold(run, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
    let passage = point.passage(&mut Random(seed));
    let setting = format!("{}:{passage}", point.name);
    let armed = installation.options(&["--roles", role.name]).with("ATALAYA_KILL_AT", &setting);
    let begun = Instant::now();
    let signal = match Server::try_start(&armed).await {
        Ok(mut server) => {
            load.doors.open(role.name, &server);
            let bound = Duration::from_secs(LANDS_S_MAX);
            let ended = within(bound, async || (!server.is_running()).then_some(())).await;
            assert!(ended.is_some(), "{} never came by {setting}", role.name);
            server.killed_by(VANISH_S_MAX).await
        }
        // What was left undone by the one before is done as soon as it is up.
        Err(Died { status, .. }) => status.signal(),
    };
    assert_eq!(signal, Some(SIGKILL), "{} armed with {setting}", role.name);
    say(&format!(
        "{:<12} {:<24} {passage:>7} {:>9.1} {:>13}",
        role.name,
        point.name,
        begun.elapsed().as_secs_f64(),
        load.acknowledged()
    ));
}
