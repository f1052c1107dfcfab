//! A database of its own for every test, copied from one that has been migrated.
#![allow(dead_code, reason = "every test file uses another part of it")]

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use infra_postgres::{PgStores, Settings, migrate, schema_name};
use sqlx::{Connection, Executor, PgConnection};

/// Whoever makes the template holds this lock of the maintenance database.
const TEMPLATE_LOCK: i64 = 0x6174_616c_6179_6101;

/// How long a test waits until its database is gone.
const DROP_MS_MAX: u64 = 2_000;

/// A database that goes away with the test.
pub(crate) struct Database {
    name: String,
    maintenance: String,
    pub(crate) settings: Settings,
}

impl Database {
    /// A new one, or `None` where there is no PostgreSQL and the test is to be skipped.
    pub(crate) async fn fresh() -> Option<Self> {
        let maintenance = services::postgres()?;
        let name = services::fresh_name("atalaya_test");
        let mut connection = connect(&maintenance).await;
        let template = template(&mut connection, &maintenance).await;
        run(&mut connection, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        let settings = Settings::new(sibling(&maintenance, &name));
        Some(Self { name, maintenance, settings })
    }

    /// What it is called on its server.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The stores of one more process.
    pub(crate) async fn open(&self) -> PgStores {
        PgStores::connect(&self.settings).await.expect("the database was made for this test")
    }

    /// A connection that is not ours: what other programs do, and what an operator looks at.
    pub(crate) async fn stranger(&self) -> PgConnection {
        connect(&self.settings.url).await
    }

    /// Ends all sessions of ours, as a failover does. Strangers are left alone.
    pub(crate) async fn terminate_ours(&self) {
        let mut connection = connect(&self.maintenance).await;
        let ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = $1 AND application_name = $2";
        sqlx::query(ours)
            .bind(&self.name)
            .bind(&self.settings.application_name)
            .execute(&mut connection)
            .await
            .expect("a superuser may");
    }
}

/// Drops the database on a thread of its own. The server waits for all sessions to take note, also for one that
/// the runtime of this test was about to open and cannot go on with before this returns: so this does not wait long.
impl Drop for Database {
    fn drop(&mut self) {
        let maintenance = self.maintenance.clone();
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let (dropped, end) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime can be made").block_on(async {
                run(&mut connect(&maintenance).await, statement).await;
            });
            // The test may have gone on.
            let _ = dropped.send(());
        });
        // Whoever comes first: it is gone, or it will be if the process lives long enough.
        let _ = end.recv_timeout(Duration::from_millis(DROP_MS_MAX));
    }
}

/// The name of the migrated database that others are copied from; made by whoever comes first, and kept.
async fn template(connection: &mut PgConnection, maintenance: &str) -> String {
    let name = format!("atalaya_template_{}", schema_name());
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut *connection)
        .await
        .expect("a lock");
    let finished = sqlx::query_scalar("SELECT datistemplate FROM pg_database WHERE datname = $1");
    let finished: Option<bool> =
        finished.bind(&name).fetch_optional(&mut *connection).await.expect("a catalogue");
    if finished != Some(true) {
        run(connection, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        run(connection, format!("CREATE DATABASE {name}")).await;
        migrate(&Settings::new(sibling(maintenance, &name)))
            .await
            .expect("an empty database can be migrated");
        run(
            connection,
            format!("ALTER DATABASE {name} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false"),
        )
        .await;
    }
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(connection)
        .await
        .expect("a lock");
    name
}

/// The same server, another database.
fn sibling(url: &str, database: &str) -> String {
    let (server, _) = url.rsplit_once('/').expect("the URL names a database");
    format!("{server}/{database}")
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("the server answered a moment ago")
}

async fn run(connection: &mut PgConnection, statement: String) {
    connection.execute(&*statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}
