//! The whole log, as the outside sees it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::client::Client;

const PAGE_EVENTS: u64 = 1_000;

/// An event of the feed.
#[derive(Clone, Debug)]
pub(crate) struct FeedEvent {
    pub(crate) position: u64,
    pub(crate) version: u64,
    pub(crate) subject: String,
    /// `atalaya.motor.registered`
    pub(crate) kind: String,
    pub(crate) correlation: Option<String>,
    pub(crate) data: Value,
}

impl FeedEvent {
    pub(crate) fn of(event: &Value) -> Self {
        let text =
            |name: &str| event[name].as_str().unwrap_or_else(|| panic!("no {name}: {event}"));
        let version = text("id").rsplit_once('/').and_then(|(_, version)| version.parse().ok());
        Self {
            position: text("sequence").parse().expect("the sequence is a position"),
            version: version.unwrap_or_else(|| panic!("no version in the id: {event}")),
            subject: text("subject").to_owned(),
            kind: text("type").to_owned(),
            correlation: event["correlationid"].as_str().map(str::to_owned),
            data: event["data"].clone(),
        }
    }
}

/// Every event there is, in the order in which they came.
pub(crate) async fn whole_log(client: &Client) -> Vec<FeedEvent> {
    let mut events = Vec::new();
    let mut after = 0;
    loop {
        let page = client.json(&format!("/v1/events?after={after}&limit={PAGE_EVENTS}")).await;
        let found = page["events"].as_array().expect("a page has events");
        if found.is_empty() {
            return events;
        }
        events.extend(found.iter().map(FeedEvent::of));
        after = page["next"].as_u64().expect("a page has a next position");
    }
}

/// Positions are 1 to N, and the versions of every stream 1 to its length. Tells how long each stream is.
pub(crate) fn assert_dense(events: &[FeedEvent]) -> BTreeMap<&str, u64> {
    let mut versions = BTreeMap::new();
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position, position, "positions have no gaps and no repeats: {event:?}");
        let version = versions.entry(event.subject.as_str()).or_insert(0);
        *version += 1;
        assert_eq!(event.version, *version, "versions have no gaps and no repeats: {event:?}");
    }
    versions
}
