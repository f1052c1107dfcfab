//! Simulated motors against the real program: what they send is judged, and judged once more when asked.

#[path = "common/common.rs"]
mod common;

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use common::client::Client;
use common::server::{Server, ServerOptions};
use common::wait::eventually;
use serde_json::Value;

const VERDICT_S_MAX: u64 = 120;
/// Long ago: nothing that is simulated lies in the future.
const START: &str = "2026-01-01T00:00:00Z";

async fn atalaya(server: &Server, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya"));
    command.args(arguments).args(["--url", &server.url]).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    output.expect("it is waited for").expect("the program can be started")
}

fn printed(output: &Output) -> String {
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {complained}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Sends what such motors have measured, as fast as it is taken; what the program says of it.
async fn simulate(server: &Server, what: &[&str]) -> String {
    let how = ["simulate", "--blocks-per-s", "0", "--start", START];
    printed(&atalaya(server, &[&how[..], what].concat()).await)
}

/// The motor whose name ends so.
async fn motor(client: &Client, fault: &str) -> Value {
    let motors = client.json("/v1/motors?limit=100").await;
    let items = motors["items"].as_array().expect("motors").clone();
    let named = |motor: &Value| motor["name"].as_str().is_some_and(|name| name.ends_with(fault));
    items.into_iter().find(named).unwrap_or_else(|| panic!("{fault} is not in {motors}"))
}

async fn findings(client: &Client, fault: &str) -> Vec<String> {
    let id = motor(client, fault).await["motor_id"].as_str().expect("an id").to_owned();
    let diagnosis = client.json(&format!("/v1/motors/{id}/diagnosis")).await;
    let findings = diagnosis["findings"].as_array().expect("findings").clone();
    findings.iter().map(|it| it["fault"].as_str().expect("a name").to_owned()).collect()
}

async fn history(client: &Client, id: &str) -> Vec<Value> {
    let page = client.json(&format!("/v1/motors/{id}/history?limit=200")).await;
    page["items"].as_array().expect("a history").clone()
}

#[tokio::test]
async fn each_simulated_fault_is_found_and_the_healthy_motor_is_left_alone() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(&ServerOptions::new(data.path())).await;
    let client = server.client();
    let sent = simulate(&server, &["--severity", "grave", "--blocks", "20"]).await;
    assert!(sent.starts_with("7 motors, 140 blocks, 1792000 samples in "), "{sent}");
    let faults = [
        "unbalance",
        "misalignment",
        "looseness",
        "bearing_outer_race",
        "bearing_inner_race",
        "cage",
    ];
    for fault in faults {
        let found =
            async || findings(&client, fault).await.contains(&fault.to_owned()).then_some(());
        eventually(fault, Duration::from_secs(VERDICT_S_MAX), found).await;
    }
    assert_eq!(findings(&client, "healthy").await, Vec::<String>::new());
    assert_eq!(motor(&client, "healthy").await["zone"], "A");
    assert_eq!(motor(&client, "unbalance").await["zone"], "D");
    server.stop().await;
}

#[tokio::test]
async fn reprocessing_gives_new_verdicts_beside_the_old_ones_and_always_the_same() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(&ServerOptions::new(data.path())).await;
    let client = server.client();
    simulate(&server, &["--fault", "unbalance", "--motors", "1", "--blocks", "40"]).await;
    let alarmed = async || (motor(&client, "unbalance").await["alarm"] == "alarm").then_some(());
    eventually("the alarm", Duration::from_secs(VERDICT_S_MAX), alarmed).await;
    let id = motor(&client, "unbalance").await["motor_id"].as_str().unwrap().to_owned();
    let before = history(&client, &id).await;
    let mut accounts = Vec::new();
    for _ in 0..2 {
        let output = atalaya(&server, &["reprocess", "--motor", &id, "--from", START]).await;
        accounts.push(serde_json::from_str::<Value>(&printed(&output)).unwrap());
    }
    for digest in ["samples_sha256", "settings_sha256", "verdicts_sha256"] {
        assert_eq!(accounts[0][digest], accounts[1][digest], "{digest}");
    }
    assert_ne!(accounts[0]["run"], accounts[1]["run"]);
    let told = async || {
        let all = history(&client, &id).await;
        let done = all.iter().filter(|it| it["type"] == "atalaya.motor.reprocessed").count();
        (done == 2).then_some(all)
    };
    let after = eventually("both accounts", Duration::from_secs(VERDICT_S_MAX), told).await;
    for event in &before {
        assert!(after.contains(event), "{event} is gone");
    }
    let of_run = |run: &Value| -> Vec<Value> {
        let given = after.iter().filter(|it| it["data"]["run"] == *run);
        let given = given.filter(|it| it["type"] == "atalaya.motor.verdict_given");
        given.map(|it| it["data"]["verdict"].clone()).collect()
    };
    let (first, second) = (of_run(&accounts[0]["run"]), of_run(&accounts[1]["run"]));
    assert!(first.iter().any(|verdict| verdict.get("alarm_raised").is_some()), "{first:?}");
    assert_eq!(first, second);
    let later = ["reprocess", "--motor", &id, "--from", "2026-02-01T00:00:00Z"];
    let nothing = atalaya(&server, &later).await;
    let complaint = String::from_utf8_lossy(&nothing.stderr).into_owned();
    assert!(!nothing.status.success() && complaint.contains("no samples"), "{complaint}");
    server.stop().await;
}
