//! The reconciler over the real stores: what is wrong with documents and topics is seen in the metrics.
#![cfg(feature = "production")]

#[path = "common/common.rs"]
mod common;

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use infra_mongo::{MongoDocuments, MongoSettings};
use ports::read_models::{Query, ReadModels, Write};
use reqwest::Method;
use serde_json::{Value, json};

use common::client::{Client, Request};
use common::cluster::Installation;
use common::wait::within;

/// How long a difference may stay unnoticed.
const FOUND_S_MAX: u64 = 60;
const MODEL: &str = "motors";
const DOCUMENTS_MAX: usize = 100;

#[tokio::test]
async fn what_was_spoilt_in_documents_and_topics_is_found_within_a_minute() {
    let Some(installation) = Installation::migrated() else { return };
    let site = installation.start("ams,projections").await;
    let relay = installation.start("relay").await;
    let client = site.client();
    let mut motors = Vec::new();
    for number in 0..3 {
        motors.push(register(&client, number).await);
    }
    shows(&client, "atalaya_reconciler_last_pass_position 3").await;
    shows(&client, r#"atalaya_reconciler_checked_total{model="topic"} 3"#).await;
    assert_eq!(differences(&client).await, [] as [&str; 0], "all is well");

    spoil_documents(&installation, &motors[0], &motors[1]).await;
    shows(&client, &difference("missing", MODEL)).await;
    shows(&client, &difference("differs", MODEL)).await;

    // A relay that takes for copied what was not, and a record that nobody can read beside a good one.
    relay.stop().await;
    let revised = Request::new(Method::PATCH, format!("/v1/motors/{}", motors[2]));
    client.send(&revised.json(&json!({ "location": "Hall 9" }))).await.success();
    let (events, cursor) = ("motor.events.v1", "relay.cursor.v1");
    publish(&installation, cursor, &["-k", &installation.name], "4");
    let key = motors[1].as_str();
    publish(&installation, events, &["-k", key, "-H", "atalaya_position=2"], "spoilt");
    shows(&client, &difference("missing", "topic")).await;
    shows(&client, &difference("differs", "topic")).await;

    let found = differences(&client).await;
    assert_eq!(found.len(), 4, "and nothing else: {found:?}");
    site.stop().await;
}

fn difference(kind: &str, model: &str) -> String {
    format!(r#"atalaya_reconciler_differences{{kind="{kind}",model="{model}"}} 1"#)
}

async fn register(client: &Client, number: u64) -> String {
    let name = format!("P-{number}");
    let body = json!({ "name": name, "rated_power_kw": 90, "rated_speed_rpm": 1480 });
    let answer = client.send(&Request::post("/v1/motors").json(&body)).await.success().json();
    answer["motor_id"].as_str().expect("the answer names the motor").to_owned()
}

async fn metrics(client: &Client) -> String {
    client.get("/metrics").await.success().text()
}

/// Waits for a line of the metrics. What counts up may have come further by then.
async fn shows(client: &Client, line: &str) {
    let (name, least) = line.rsplit_once(' ').expect("a line ends with its number");
    let least: u64 = least.parse().expect("a line ends with its number");
    let counts_up = name.contains("_total");
    let matches = |found: &str| {
        let Some((known, number)) = found.rsplit_once(' ') else { return false };
        let number = number.parse::<u64>().ok();
        known == name && number.is_some_and(|it| it == least || counts_up && it > least)
    };
    let bound = Duration::from_secs(FOUND_S_MAX);
    let seen = async || metrics(client).await.lines().any(matches).then_some(());
    let seen = within(bound, seen).await;
    assert!(seen.is_some(), "not seen: {line}\n{}", differences(client).await.join("\n"));
}

/// Of the lines that tell of differences, those that tell of some.
async fn differences(client: &Client) -> Vec<String> {
    let text = metrics(client).await;
    let told = text.lines().filter(|line| line.starts_with("atalaya_reconciler_differences{"));
    told.filter(|line| !line.ends_with(" 0")).map(str::to_owned).collect()
}

/// Takes one document away and changes another one. Documents are never deleted, so the collection is made anew.
async fn spoil_documents(installation: &Installation, deleted: &str, doctored: &str) {
    let mut settings = MongoSettings::at(services::mongodb().expect("it was there a moment ago"));
    settings.collection_prefix = format!("{}_", installation.name);
    let models = MongoDocuments::open(&settings).await.expect("the settings are good");
    let kinds = projections::all();
    let kind = kinds.iter().find(|kind| kind.name() == MODEL).expect("there is such a model");
    let generations = models.generations(MODEL).await.expect("the store answers");
    let collection = kind.collection(generations.live.expect("one is live"));
    let progress = models.progress(&collection).await.expect("the store answers");
    let all = Query { documents_max: DOCUMENTS_MAX, ..Query::default() };
    let documents = models.query(&collection, &all).await.expect("the store answers").documents;
    let mut writes: Vec<Write> = documents
        .into_iter()
        .map(|document| {
            let (key, position, body) = (document.key, document.position, document.body);
            Write { key, position, body }
        })
        .collect();
    let before = writes.len();
    writes.retain(|write| write.key != deleted);
    assert_eq!(writes.len(), before - 1, "it was there");
    let changed = writes.iter_mut().find(|write| write.key == doctored);
    let body: &mut Value = changed.and_then(|write| write.body.as_mut()).expect("it is there");
    body["doctored"] = json!(1);
    models.drop_collection(&collection).await.expect("the store answers");
    models.ensure(&collection).await.expect("the store answers");
    models.commit(&collection, &writes, progress.as_ref()).await.expect("the store answers");
}

/// Writes a record as anybody with the rights can.
fn publish(installation: &Installation, topic: &str, arguments: &[&str], value: &str) {
    let brokers = services::kafka().expect("it was there a moment ago");
    let topic = format!("{}.{topic}", installation.name);
    let mut kcat = Command::new("kcat")
        .args(["-P", "-q", "-b", &brokers, "-t", &topic])
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .expect("kcat is installed");
    let mut input = kcat.stdin.take().expect("it is piped");
    input.write_all(value.as_bytes()).expect("kcat reads");
    drop(input);
    assert!(kcat.wait().expect("it was started").success());
}
