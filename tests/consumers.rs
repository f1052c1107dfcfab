//! What the how-to pages tell consumers of events to type works, word for word.
#![cfg(feature = "production")]

#[path = "common/common.rs"]
mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use common::client::{Client, Request};
use common::cluster::Installation;
use common::server::Server;
use common::wait::eventually;

const KCAT: &str = include_str!("../docs/howto/consume-events-with-kcat.md");
const PYTHON: &str = include_str!("../docs/howto/consume-events-with-python.md");
/// How long the relay may take.
const COPIED_S_MAX: u64 = 30;
/// No command may take longer, the installation of packages included.
const COMMAND_S_MAX: u64 = 120;

/// A plant where three things have happened to two motors, and somebody who wants to know.
struct Reader {
    installation: Installation,
    plant: Server,
    motors: [String; 2],
    folder: tempfile::TempDir,
}

impl Reader {
    async fn of_a_plant() -> Option<Self> {
        let installation = Installation::migrated()?;
        let plant = installation.start("ams,relay").await;
        let client = plant.client();
        let motors = [register(&client, "P-1").await, register(&client, "P-2").await];
        let moved = Request::new(Method::PATCH, format!("/v1/motors/{}", motors[1]));
        client.send(&moved.json(&json!({ "location": "Hall 9" }))).await.success();
        let folder = tempfile::tempdir().expect("a temporary folder");
        Some(Self { installation, plant, motors, folder })
    }

    /// What the block prints, typed in the same folder as the ones before it.
    fn types(&self, block: &str) -> String {
        let Output { status, stdout, stderr } = Command::new("timeout")
            .arg(COMMAND_S_MAX.to_string())
            .args(["bash", "-euo", "pipefail", "-c", block])
            .current_dir(self.folder.path())
            .envs(self.installation.options(&[]).environment)
            .env("EVENTS_TOPIC", format!("{}.motor.events.v1", self.installation.name))
            .env("CONSUMER_GROUP", &self.installation.name)
            .stdin(Stdio::null())
            .output()
            .expect("bash can be started");
        let printed = String::from_utf8_lossy(&stdout).into_owned();
        let complained = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "{status}\n{block}\n{printed}\n{complained}");
        printed
    }

    async fn leaves(self) {
        self.plant.stop().await;
    }
}

async fn register(client: &Client, name: &str) -> String {
    let body = json!({ "name": name, "rated_power_kw": 90, "rated_speed_rpm": 1480 });
    let answer = client.send(&Request::post("/v1/motors").json(&body)).await.success().json();
    answer["motor_id"].as_str().expect("the answer names the motor").to_owned()
}

/// The fenced blocks of a language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    let after = page.split(opening.as_str()).skip(1);
    let until_fence = |rest: &'a str| rest.find("\n```").map(|end| &rest[..=end]);
    after.map(|rest| until_fence(rest).expect("a block is closed")).collect()
}

#[tokio::test]
async fn the_page_on_kcat_works_as_written() {
    let Some(reader) = Reader::of_a_plant().await else { return };
    let blocks = blocks(KCAT, "bash");
    let [look, count, schema] = blocks[..] else { panic!("{} blocks", blocks.len()) };
    let bound = Duration::from_secs(COPIED_S_MAX);
    let lines = eventually("three records", bound, async || {
        let lines: Vec<String> = reader.types(look).lines().map(str::to_owned).collect();
        (lines.len() >= 3).then_some(lines)
    });
    let lines = lines.await;
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (event, kind, position) in [
        (format!("{}/1", reader.motors[0]), "registered", 1),
        (format!("{}/1", reader.motors[1]), "registered", 2),
        (format!("{}/2", reader.motors[1]), "relocated", 3),
    ] {
        let (motor, _) = event.split_once('/').expect("it has a version");
        let parts = [
            format!("key={motor} "),
            format!("ce_id=motor-{event},"),
            format!("ce_type=atalaya.motor.{kind},"),
            format!("atalaya_position={position},"),
        ];
        let told = lines.iter().any(|line| parts.iter().all(|part| line.contains(part.as_str())));
        assert!(told, "{parts:?} in {lines:?}");
    }
    let counts = reader.types(count);
    let counts: Vec<Vec<&str>> =
        counts.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(counts, [["2", "atalaya.motor.registered"], ["1", "atalaya.motor.relocated"]]);
    let answer: Value = serde_json::from_str(&reader.types(schema)).unwrap();
    let schema: Value = serde_json::from_str(answer["schema"].as_str().unwrap()).unwrap();
    assert_eq!(schema["name"], "atalaya.motor.v1.Registered");
    reader.leaves().await;
}

#[tokio::test]
async fn the_page_on_python_works_as_written() {
    let Some(reader) = Reader::of_a_plant().await else { return };
    let (commands, programs) = (blocks(PYTHON, "bash"), blocks(PYTHON, "python"));
    let ([install, run], [program]) = (&commands[..], &programs[..]) else {
        panic!("{} blocks of shell, {} of Python", commands.len(), programs.len())
    };
    assert!(PYTHON.contains("Save this as `consume_motors.py`"));
    fs::write(reader.folder.path().join("consume_motors.py"), program).unwrap();
    reader.types(install);
    assert!(Path::new(reader.folder.path()).join("consumer/bin/python").exists());
    let mut events: Vec<Value> = Vec::new();
    let bound = Duration::from_secs(COPIED_S_MAX);
    // The first run may come before the relay: the next one goes on behind what it has printed.
    eventually("three events", bound, async || {
        let printed = reader.types(run);
        events.extend(printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        (events.len() >= 3).then_some(())
    })
    .await;
    assert_eq!(reader.types(run), "", "it has seen all");
    events.sort_by_key(|event| event["atalaya_position"].as_str().unwrap().to_owned());
    let told: Vec<_> = events.iter().map(|event| (&event["ce_type"], &event["ce_id"])).collect();
    let id =
        |motor: usize, version: u64| json!(format!("motor-{}/{version}", reader.motors[motor]));
    let (registered, relocated) =
        (json!("atalaya.motor.registered"), json!("atalaya.motor.relocated"));
    let expected = [(&registered, &id(0, 1)), (&registered, &id(1, 1)), (&relocated, &id(1, 2))];
    assert_eq!(told, expected);
    assert_eq!(events[0]["data"]["name"], "P-1");
    assert_eq!(events[0]["data"]["rated_power_kw"], 90.0);
    assert_eq!(events[2]["data"]["location"], "Hall 9");
    reader.leaves().await;
}
