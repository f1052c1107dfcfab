//! A real Prometheus with the rules of the stack, quicker than there: it asks and thinks every second.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::client::Client;
use crate::common::server::Server;
use crate::common::wait::eventually;

const START_S_MAX: u64 = 60;

/// Where `compose/check` unpacks it, below the cache.
const UNPACKED: &str = "atalaya/tools/debian/usr/bin/prometheus";

/// The program: installed, or fetched by `compose/check`. `None` where there is none and nobody insists.
pub(crate) fn program() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::env::split_paths(&folders).map(|folder| folder.join("prometheus"));
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    let unpacked = cache.map(|cache| cache.join(UNPACKED));
    let found = installed.chain(unpacked).find(|program| program.is_file());
    assert!(found.is_some() || !services::required(), "compose/check fetches Prometheus");
    found
}

/// It is killed when this is dropped.
pub(crate) struct Prometheus {
    child: Child,
    client: Client,
    _folder: TempDir,
}

impl Prometheus {
    /// Starts it over these servers, each under the name of its service, and waits until it answers.
    pub(crate) async fn start(program: &Path, servers: &[(&str, &Server)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = folder.path().join("prometheus.yaml");
        // JSON is YAML.
        fs::write(&config, configured(servers).to_string()).expect("a file can be written");
        let address = free_address();
        let child = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(["--log.level=error", "--web.enable-lifecycle"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .spawn()
            .expect("Prometheus can be started");
        let client = Client::new(&format!("http://{address}"));
        let prometheus = Self { child, client, _folder: folder };
        let ready = crate::common::client::Request::get("/-/ready");
        let answers = async || {
            let answer = prometheus.client.try_send(&ready).await.ok()?;
            (answer.status == 200).then_some(())
        };
        eventually("Prometheus is ready", Duration::from_secs(START_S_MAX), answers).await;
        prometheus
    }

    /// The services whose process answers.
    pub(crate) async fn roles_up(&self) -> Vec<String> {
        let found = self.query("up == 1").await;
        let role = |sample: &Value| sample["metric"]["role"].as_str().map(str::to_owned);
        found.iter().filter_map(role).collect()
    }

    pub(crate) async fn rules(&self) -> Vec<Value> {
        let answer = self.client.json("/api/v1/rules").await;
        let groups = answer["data"]["groups"].as_array().cloned().unwrap_or_default();
        groups.iter().filter_map(|group| group["rules"].as_array()).flatten().cloned().collect()
    }

    pub(crate) async fn alerts(&self) -> Vec<Value> {
        let answer = self.client.json("/api/v1/alerts").await;
        answer["data"]["alerts"].as_array().cloned().unwrap_or_default()
    }

    async fn query(&self, expression: &str) -> Vec<Value> {
        let request = self.client.request(reqwest::Method::GET, "/api/v1/query");
        let answer = request.query(&[("query", expression)]).send().await.expect("it answers");
        let answer: Value = answer.json().await.expect("the answer is JSON");
        answer["data"]["result"].as_array().cloned().unwrap_or_default()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configured(servers: &[(&str, &Server)]) -> Value {
    let target = |(role, server): &(&str, &Server)| {
        let address = server.url.trim_start_matches("http://");
        json!({ "targets": [address], "labels": { "role": role } })
    };
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("compose/prometheus/rules/*.yaml");
    json!({
        "global": { "scrape_interval": "1s", "evaluation_interval": "1s" },
        "rule_files": [rules],
        "scrape_configs": [{
            "job_name": "atalaya",
            "static_configs": servers.iter().map(target).collect::<Vec<_>>(),
        }],
    })
}

/// Free at the moment; nobody else is told of it.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").to_string()
}
