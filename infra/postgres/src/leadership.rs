//! Terms of office, by the database's clock.

use async_trait::async_trait;
use ports::PortError;
use ports::leadership::{Leadership, Term};
use sqlx::PgPool;

use crate::connect::retrying;
use crate::error::{Attempt, Fault};
use crate::numbers::{integer, natural};

const CAMPAIGN: &str = include_str!("../sql/leadership/campaign.sql");
const RESIGN: &str = include_str!("../sql/leadership/resign.sql");

/// The longest lease there is; who asks for more gets this much.
pub const TTL_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

/// What the function `must_lead` of the schema raises.
const TERM_ENDED: &str = "TM001";

/// `Leadership` in a table: one row per office, one statement per campaign.
///
/// A lease alone does not keep a process that was stopped from going on where it was. Whatever only the leader may
/// write is written by an adapter [under](crate::PgReadings::under) its term, which looks at the row within the
/// writing transaction.
pub struct PgLeadership {
    pool: PgPool,
}

/// Somebody else has taken the office since: nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("term {} of {} as {} has ended", .0.number, .0.leader, .0.office)]
pub struct TermEnded(pub Term);

impl PgLeadership {
    pub(crate) fn over(pool: &PgPool) -> Self {
        Self { pool: pool.clone() }
    }
}

#[async_trait]
impl Leadership for PgLeadership {
    async fn campaign(
        &self,
        office: &str,
        candidate: &str,
        ttl_ms: u64,
    ) -> Result<Option<Term>, PortError> {
        let ttl_ms = ttl_ms.min(TTL_MS_MAX) as f64;
        let campaign = || {
            let values = sqlx::query_scalar(CAMPAIGN).bind(office).bind(candidate).bind(ttl_ms);
            values.fetch_optional(&self.pool)
        };
        let number = retrying(&self.pool, campaign).await;
        let number = number.attempt(|| format!("campaigning for {office} as {candidate}"))?;
        Ok(number.map(|number| Term {
            office: office.to_owned(),
            leader: candidate.to_owned(),
            number: natural(number),
        }))
    }

    async fn resign(&self, term: &Term) -> Result<(), PortError> {
        let resign = || {
            let values = sqlx::query(RESIGN).bind(&term.office).bind(&term.leader);
            values.bind(integer(term.number)).execute(&self.pool)
        };
        let resigned = retrying(&self.pool, resign).await;
        resigned.map(drop).attempt(|| format!("resigning from {}", term.office))
    }
}

/// The refusal of a write under `term`, told as what it is.
pub(crate) fn fault_under(term: Option<&Term>, error: sqlx::Error) -> Fault {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    match term {
        Some(term) if code.as_deref() == Some(TERM_ENDED) => TermEnded(term.clone()).into(),
        _ => error.into(),
    }
}
