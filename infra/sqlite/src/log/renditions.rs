//! What was made of which picture.

use async_trait::async_trait;
use ports::PortError;
use ports::clock::Timestamp;
use ports::renditions::{Claim, Rendition, Renditions};
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::SqliteLog;
use crate::error::Fault;

const CLAIM: &str = include_str!("../../sql/log/claim_rendition.sql");
const FIND: &str = include_str!("../../sql/log/rendition.sql");
const FORGET: &str = include_str!("../../sql/log/forget_renditions.sql");
const MADE: &str = include_str!("../../sql/log/rendition_made.sql");

#[async_trait]
impl Renditions for SqliteLog {
    async fn claim(
        &self,
        content: &str,
        task_id: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, PortError> {
        let content = content.to_owned();
        let claim = self.database.write_lazily(move |connection| {
            let (now, until) = (now.as_micros(), until.as_micros());
            let values = params![content, task_id.as_bytes(), now, until];
            let claimed = connection.prepare_cached(CLAIM)?.execute(values)?;
            if claimed > 0 { Ok(Claim::Granted) } else { find(connection, &content) }
        });
        claim.await.map_err(|fault| PortError::new("claiming a picture", fault))
    }

    async fn made(&self, content: &str, rendition: Rendition) -> Result<(), PortError> {
        let content = content.to_owned();
        let made = self.database.write_lazily(move |connection| {
            let Rendition { task_id, outcome } = rendition;
            let values = params![content, task_id.as_bytes(), outcome];
            connection.prepare_cached(MADE)?.execute(values)?;
            Ok(())
        });
        made.await.map_err(|fault| PortError::new("noting what was made of a picture", fault))
    }

    async fn forget(&self, task_id: Uuid) -> Result<(), PortError> {
        // The files go next, and nothing could bring them back.
        let forget = self.database.write(move |connection| {
            connection.prepare_cached(FORGET)?.execute([task_id.as_bytes()])?;
            Ok(())
        });
        forget.await.map_err(|fault| PortError::new("forgetting what was made", fault))
    }
}

/// Why a claim was not granted, in the transaction in which it was not.
fn find(connection: &Connection, content: &str) -> Result<Claim, Fault> {
    let mut statement = connection.prepare_cached(FIND)?;
    Ok(statement.query_row([content], |row| {
        let (task_id, until) = (Uuid::from_bytes(row.get(0)?), row.get(1)?);
        let made = row.get::<_, Option<String>>(2)?;
        Ok(made.map_or_else(
            || Claim::Held(Timestamp::from_micros(until)),
            |outcome| Claim::Made(Rendition { task_id, outcome }),
        ))
    })?)
}
