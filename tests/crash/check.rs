//! What must hold after everything, seen from outside.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::album::Album;
use super::ledger::Sent;
use super::load::{Load, id, registration};
use super::poison::letters;
use crate::common::client::Client;
use crate::common::feed::{FeedEvent, assert_dense, whole_log};
use crate::common::quiet::{QUIET_S_MAX, quiet, rebuild_everything};
use crate::common::server::files_below;
use crate::common::wait::eventually;

/// Everything that was asked for has been done once, whole, and is shown.
pub(crate) async fn check(
    client: &Client,
    data_dir: &Path,
    load: Load<'_>,
    album: &Album,
    forced: &[&str],
) {
    check_vibration(client, &load).await;
    quiet(client).await;
    let events = whole_log(client).await;
    let lengths = assert_dense(&events);
    let pictures = load.pictures.take();
    let commands = load.ledger.into_commands();
    for sent in &commands {
        check_command(sent, &events);
        if let Some(&picture) = pictures.get(&sent.key) {
            let task = sent.answer.as_ref().expect("all are answered by now").json();
            let task =
                format!("/v1/images/{}", task["task_id"].as_str().expect("a task has an id"));
            album.assert_made(client, data_dir, &task, picture).await;
        }
    }
    check_motors(client, &events, &lengths).await;
    rebuild_everything(client, forced).await;
    assert_eq!(letters(client).await, Vec::<Value>::new(), "nothing is parked");
    let unfinished = files_below(&data_dir.join("storage"));
    let unfinished = unfinished.iter().filter(|file| file.to_string_lossy().contains(".tmp-"));
    assert_eq!(unfinished.collect::<Vec<_>>(), Vec::<&std::path::PathBuf>::new(), "left behind");
}

/// The event that the answer tells of is there, and no other of the same command.
fn check_command(sent: &Sent, events: &[FeedEvent]) {
    let answer = sent.answer.as_ref().expect("all are answered by now");
    let of_command = |event: &&FeedEvent| {
        event.correlation.as_ref() == Some(&sent.key) && event.kind == sent.gives
    };
    let given: Vec<_> = events.iter().filter(of_command).collect();
    let [event] = given[..] else { panic!("{} gave {given:?}", sent.key) };
    let told = (answer.number("version"), answer.number("position"));
    assert_eq!((event.version, event.position), told, "{}", sent.key);
}

/// Every motor is shown as the log tells of it.
async fn check_motors(client: &Client, events: &[FeedEvent], lengths: &BTreeMap<&str, u64>) {
    let mut shown = 0;
    let mut path = "/v1/motors?state=any&limit=200".to_owned();
    loop {
        let page = client.json(&path).await;
        for motor in page["items"].as_array().into_iter().flatten() {
            let id = motor["motor_id"].as_str().expect("a motor has an id");
            assert!(
                motor["version"].as_u64() >= lengths.get(id).copied(),
                "it lacks events: {motor}"
            );
            let moved = events
                .iter()
                .rev()
                .find(|event| event.subject == id && event.kind == "atalaya.motor.relocated");
            let location = moved.map_or(&Value::Null, |event| &event.data["location"]);
            assert_eq!(&motor["location"], location, "{motor}");
            shown += 1;
        }
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/motors?state=any&limit=200&cursor={next}");
    }
    let registered = events.iter().filter(|event| event.kind == "atalaya.motor.registered").count();
    assert_eq!(shown, registered, "every motor is shown once");
}

/// The blocks have given what they give when nothing is in their way.
async fn check_vibration(client: &Client, load: &Load<'_>) {
    load.blocks.assert_read(client).await;
    let twin = id(load.seed, "twin");
    client.send(&registration(twin)).await.success();
    let twin = load.blocks.twin(client, twin).await;
    twin.assert_read(client).await;
    if !(load.blocks.is_smooth() && twin.is_smooth()) {
        return;
    }
    let bound = Duration::from_secs(QUIET_S_MAX);
    let alike = eventually("the motor was told the same as its twin", bound, async || {
        let events = whole_log(client).await;
        (load.blocks.told(&events) == twin.told(&events)).then_some(())
    });
    alike.await;
}

mod tests {
    use serde_json::json;

    use super::*;
    use crate::common::client::{Answer, Request};

    const KEY: &str = "motor-0-0-register";
    const KIND: &str = "atalaya.motor.registered";

    fn event(position: u64, version: u64) -> FeedEvent {
        let (subject, kind) = ("a motor".to_owned(), KIND.to_owned());
        let correlation = Some(KEY.to_owned());
        FeedEvent { position, version, subject, kind, correlation, data: Value::Null }
    }

    fn acknowledged(position: u64, version: u64) -> Sent {
        let body = json!({ "position": position, "version": version }).to_string().into();
        let answer = Some(Answer { status: 201, headers: Default::default(), body });
        Sent { key: KEY.to_owned(), request: Request::post("/v1/motors"), gives: KIND, answer }
    }

    #[test]
    fn what_was_done_once_is_well() {
        assert_dense(&[event(1, 1), event(2, 2)]);
        check_command(&acknowledged(1, 1), &[event(1, 1)]);
    }

    #[test]
    #[should_panic(expected = "gave []")]
    fn an_acknowledged_command_that_was_lost_would_be_seen() {
        check_command(&acknowledged(1, 1), &[]);
    }

    #[test]
    #[should_panic(expected = "gave [FeedEvent")]
    fn a_command_that_was_done_twice_would_be_seen() {
        check_command(&acknowledged(1, 1), &[event(1, 1), event(2, 2)]);
    }

    #[test]
    #[should_panic(expected = "positions have no gaps")]
    fn a_position_that_is_missing_would_be_seen() {
        assert_dense(&[event(1, 1), event(3, 2)]);
    }

    #[test]
    #[should_panic(expected = "versions have no gaps")]
    fn a_version_that_comes_twice_would_be_seen() {
        assert_dense(&[event(1, 1), event(2, 1)]);
    }
}
