//! What the pages say can be typed here works, word for word; what needs containers or other servers is marked as such.

#[path = "common/common.rs"]
mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::client::{Client, Request};
use common::samples::jpeg;
use common::server::{Server, ServerOptions};
use common::wait::eventually;
use serde_json::json;

const OPERATIONS: &str = include_str!("../docs/OPERATIONS.md");
const QUICKSTARTS: &str = include_str!("../docs/QUICKSTARTS.md");
const HERE: &str = "# here\n";
const DOCKER: &str = "# docker\n";
const PRODUCTION: &str = "# production\n";
const BLOCK_S_MAX: u64 = 120;
const PICTURE_S_MAX: u64 = 60;

/// What a block prints, among other things, by a word that only this block has. Each block that can be typed here has one, but
/// for those that are silent.
const IN_OPERATIONS: [(&str, &str); 8] = [
    ("atalaya simulate", "2 motors, 8 blocks, 102400 samples"),
    ("readyz?verbose", r#""ready":true"#),
    ("events tail", "atalaya.motor.registered"),
    ("queue/pause", r#""paused":true"#),
    ("atalaya_(queue_jobs", r#"atalaya_queue_jobs{state="waiting"} "#),
    ("atalaya rebuild", "motors"),
    ("/discard", r#""task_id""#),
    ("time_total", "status 200 after "),
];

const IN_QUICKSTARTS: [(&str, &str); 4] = [
    ("register-P-201", r#"{"accepted":true,"samples":1}"#),
    ("zone=unknown", "status 304\nthen 404\n"),
    ("Last-Event-ID", "\ndata: {"),
    ("--rollback", "readers see the documents of before"),
];

fn blocks(page: &'static str) -> Vec<&'static str> {
    let after = page.split("```bash\n").skip(1);
    after.map(|rest| rest.split_once("\n```").expect("a block is closed").0).collect()
}

async fn plant(client: &Client) {
    let motor = json!({ "name": "P-101", "rated_power_kw": 90, "rated_speed_rpm": 1480 });
    client.send(&Request::post("/v1/motors").json(&motor)).await.success();
    let picture = Request::post("/v1/images").bytes("image/jpeg", jpeg(320, 240, 1));
    client.send(&picture).await.success();
    let made = async || {
        // Right after the start there are no documents yet.
        let completed = client.get("/v1/images?state=completed").await;
        completed.status.eq(&200).then_some(())?;
        completed.json()["items"].as_array().is_some_and(|items| !items.is_empty()).then_some(())
    };
    eventually("the picture is made", Duration::from_secs(PICTURE_S_MAX), made).await;
}

/// What it prints, typed by somebody who has the program on the path.
fn types(block: &str, url: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_atalaya")).parent().expect("it lies in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("timeout")
        .arg(BLOCK_S_MAX.to_string())
        .args(["bash", "-euo", "pipefail", "-c", block])
        .env("PATH", format!("{}:{path}", program.display()))
        .env("url", url)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("bash can be started");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{block}\n{printed}\n{complained}", output.status);
    printed
}

async fn follow(page: &'static str, printed: &[(&str, &str)]) {
    let data = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(&ServerOptions::new(data.path())).await;
    plant(&server.client()).await;
    let here: Vec<_> = blocks(page).into_iter().filter(|block| block.starts_with(HERE)).collect();
    assert!(here.len() >= printed.len(), "{} blocks", here.len());
    for (word, _) in printed {
        assert_eq!(here.iter().filter(|block| block.contains(word)).count(), 1, "{word}");
    }
    for block in here {
        let (url, folder) = (server.url.clone(), data.path().to_owned());
        let typed = tokio::task::spawn_blocking(move || types(block, &url, &folder)).await;
        let typed = typed.expect("it is typed to its end");
        for (_, wanted) in printed.iter().filter(|(word, _)| block.contains(word)) {
            assert!(typed.contains(wanted), "{block}\nprinted no {wanted}:\n{typed}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn what_the_operators_page_says_can_be_typed_here_works_as_written() {
    follow(OPERATIONS, &IN_OPERATIONS).await;
}

#[tokio::test]
async fn what_the_quick_starts_say_can_be_typed_here_works_as_written() {
    follow(QUICKSTARTS, &IN_QUICKSTARTS).await;
}

#[test]
fn every_block_says_where_it_can_be_typed() {
    for block in blocks(OPERATIONS).into_iter().chain(blocks(QUICKSTARTS)) {
        let marks = [HERE, DOCKER, PRODUCTION];
        assert!(marks.iter().any(|mark| block.starts_with(mark)), "{block}");
        let speaks_to_engine = block.lines().any(|line| line.starts_with("docker "));
        assert_eq!(speaks_to_engine, block.starts_with(DOCKER), "{block}");
    }
}
