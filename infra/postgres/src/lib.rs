//! The ports of the production profile that PostgreSQL keeps: the log, commands, checkpoints, readings, work.

mod checkpoints;
mod connect;
mod dead_letters;
mod error;
mod kill_points;
mod leadership;
mod log;
mod moment;
mod numbers;
mod readings;
mod renditions;
mod repository;
mod settings;
mod work_queue;

pub use checkpoints::PgCheckpoints;
pub use dead_letters::PgDeadLetters;
pub use leadership::{PgLeadership, TTL_MS_MAX, TermEnded};
pub use log::{AppendCounts, PgLog};
pub use readings::{PgReadings, Retention, WeeksDropped};
pub use renditions::PgRenditions;
pub use repository::PgEventRepository;
pub use settings::Settings;
pub use work_queue::PgWorkQueue;

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
    /// What was measured, and the vibration processor's state.
    pub readings: Arc<PgReadings>,
    /// Pictures to be worked on.
    pub work_queue: Arc<PgWorkQueue>,
    /// What was made of which picture.
    pub renditions: Arc<PgRenditions>,
    /// What handlers could not act on.
    pub dead_letters: Arc<PgDeadLetters>,
    /// Who may do what only one may do.
    pub leadership: Arc<PgLeadership>,
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
        let readings = Arc::new(PgReadings::over(&pool));
        let work_queue = Arc::new(PgWorkQueue::over(&pool));
        let renditions = Arc::new(PgRenditions::over(&pool));
        let dead_letters = Arc::new(PgDeadLetters::over(&pool));
        let leadership = Arc::new(PgLeadership::over(&pool));
        Ok(Self {
            log,
            checkpoints,
            readings,
            work_queue,
            renditions,
            dead_letters,
            leadership,
            pool,
        })
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

/// Names the schema of this release: wherever the name is the same, the tables are.
pub fn schema_name() -> String {
    let checksums = MIGRATIONS.iter().flat_map(|migration| migration.checksum.iter());
    // Any mix will do, as long as every byte counts in its place (FNV-1a).
    let mix = |name: u64, byte: &u8| (name ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    format!("{:016x}", checksums.fold(0xcbf2_9ce4_8422_2325, mix))
}
