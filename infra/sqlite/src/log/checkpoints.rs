//! How far named readers have come.

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::{Checkpoint, Checkpoints, Progress};
use ports::stream::GlobalPosition;
use rusqlite::{OptionalExtension, params};

use super::SqliteLog;

const FORGET: &str = include_str!("../../sql/log/forget_checkpoint.sql");
const LOAD: &str = include_str!("../../sql/log/load_checkpoint.sql");
const SAVE: &str = include_str!("../../sql/log/save_checkpoint.sql");

#[async_trait]
impl Checkpoints for SqliteLog {
    async fn load(&self, name: &str) -> Result<Option<Progress>, PortError> {
        let wanted = name.to_owned();
        let load = self.database.read(move |connection| {
            let progress = connection.prepare_cached(LOAD)?.query_row([wanted], |row| {
                let checkpoint = Checkpoint(row.get(1)?);
                Ok(Progress { position: GlobalPosition(row.get(0)?), checkpoint })
            });
            Ok(progress.optional()?)
        });
        load.await.map_err(|fault| PortError::new(format!("loading the progress of {name}"), fault))
    }

    async fn save(&self, name: &str, progress: &Progress) -> Result<(), PortError> {
        let (reader, progress) = (name.to_owned(), progress.clone());
        let save = self.database.write_lazily(move |connection| {
            let Progress { position, checkpoint } = progress;
            let mut statement = connection.prepare_cached(SAVE)?;
            statement.execute(params![reader, position.0, checkpoint.0])?;
            Ok(())
        });
        save.await.map_err(|fault| PortError::new(format!("saving the progress of {name}"), fault))
    }

    async fn forget(&self, name: &str) -> Result<(), PortError> {
        let unwanted = name.to_owned();
        let forget = self.database.write(move |connection| {
            connection.prepare_cached(FORGET)?.execute([unwanted])?;
            Ok(())
        });
        forget
            .await
            .map_err(|fault| PortError::new(format!("forgetting the progress of {name}"), fault))
    }
}
