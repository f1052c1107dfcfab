//! What must hold after everything, seen from outside: PostgreSQL and Kafka are asked with their own tools.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::common::client::{Client, Request};
use crate::common::cluster::Installation;
use crate::common::feed::{FeedEvent, assert_dense};
use crate::common::quiet::rebuild_everything;
use crate::common::say;
use crate::common::wait::eventually;
use crate::ledger::Sent;
use crate::load::Asked;
use crate::rest::{REST_S_MAX, keeper, rest};
use crate::shown::assert_shown;
use crate::truth::{self, Record};

/// The processes that are asked.
pub(crate) struct Witnesses {
    pub(crate) ams: Client,
    pub(crate) api: Client,
    /// Those of which one keeps the projections.
    pub(crate) projections: Vec<Client>,
    /// All that run, these among them.
    pub(crate) all: Vec<Client>,
}

/// Everything that was asked for has been done once, whole, is told once, and is shown.
pub(crate) async fn check(installation: &Installation, witnesses: &Witnesses, asked: Asked) {
    repeat(&witnesses.ams, &asked.commands).await;
    for blocks in asked.blocks.iter().filter(|blocks| blocks.has_begun()) {
        blocks.assert_read(&witnesses.api).await;
    }
    let keeper = keeper(&witnesses.projections).await;
    rest(&witnesses.all, &witnesses.api, &keeper).await;
    let log = truth::log(installation);
    let lengths = assert_dense(&log);
    check_commands(&asked.commands, &log);
    let published = whole_publication(installation, log.len()).await;
    check_published(&published, &log);
    for (motor, location) in &asked.locations {
        let shown = witnesses.api.json(&format!("/v1/motors/{motor}")).await;
        assert_eq!(shown["location"].as_str(), Some(location.as_str()), "{shown}");
        assert!(shown["version"].as_u64() >= lengths.get(&*motor.to_string()).copied(), "{shown}");
    }
    for task in &asked.tasks {
        check_task(&witnesses.api, task).await;
    }
    rebuild_everything(&keeper, &[]).await;
    assert_eq!(truth::parked(installation), 0, "nothing is parked");
    assert_eq!(truth::told_parked(installation), 0, "nothing was told to be parked");
    say(&format!(
        "{} commands acknowledged, {} events in the log and on the topics, {} pictures made, {} motors heard, {} reads \
         of what was just written",
        asked.commands.len(),
        log.len(),
        asked.tasks.len(),
        asked.blocks.iter().filter(|blocks| blocks.has_begun()).count(),
        asked.reads
    ));
}

/// Who had an answer gets the same one again.
async fn repeat(ams: &Client, commands: &[Sent]) {
    for Sent { key, request, answer, .. } in commands {
        let again = ams.send(request).await.success();
        let first = answer.as_ref().expect("all are answered by now");
        assert_eq!(again.status, first.status, "{key} was answered in another way before");
        assert_eq!(again.json(), first.json(), "{key} was answered in another way before");
    }
}

/// The event that each answer tells of is there, and no other of the same command.
fn check_commands(commands: &[Sent], log: &[FeedEvent]) {
    let mut given: BTreeMap<(&str, &str), Vec<&FeedEvent>> = BTreeMap::new();
    for event in log {
        let correlation = event.correlation.as_deref().unwrap_or_default();
        given.entry((correlation, &event.kind)).or_default().push(event);
    }
    for sent in commands {
        let events = given.get(&(sent.key.as_str(), sent.gives)).map_or(&[][..], Vec::as_slice);
        let [event] = events else { panic!("{} gave {events:?}", sent.key) };
        let answer = sent.answer.as_ref().expect("all are answered by now");
        let told = (answer.number("version"), answer.number("position"));
        assert_eq!((event.version, event.position), told, "{}", sent.key);
    }
}

/// The topics, once they have as many records as the log has events.
async fn whole_publication(installation: &Installation, events: usize) -> Vec<Record> {
    let bound = Duration::from_secs(REST_S_MAX);
    let whole = eventually("every event is told", bound, async || {
        let published = truth::published(installation);
        (published.len() >= events).then_some(published)
    });
    whole.await
}

/// Every event is on its topic once, and those of a stream are in order in one partition.
fn check_published(published: &[Record], log: &[FeedEvent]) {
    let mut heads: BTreeMap<&str, (u32, u64)> = BTreeMap::new();
    let mut told: BTreeMap<u64, &Record> = BTreeMap::new();
    for record in published {
        let (partition, version) =
            heads.entry(record.key.as_str()).or_insert((record.partition, 0));
        *version += 1;
        assert_eq!(
            (*partition, *version),
            (record.partition, record.version),
            "the records of a stream are in order, each once: {record:?}"
        );
        assert!(told.insert(record.position, record).is_none(), "told twice: {record:?}");
    }
    for event in log {
        let record = told.remove(&event.position);
        let record = record.unwrap_or_else(|| panic!("never told: {event:?}"));
        assert_eq!((&record.key, record.version), (&event.subject, event.version), "{event:?}");
    }
    // A clock may have told something of a motor after the log was read.
    let read_through = log.last().map_or(0, |event| event.position);
    told.retain(|position, _| *position <= read_through);
    assert!(told.is_empty(), "told, but not in the log: {told:?}");
}

/// It was made, and every variant is whole. When each of its attempts was killed it has been given up, as it should be:
/// then whoever sent it asks once more.
async fn check_task(api: &Client, path: &str) {
    let mut task = api.json(path).await;
    if task["failure"]["code"] == "crashed" {
        api.send(&Request::post(format!("{path}/retry"))).await.success();
        let bound = Duration::from_secs(REST_S_MAX);
        let made = eventually("a picture is made that is not killed", bound, async || {
            let task = api.json(path).await;
            (task["state"] == "completed").then_some(task)
        });
        task = made.await;
    }
    assert_shown(api, &task).await;
}

mod tests {
    use super::*;

    fn event(position: u64, version: u64) -> FeedEvent {
        let (subject, kind) = ("a motor".to_owned(), "atalaya.motor.registered".to_owned());
        FeedEvent { position, version, subject, kind, correlation: None, data: Value::Null }
    }

    fn record(position: u64, version: u64) -> Record {
        Record { key: "a motor".to_owned(), partition: 0, position, version }
    }

    #[test]
    fn what_is_told_once_and_in_order_is_well() {
        check_published(&[record(1, 1), record(2, 2)], &[event(1, 1), event(2, 2)]);
    }

    #[test]
    #[should_panic(expected = "in order, each once")]
    fn an_event_that_is_told_twice_would_be_seen() {
        check_published(&[record(1, 1), record(1, 1)], &[event(1, 1)]);
    }

    #[test]
    #[should_panic(expected = "never told")]
    fn an_event_that_is_not_told_would_be_seen() {
        check_published(&[record(1, 1)], &[event(1, 1), event(2, 2)]);
    }

    #[test]
    #[should_panic(expected = "in order, each once")]
    fn an_event_that_is_told_too_early_would_be_seen() {
        check_published(&[record(2, 2), record(1, 1)], &[event(1, 1), event(2, 2)]);
    }

    #[test]
    #[should_panic(expected = "told, but not in the log")]
    fn a_record_without_an_event_would_be_seen() {
        let published = [record(1, 1), record(2, 2), record(3, 3)];
        check_published(&published, &[event(1, 1), event(3, 3)]);
    }
}
