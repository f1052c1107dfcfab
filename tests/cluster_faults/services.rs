//! A second set of the real services, which nobody else uses: it may be killed.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::common::cluster::Addresses;
use crate::common::wait::eventually;

/// How long a service may take to start, or all of them.
const STARTED_S_MAX: u64 = 120;
const PORTS: [&str; 6] = ["POSTGRES", "KAFKA", "KAFKA_CONTROLLER", "REGISTRY", "MONGO", "REDIS"];

/// It ends with this, and its data with it.
pub(crate) struct Services {
    folder: TempDir,
    ports: [u16; PORTS.len()],
}

impl Services {
    pub(crate) async fn up() -> Self {
        // PostgreSQL runs as a user of its own, who has to be able to enter.
        let folder = tempfile::Builder::new().prefix("atalaya-").tempdir_in("/var/tmp");
        let folder = folder.expect("there is room for a folder");
        let permissions = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), permissions).expect("it is ours");
        let this = Self { folder, ports: free_ports() };
        this.tell(&["up"]).await;
        this
    }

    pub(crate) async fn kill(&self, name: &str) {
        self.tell(&["kill", name]).await;
    }

    pub(crate) async fn start(&self, name: &str) {
        self.tell(&["start", name]).await;
    }

    pub(crate) fn addresses(&self) -> Addresses {
        let [postgres, kafka, _, registry, mongo, redis] = self.ports;
        Addresses {
            postgres_url: format!("postgres://atalaya:atalaya@127.0.0.1:{postgres}/atalaya"),
            kafka: format!("127.0.0.1:{kafka}"),
            schema_registry_url: format!("http://127.0.0.1:{registry}/apis/ccompat/v7"),
            mongodb_uri: format!("mongodb://127.0.0.1:{mongo}"),
            redis_url: format!("redis://127.0.0.1:{redis}"),
        }
    }

    /// Meanwhile the others go on.
    async fn tell(&self, arguments: &[&str]) {
        let mut child = self.command(arguments).spawn().expect("it can be started");
        let bound = Duration::from_secs(STARTED_S_MAX);
        let what = format!("services {arguments:?}");
        let status = eventually(&what, bound, async || child.try_wait().ok().flatten()).await;
        assert!(status.success(), "{what}: {status}");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("compose/native/services");
        let mut command = Command::new(script);
        command.args(arguments).env("ATALAYA_NATIVE_DIR", self.folder.path().join("data"));
        for (name, port) in PORTS.iter().zip(self.ports) {
            command.env(format!("ATALAYA_NATIVE_{name}_PORT"), port.to_string());
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = self.command(&["down", "--wipe"]).status();
    }
}

/// Ports that nobody had a moment ago.
fn free_ports() -> [u16; PORTS.len()] {
    let listeners = PORTS.map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free"));
    listeners.map(|listener| listener.local_addr().expect("it is bound").port())
}
