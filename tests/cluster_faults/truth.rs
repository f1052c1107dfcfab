//! What the stores themselves say, asked with their own tools and not with ours.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::common::cluster::Installation;
use crate::common::feed::FeedEvent;

/// The categories of streams, each of which has a topic.
const CATEGORIES: [&str; 3] = ["image", "motor", "notification"];

/// A record of a topic, as a reader of committed records sees it.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) key: String,
    pub(crate) partition: u32,
    pub(crate) position: u64,
    pub(crate) version: u64,
}

/// Every event of the log, by position.
pub(crate) fn log(installation: &Installation) -> Vec<FeedEvent> {
    let columns = "position, sequence, aggregate_type, event_type, aggregate_id, \
                   metadata->>'correlation_id'";
    let rows = psql(installation, &format!("SELECT {columns} FROM events ORDER BY position"));
    let event = |row: &str| {
        let fields: Vec<_> = row.split('\t').collect();
        let [position, version, category, kind, subject, correlation] = fields[..] else {
            panic!("a row of the log is {row}");
        };
        FeedEvent {
            position: number(position),
            version: number(version),
            subject: subject.to_owned(),
            kind: format!("atalaya.{category}.{kind}"),
            correlation: Some(correlation.to_owned()),
            data: Value::Null,
        }
    };
    rows.lines().map(event).collect()
}

/// The numbers of the terms that an office has seen.
pub(crate) fn term(installation: &Installation, office: &str) -> u64 {
    number(&psql(installation, &format!("SELECT number FROM offices WHERE office = '{office}'")))
}

/// How many events are parked.
pub(crate) fn parked(installation: &Installation) -> u64 {
    number(&psql(installation, "SELECT count(*) FROM dead_letters"))
}

/// Every record of the topics of events; those of a partition are in order.
pub(crate) fn published(installation: &Installation) -> Vec<Record> {
    let topics = CATEGORIES.map(|category| format!("{}.{category}.events.v1", installation.name));
    topics.iter().flat_map(|topic| records(installation, topic)).collect()
}

/// How many events were told to be parked.
pub(crate) fn told_parked(installation: &Installation) -> usize {
    let topics =
        CATEGORIES.map(|category| format!("{}.{category}.events.v1.dlt", installation.name));
    topics.iter().map(|topic| consumed(installation, topic).lines().count()).sum()
}

fn records(installation: &Installation, topic: &str) -> Vec<Record> {
    let record = |line: &str| {
        let fields: Vec<_> = line.split('\t').collect();
        let [key, partition, headers] = fields[..] else { panic!("a record of {topic}: {line}") };
        let header = |name: &str| {
            let mut pairs = headers.split(',').filter_map(|pair| pair.split_once('='));
            let found = pairs.find(|(found, _)| *found == name);
            number(found.unwrap_or_else(|| panic!("no {name} in {line}")).1)
        };
        Record {
            key: key.to_owned(),
            partition: partition.parse().expect("a partition has a number"),
            position: header("atalaya_position"),
            version: header("atalaya_version"),
        }
    };
    consumed(installation, topic).lines().map(record).collect()
}

/// From the first record to the last one that is committed.
fn consumed(installation: &Installation, topic: &str) -> String {
    let mut kcat = Command::new("kcat");
    kcat.args(["-C", "-q", "-e", "-b", &installation.kafka, "-t", topic, "-o", "beginning"]);
    kcat.args(["-X", "isolation.level=read_committed", "-f", "%k\\t%p\\t%h\\n"]);
    told_by(kcat)
}

pub(crate) fn psql(installation: &Installation, query: &str) -> String {
    let mut psql = Command::new("psql");
    psql.args(["-X", "-A", "-t", "-F", "\t", "-c", query, &installation.postgres_url]);
    told_by(psql)
}

fn told_by(mut command: Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("the program can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).expect("it is text")
}

pub(crate) fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}
