//! Pictures, and what an undisturbed server makes of each.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use serde_json::Value;

use crate::common::client::{Client, Request};
use crate::common::quiet::quiet;
use crate::common::samples::jpeg;
use crate::common::server::{Server, ServerOptions};

/// Wider and higher than what is made of them, and smaller.
const SIZES: [(u32, u32); 5] = [(1100, 300), (260, 1060), (640, 480), (850, 200), (90, 60)];
const VARIANTS: [&str; 2] = ["1024x1024.jpg", "800x800.jpg"];

/// Originals, and by name the hashes of what is to be made of each.
pub(crate) struct Album {
    pub(crate) pictures: Vec<Bytes>,
    made: Vec<BTreeMap<String, String>>,
}

impl Album {
    /// Lets a server that nobody disturbs make everything once.
    pub(crate) async fn undisturbed() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let server = Server::start(&ServerOptions::new(folder.path())).await;
        let client = server.client();
        let sizes = SIZES.iter().zip(1..);
        let pictures: Vec<_> =
            sizes.map(|(&(width, height), seed)| jpeg(width, height, seed)).collect();
        let mut tasks = Vec::new();
        for picture in &pictures {
            let submit = Request::post("/v1/images").bytes("image/jpeg", picture.clone());
            tasks.push(client.send(&submit).await.success().header("location").to_owned());
        }
        quiet(&client).await;
        let mut made = Vec::new();
        for task in &tasks {
            made.push(check_task(&client, folder.path(), task).await);
        }
        server.stop().await;
        Self { pictures, made }
    }

    /// The task came to its end, and to the same bytes as when nothing was in its way.
    pub(crate) async fn assert_made(
        &self,
        client: &Client,
        data: &Path,
        task: &str,
        picture: usize,
    ) {
        let made = check_task(client, data, task).await;
        assert_eq!(made, self.made[picture], "other bytes than in an undisturbed run: {task}");
    }
}

/// Both variants are whole: they decode to their size, and their bytes are those that the log tells of. Gives hashes.
async fn check_task(client: &Client, data: &Path, path: &str) -> BTreeMap<String, String> {
    let task = client.json(path).await;
    assert_eq!(task["state"], "completed", "{task}");
    let variants = task["variants"].as_array().expect("a completed task has variants");
    let names: Vec<_> = variants.iter().filter_map(|variant| variant["name"].as_str()).collect();
    assert_eq!(names, VARIANTS, "{task}");
    let mut made = BTreeMap::new();
    for variant in variants {
        let (name, sha256) = check_variant(client, data, &task, variant).await;
        made.insert(name, sha256);
    }
    made
}

async fn check_variant(
    client: &Client,
    data: &Path,
    task: &Value,
    variant: &Value,
) -> (String, String) {
    let text = |value: &Value| value.as_str().expect("it is a text").to_owned();
    let (name, sha256) = (text(&variant["name"]), text(&variant["sha256"]));
    let shown = client.get(&text(&variant["href"])).await.success();
    assert_eq!(shown.body.len() as u64, variant["bytes"], "{variant}");
    let picture = image::load_from_memory(&shown.body).expect("a variant is a picture");
    assert_eq!((picture.width(), picture.height()), size(variant), "{variant}");
    let file = data.join("storage/images/output").join(text(&task["task_id"])).join(&name);
    assert_eq!(sha256_of(&file), sha256, "{variant}");
    assert_eq!(std::fs::read(&file).expect("it is there"), shown.body, "{variant}");
    (name, sha256)
}

fn size(variant: &Value) -> (u32, u32) {
    let side = |name: &str| variant[name].as_u64().and_then(|side| side.try_into().ok());
    side("width").zip(side("height")).expect("a variant has a size")
}

fn sha256_of(file: &Path) -> String {
    let output = Command::new("sha256sum").arg(file).output().expect("sha256sum can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().next().unwrap_or_default().to_owned()
}
