//! An installation of the production profile over the real services: a process per role.

use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::common::client::Client;
use crate::common::server::{Server, ServerOptions};

/// What an installation keeps: a database, topics, documents and keys under a name of its own, a folder of pictures.
pub(crate) struct Installation {
    pub(crate) name: String,
    pub(crate) pictures: TempDir,
    pub(crate) postgres_url: String,
    pub(crate) kafka: String,
    maintenance_url: String,
    environment: Vec<(&'static str, String)>,
}

/// Where the services are.
pub(crate) struct Addresses {
    pub(crate) postgres_url: String,
    pub(crate) kafka: String,
    pub(crate) schema_registry_url: String,
    pub(crate) mongodb_uri: String,
    pub(crate) redis_url: String,
}

impl Addresses {
    /// Those that all tests share. `None` where one is missing.
    fn shared() -> Option<Self> {
        Some(Self {
            postgres_url: services::postgres()?,
            kafka: services::kafka()?,
            schema_registry_url: services::schema_registry()?,
            mongodb_uri: services::mongodb()?,
            redis_url: services::redis()?,
        })
    }
}

impl Installation {
    /// A new one over the shared services, migrated. `None` where a service is missing.
    pub(crate) fn migrated() -> Option<Self> {
        Addresses::shared().map(Self::over)
    }

    /// A new one over the shared services, with nothing in its database. `None` where a service is missing.
    pub(crate) fn empty() -> Option<Self> {
        Addresses::shared().map(Self::empty_over)
    }

    /// A new one over these services, migrated.
    pub(crate) fn over(services: Addresses) -> Self {
        let installation = Self::empty_over(services);
        installation.migrate();
        installation
    }

    /// Brings its database and topics to this release's form.
    pub(crate) fn migrate(&self) {
        let migrated = run(self.options(&["migrate"]).bare_command());
        let said = String::from_utf8_lossy(&migrated.stderr).into_owned();
        assert!(migrated.status.success(), "migrating failed: {said}");
    }

    fn empty_over(services: Addresses) -> Self {
        let maintenance_url = services.postgres_url;
        let name = services::fresh_name("plant");
        let (server, _) = maintenance_url.rsplit_once('/').expect("the URL names a database");
        let postgres_url = format!("{server}/{name}");
        let environment = vec![
            ("INSTALLATION", name.clone()),
            ("POSTGRES_URL", postgres_url.clone()),
            ("KAFKA_HOST", services.kafka.clone()),
            ("KAFKA_TOPIC", format!("{name}.vibration-topic")),
            ("TOPIC_PARTITIONS", "3".to_owned()),
            ("TOPIC_REPLICATION", "1".to_owned()),
            ("SCHEMA_REGISTRY_URL", services.schema_registry_url),
            ("MONGODB_URI", services.mongodb_uri),
            ("REDIS_URL", services.redis_url),
        ];
        let pictures = tempfile::tempdir().expect("a temporary folder");
        let kafka = services.kafka;
        let installation =
            Self { name, pictures, postgres_url, kafka, maintenance_url, environment };
        installation.psql(&format!("CREATE DATABASE {}", installation.name));
        installation
    }

    /// A process with these roles.
    pub(crate) async fn start(&self, roles: &'static str) -> Server {
        Server::start(&self.options(&["--roles", roles])).await
    }

    pub(crate) fn options(&self, arguments: &[&'static str]) -> ServerOptions {
        let mut options = ServerOptions::new(self.pictures.path());
        options.environment.clone_from(&self.environment);
        options.arguments = arguments.to_vec();
        options
    }

    /// Runs a statement as the administrator of the server.
    fn psql(&self, statement: &str) {
        let mut command = Command::new("psql");
        command.args(["-v", "ON_ERROR_STOP=1", "-qc", statement, &self.maintenance_url]);
        let output = run(command);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{statement}: {said}");
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.psql(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

/// A process per role.
pub(crate) struct Cluster {
    pub(crate) ams: Server,
    pub(crate) api: Server,
    pub(crate) relay: Server,
    pub(crate) projections: Server,
    pub(crate) images: Server,
    pub(crate) vibration: Server,
}

impl Cluster {
    pub(crate) async fn start(installation: &Installation) -> Self {
        Self {
            ams: installation.start("ams").await,
            api: installation.start("api").await,
            relay: installation.start("relay").await,
            projections: installation.start("projections").await,
            images: installation.start("images").await,
            vibration: installation.start("vibration").await,
        }
    }

    pub(crate) fn commands(&self) -> Client {
        self.ams.client()
    }

    pub(crate) fn queries(&self) -> Client {
        self.api.client()
    }

    pub(crate) async fn stop(self) {
        for server in
            [self.ams, self.api, self.images, self.vibration, self.projections, self.relay]
        {
            server.stop().await;
        }
    }
}

fn run(mut command: Command) -> Output {
    command.stdin(Stdio::null()).output().expect("the program can be started")
}
