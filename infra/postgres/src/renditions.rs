//! What was made of which picture, known to the workers of all processes.

use async_trait::async_trait;
use ports::PortError;
use ports::clock::Timestamp;
use ports::renditions::{Claim, Rendition, Renditions};
use sqlx::PgPool;
use uuid::Uuid;

use crate::connect::retrying;
use crate::error::Attempt;
use crate::moment::Moment;

const CLAIM: &str = include_str!("../sql/renditions/claim.sql");
const FIND: &str = include_str!("../sql/renditions/find.sql");
const FORGET: &str = include_str!("../sql/renditions/forget.sql");
const MADE: &str = include_str!("../sql/renditions/made.sql");

/// `Renditions` in a table. Every call may be repeated, and is when its connection breaks.
pub struct PgRenditions {
    pool: PgPool,
}

impl PgRenditions {
    pub(crate) fn over(pool: &PgPool) -> Self {
        Self { pool: pool.clone() }
    }
}

#[async_trait]
impl Renditions for PgRenditions {
    async fn claim(
        &self,
        content: &str,
        task_id: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, PortError> {
        let attempted = || "claiming a picture".to_owned();
        let claim = || {
            let values = sqlx::query(CLAIM).bind(content).bind(task_id);
            values.bind(Moment(now)).bind(Moment(until)).execute(&self.pool)
        };
        let claimed = retrying(&self.pool, claim).await.attempt(attempted)?;
        if claimed.rows_affected() > 0 {
            return Ok(Claim::Granted);
        }
        let find = || sqlx::query_as::<_, Row>(FIND).bind(content).fetch_optional(&self.pool);
        let found = retrying(&self.pool, find).await.attempt(attempted)?;
        Ok(match found {
            Some((task_id, _, Some(outcome))) => Claim::Made(Rendition { task_id, outcome }),
            Some((_, Moment(until), None)) => Claim::Held(until),
            // It was given up in between: there is nothing to wait for but the next try.
            None => Claim::Held(now),
        })
    }

    async fn made(&self, content: &str, rendition: Rendition) -> Result<(), PortError> {
        let made = || {
            let values = sqlx::query(MADE).bind(content).bind(rendition.task_id);
            values.bind(&rendition.outcome).execute(&self.pool)
        };
        let noted = retrying(&self.pool, made).await;
        noted.map(drop).attempt(|| "noting what was made of a picture".to_owned())
    }

    async fn forget(&self, task_id: Uuid) -> Result<(), PortError> {
        let forget = || sqlx::query(FORGET).bind(task_id).execute(&self.pool);
        let forgotten = retrying(&self.pool, forget).await;
        forgotten.map(drop).attempt(|| "forgetting what was made".to_owned())
    }
}

/// Task, end of the claim, outcome.
type Row = (Uuid, Moment, Option<String>);
