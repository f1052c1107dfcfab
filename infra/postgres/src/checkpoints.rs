//! How far named readers have come.

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::{Checkpoint, Checkpoints, Progress};
use ports::stream::GlobalPosition;
use sqlx::PgPool;

use crate::connect::retrying;
use crate::error::Attempt;
use crate::numbers::{integer, natural};

const FORGET: &str = include_str!("../sql/log/forget_checkpoint.sql");
const LOAD: &str = include_str!("../sql/log/load_checkpoint.sql");
const SAVE: &str = include_str!("../sql/log/save_checkpoint.sql");

/// `Checkpoints` in a table: what must outlive the process, but not be in step with anything.
pub struct PgCheckpoints {
    pool: PgPool,
}

impl PgCheckpoints {
    pub(crate) fn over(pool: &PgPool) -> Self {
        Self { pool: pool.clone() }
    }
}

/// All three may be done twice, so that a broken connection is no reason to fail.
#[async_trait]
impl Checkpoints for PgCheckpoints {
    async fn load(&self, name: &str) -> Result<Option<Progress>, PortError> {
        let load =
            || sqlx::query_as::<_, (i64, String)>(LOAD).bind(name).fetch_optional(&self.pool);
        let row = retrying(&self.pool, load).await;
        let row = row.attempt(|| format!("loading the progress of {name}"))?;
        Ok(row.map(|(position, checkpoint)| Progress {
            position: GlobalPosition(natural(position)),
            checkpoint: Checkpoint(checkpoint),
        }))
    }

    async fn save(&self, name: &str, progress: &Progress) -> Result<(), PortError> {
        let Progress { position, checkpoint: Checkpoint(checkpoint) } = progress;
        let save = || {
            let values = sqlx::query(SAVE).bind(name).bind(integer(position.0)).bind(checkpoint);
            values.execute(&self.pool)
        };
        let saved = retrying(&self.pool, save).await;
        saved.map(drop).attempt(|| format!("saving the progress of {name}"))
    }

    async fn forget(&self, name: &str) -> Result<(), PortError> {
        let forgotten =
            retrying(&self.pool, || sqlx::query(FORGET).bind(name).execute(&self.pool)).await;
        forgotten.map(drop).attempt(|| format!("forgetting the progress of {name}"))
    }
}
