//! What watches the stack, over the stack: a real Prometheus asks a process per role, and dashboards and alerts speak of
//! metrics that these processes really tell.
#![cfg(feature = "production")]

#[path = "common/common.rs"]
mod common;
#[path = "watching/prometheus.rs"]
mod prometheus;
#[path = "watching/queries.rs"]
mod queries;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::client::{Client, Request};
use common::cluster::{Cluster, Installation};
use common::samples::jpeg;
use common::server::Server;
use common::wait::eventually;
use prometheus::Prometheus;
use serde_json::{Value, json};

/// Metrics and alerts come within a few scrapes, on a machine that has other things to do.
const COMES_S_MAX: u64 = 120;
const ALERT: &str = "DeadLettersPresent";

/// Told by others than the roles: by cAdvisor, Traefik, Alertmanager and Prometheus, which do not run here.
const FOREIGN: [&str; 5] = ["alertmanager_", "container_", "prometheus_", "traefik_", "up"];

/// Told once there is one.
const OF_A_BACKUP: &str = "atalaya_backup_last_success_timestamp_seconds";

fn roles(cluster: &Cluster) -> [(&'static str, &Server); 6] {
    [
        ("api-backend", &cluster.api),
        ("worker-ams", &cluster.ams),
        ("worker", &cluster.images),
        ("relay", &cluster.relay),
        ("projections", &cluster.projections),
        ("vibration", &cluster.vibration),
    ]
}

async fn register(client: &Client, name: &str) -> String {
    let body = json!({ "name": name, "rated_power_kw": 90, "rated_speed_rpm": 1480 });
    let answer = client.send(&Request::post("/v1/motors").json(&body)).await.success().json();
    answer["motor_id"].as_str().expect("the answer names the motor").to_owned()
}

/// What a device does that has nothing to say, so that this is counted too.
fn send_nonsense(installation: &Installation) {
    let topic = format!("{}.vibration-topic", installation.name);
    let mut kcat = Command::new("kcat")
        .args(["-P", "-b", &installation.kafka, "-t", &topic, "-k", "nobody"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("kcat comes with the services");
    let mut input = kcat.stdin.take().expect("it is piped");
    std::io::Write::write_all(&mut input, b"nonsense\n").expect("it listens");
    drop(input);
    assert!(kcat.wait().expect("it ends").success());
}

/// The names of all metrics that the roles tell at the moment.
async fn told_by(cluster: &Cluster) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, server) in roles(cluster) {
        let text = server.client().get("/metrics").await.success().text();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let name = |line: &str| line.split(['{', ' ']).next().unwrap_or_default().to_owned();
        names.extend(samples.map(name));
    }
    names
}

#[tokio::test]
async fn dashboards_and_alerts_speak_of_metrics_that_running_processes_tell() {
    let asked = queries::metrics();
    let ours = |name: &String| {
        name != OF_A_BACKUP && !FOREIGN.iter().any(|foreign| name.starts_with(foreign))
    };
    let ours: BTreeSet<String> = asked.into_iter().filter(ours).collect();
    assert!(ours.len() > 20, "the queries were not read: {ours:?}");

    let Some(installation) = Installation::migrated() else { return };
    let cluster = Cluster::start(&installation).await;
    register(&cluster.commands(), "P-1").await;
    let picture = Request::post("/v1/images").bytes("image/jpeg", jpeg(320, 240, 1));
    cluster.commands().send(&picture).await.success();
    send_nonsense(&installation);
    let mut missing = BTreeSet::new();
    let all_are_told = async || {
        let told = told_by(&cluster).await;
        missing = ours.difference(&told).cloned().collect();
        missing.is_empty().then_some(())
    };
    let bound = Duration::from_secs(COMES_S_MAX);
    let told = common::wait::within(bound, all_are_told).await;
    assert!(told.is_some(), "nobody tells {missing:?}");
    cluster.stop().await;
}

/// An event that another program has written past Atalaya, and that nobody can read. The next append numbers it.
async fn write_what_nobody_can_read(installation: &Installation, client: &Client) {
    let motor = register(client, "P-13").await;
    let statement = format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
         SELECT aggregate_type, aggregate_id, sequence + 1, 'zone_changed', event_version, '{{\"to\": \"beyond\"}}', metadata
         FROM events WHERE aggregate_id = '{motor}' ORDER BY sequence DESC LIMIT 1"
    );
    let mut psql = Command::new("psql");
    psql.args(["-v", "ON_ERROR_STOP=1", "-qc", &statement, &installation.postgres_url]);
    let output = psql.output().expect("psql comes with the services");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    register(client, "P-14").await;
}

/// Gives up what there is, and says how much that was: a handler that is slower parks the event later.
async fn discard_all_letters(client: &Client) -> usize {
    let letters = client.json("/v1/admin/dead-letters").await;
    let letters = letters["items"].as_array().expect("there is a list").clone();
    for letter in &letters {
        let id = letter["id"].as_u64().expect("a letter has a number");
        let discard = Request::post(format!("/v1/admin/dead-letters/{id}/discard"));
        client.send(&discard).await.success();
    }
    letters.len()
}

fn is_firing(alert: &Value) -> bool {
    alert["labels"]["alertname"] == ALERT && alert["state"] == "firing"
}

#[tokio::test]
async fn prometheus_asks_six_roles_and_the_alert_about_dead_letters_fires_and_ends() {
    let Some(program) = prometheus::program() else { return };
    let Some(installation) = Installation::migrated() else { return };
    let cluster = Cluster::start(&installation).await;
    let prometheus = Prometheus::start(&program, &roles(&cluster)).await;
    let bound = Duration::from_secs(COMES_S_MAX);

    let all_up = async || (prometheus.roles_up().await.len() == 6).then_some(());
    eventually("six roles are asked, and answer", bound, all_up).await;
    let rules = prometheus.rules().await;
    assert_eq!(rules.len(), queries::rules(), "every rule is loaded");
    let sick: Vec<_> = rules.iter().filter(|rule| rule["health"] == "err").collect();
    assert!(sick.is_empty(), "{sick:?}");
    assert!(!prometheus.alerts().await.iter().any(is_firing));

    write_what_nobody_can_read(&installation, &cluster.commands()).await;
    let fires = async || prometheus.alerts().await.into_iter().find(is_firing);
    let alert = eventually("the alert fires", bound, fires).await;
    assert_eq!(alert["annotations"]["runbook"], "docs/RUNBOOK.md#deadletterspresent");

    let mut discarded = 0;
    let ends = async || {
        discarded += discard_all_letters(&cluster.queries()).await;
        (!prometheus.alerts().await.iter().any(is_firing)).then_some(())
    };
    eventually("the alert ends", bound, ends).await;
    assert!(discarded > 0, "it ended because of what was done about it");
    drop(prometheus);
    cluster.stop().await;
}
