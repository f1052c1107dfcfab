//! One run: load, kill, start again, repeat what was not answered, and look.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use super::album::Album;
use super::check::check;
use super::load::Load;
use super::points::{Point, Scene};
use super::poison::{assert_parked, replay_all, request_replays, spoil};
use super::random::Random;
use crate::common::client::Client;
use crate::common::server::{Server, ServerOptions};
use crate::common::tamper;

/// The signal that nobody can catch.
const SIGKILL: i32 = 9;
/// How long a process may take to vanish once nobody gets an answer from it.
const VANISH_S_MAX: u64 = 10;

/// One run at `point`; gives how many commands had been acknowledged when the kill landed.
pub(crate) async fn run(point: &Point, number: u64, album: &Album) -> usize {
    let named = point.name.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
    let seed = named.wrapping_add(number);
    let passage = point.passage(&mut Random(seed));
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let data_dir = folder.path();
    let load = Load::new(seed, album);
    let victims = match point.scene {
        Scene::Load | Scene::Rebuilding => Vec::new(),
        Scene::Parking => spoil(data_dir, seed).await,
        Scene::Replaying => {
            let victims = spoil(data_dir, seed).await;
            park_and_heal(data_dir, &victims).await;
            victims
        }
    };
    let armed = format!("{}:{passage}", point.name);
    kill(&ServerOptions::new(data_dir).with("ATALAYA_KILL_AT", &armed), point.scene, &load).await;
    let acknowledged = load.ledger.acknowledged();
    let mut server = Server::start(&ServerOptions::new(data_dir)).await;
    let client = server.client();
    // The sensor first, since it must not be silent for long; unless its motor has yet to be registered.
    let has_begun = load.blocks.has_begun();
    if has_begun {
        assert!(load.blocks.send_next(&client).await.is_ok(), "the block is taken");
    }
    load.ledger.repeat(&client).await;
    if !has_begun {
        assert!(load.blocks.send_next(&client).await.is_ok(), "the block is taken");
    }
    if point.scene == Scene::Parking {
        assert_parked(&server.client(), &victims).await;
        server.stop().await;
        tamper::heal(data_dir, &victims);
        server = Server::start(&ServerOptions::new(data_dir)).await;
    }
    replay_all(&server.client()).await;
    // The history shows events as they are, and those of the victims were others before they were healed.
    let forced: &[&str] = if victims.is_empty() { &[] } else { &["motor_history"] };
    check(&server.client(), data_dir, load, album, forced).await;
    server.stop().await;
    acknowledged
}

/// Puts the load on an armed server until it is gone, and asserts that it was killed there and by nothing else.
async fn kill(armed: &ServerOptions, scene: Scene, load: &Load<'_>) {
    let signal = match Server::try_start(armed).await {
        Ok(mut server) => {
            let client = server.client();
            tokio::join!(load.run(&client, scene), replay_under_load(&client, scene));
            server.killed_by(VANISH_S_MAX).await
        }
        // What was spoiled is found as soon as the handlers are up.
        Err(died) if matches!(scene, Scene::Parking | Scene::Replaying) => died.status.signal(),
        Err(died) => panic!("it ended with {} before the load began:\n{}", died.status, died.log),
    };
    assert_eq!(signal, Some(SIGKILL), "armed with {:?}", armed.environment);
}

async fn replay_under_load(client: &Client, scene: Scene) {
    if scene == Scene::Replaying {
        // That the server goes away is what is waited for.
        let _ = request_replays(client).await;
    }
}

async fn park_and_heal(data_dir: &Path, victims: &[String]) {
    let server = Server::start(&ServerOptions::new(data_dir)).await;
    assert_parked(&server.client(), victims).await;
    server.stop().await;
    tamper::heal(data_dir, victims);
}
