//! A Redis of a test's own, which may be killed.

use std::env::temp_dir;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::Client;
use tokio::time::{sleep, timeout};

const START_S_MAX: u64 = 30;
const START_POLL_MS: u64 = 20;

pub(crate) struct Server {
    port: u16,
    process: Option<Child>,
}

impl Server {
    /// Where one will be; `None` where Redis is not installed, which has been told by then.
    pub(crate) fn prepared() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        match Command::new("redis-server").arg("--version").stdout(Stdio::null()).status() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                assert!(!services::required(), "redis-server is not installed");
                skipped();
                None
            }
            _ => Some(Self { port, process: None }),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it with nothing in it, and waits until it answers.
    pub(crate) async fn start(&mut self) {
        let port = self.port.to_string();
        let folder = temp_dir();
        let process = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(folder)
            .stdout(Stdio::null())
            .spawn();
        self.process = Some(process.expect("it starts"));
        let client = Client::open(self.url()).expect("an address");
        let answers = async {
            while client.get_multiplexed_async_connection().await.is_err() {
                sleep(Duration::from_millis(START_POLL_MS)).await;
            }
        };
        timeout(Duration::from_secs(START_S_MAX), answers).await.expect("it answers");
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("it was running");
            process.wait().expect("it is ours");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test has to be seen")]
fn skipped() {
    eprintln!("skipped: redis-server is not installed");
}
