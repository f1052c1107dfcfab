//! The ports of the production profile that PostgreSQL keeps: the log, commands, checkpoints, readings, work.

mod checkpoints;
mod connect;
mod dead_letters;
mod error;
mod leadership;
mod log;
mod moment;
mod numbers;
mod readings;
mod settings;
mod work_queue;

pub use checkpoints::PgCheckpoints;
pub use log::PgLog;
pub use settings::Settings;

use std::sync::Arc;

use ports::PortError;
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection, PgPool};

use error::Attempt;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// All stores of one database.
pub struct PgStores {
    /// The events of all streams.
    pub log: Arc<PgLog>,
    /// How far readers of the log have come.
    pub checkpoints: Arc<PgCheckpoints>,
    pool: PgPool,
}

impl PgStores {
    /// Opens the stores of a database that [`migrate`] has brought to this release's schema.
    ///
    /// # Errors
    /// The database does not answer, or has no such schema. Whether to try again is for the caller to say.
    pub async fn connect(settings: &Settings) -> Result<Self, PortError> {
        let pool = connect::pool(settings).attempt(|| "reading the database's URL".to_owned())?;
        let log = Arc::new(PgLog::open(&pool, settings).await?);
        let checkpoints = Arc::new(PgCheckpoints::over(&pool));
        Ok(Self { log, checkpoints, pool })
    }

    /// Finishes the appends that wait, takes no more, and closes the connections.
    pub async fn close(self) {
        self.log.close().await;
        self.pool.close().await;
    }
}

/// Brings the database to this release's schema. Several processes may do so at once.
///
/// # Errors
/// The database does not answer, or was migrated by a later release.
pub async fn migrate(settings: &Settings) -> Result<(), PortError> {
    let attempted = || "bringing the database to this release's schema".to_owned();
    let mut connection = PgConnection::connect(&settings.url).await.attempt(attempted)?;
    MIGRATIONS.run(&mut connection).await.attempt(attempted)?;
    connection.close().await.attempt(attempted)
}
