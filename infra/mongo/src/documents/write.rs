//! Writes documents, and after them how far the collection has come.

use std::collections::HashMap;

use mongodb::bson::raw::cstr;
use mongodb::bson::{RawDocumentBuf, doc};
use ports::checkpoint::{Checkpoint, Progress};
use ports::read_models::{Collection, Generations, Write};
use ports::stream::GlobalPosition;

use super::names::{self, GENERATIONS, PROGRESS};
use super::update::{Guard, Statement, commands, replaced};
use super::{MongoDocuments, envelope};
use crate::error::{Corrupt, Fault, Unstorable};
use crate::kill_points::{AFTER_PROGRESS, BEFORE_PROGRESS, MID_BATCH, kill_point};

impl MongoDocuments {
    /// The documents first: whoever sees the progress finds them, and a batch that was cut off is given again.
    pub(super) async fn write(
        &self,
        collection: &Collection,
        writes: &[Write],
        progress: Option<&Progress>,
    ) -> Result<(), Fault> {
        let name = names::documents(collection)?;
        let statements = folded(writes).map(|write| statement(collection, write));
        let statements = statements.collect::<Result<Vec<_>, _>>()?;
        let progress = progress.map(|progress| progress_statement(&name, progress)).transpose()?;
        self.replace(&name, &statements).await?;
        if let Some(progress) = progress {
            kill_point(BEFORE_PROGRESS);
            self.replace(PROGRESS, &[progress]).await?;
            kill_point(AFTER_PROGRESS);
        }
        Ok(())
    }

    /// Replaces what gives way; nothing of it is known to be written when this fails.
    async fn replace(&self, collection: &str, statements: &[Statement]) -> Result<(), Fault> {
        let concern = self.concern.as_ref();
        let name = self.full_name(collection);
        let send = |command| self.in_time(self.database.run_raw_command(command));
        for some in commands(statements) {
            replaced(&name, some, concern, &send).await?;
            kill_point(MID_BATCH);
        }
        Ok(())
    }

    pub(super) async fn read_progress(
        &self,
        collection: &Collection,
    ) -> Result<Option<Progress>, Fault> {
        let name = names::documents(collection)?;
        let found = self.in_time(self.raw(PROGRESS).find_one(doc! { "_id": &name })).await?;
        let read = |stored: RawDocumentBuf| -> Result<Progress, Fault> {
            let position = GlobalPosition(stored.get_i64("position")?.cast_unsigned());
            let checkpoint = Checkpoint(stored.get_str("checkpoint")?.to_owned());
            Ok(Progress { position, checkpoint })
        };
        found.map(read).transpose()
    }

    pub(super) async fn read_generations(&self, name: &str) -> Result<Generations, Fault> {
        let found = self.in_time(self.raw(GENERATIONS).find_one(doc! { "_id": name })).await?;
        let Some(stored) = found else { return Ok(Generations::default()) };
        let number = |field: &str| -> Result<Option<u64>, Fault> {
            let number = stored.get(field)?.and_then(|number| number.as_i64());
            Ok(number.map(u64::try_from).transpose()?)
        };
        let newest = number("newest")?.ok_or_else(|| Corrupt {
            what: format!("the generations of {name}"),
            reason: "the newest one is missing".to_owned(),
        })?;
        Ok(Generations { live: number("live")?, previous: number("previous")?, newest })
    }

    /// One document, so that readers see all three numbers change at once.
    pub(super) async fn write_generations(
        &self,
        name: &str,
        generations: Generations,
    ) -> Result<(), Fault> {
        let Generations { live, previous, newest } = generations;
        let mut document = RawDocumentBuf::new();
        document.append(cstr!("newest"), i64::try_from(newest)?);
        for (field, generation) in [(cstr!("live"), live), (cstr!("previous"), previous)] {
            if let Some(generation) = generation {
                document.append(field, i64::try_from(generation)?);
            }
        }
        let stored = self.raw(GENERATIONS);
        let replace = stored.replace_one(doc! { "_id": name }, document);
        self.in_time(replace.upsert(true)).await?;
        Ok(())
    }

    /// The progress first: documents without it are filled again, a progress without documents would be believed.
    pub(super) async fn drop_all(&self, collection: &Collection) -> Result<(), Fault> {
        let name = names::documents(collection)?;
        let progress = self.raw(PROGRESS);
        self.in_time(progress.delete_one(doc! { "_id": &name })).await?;
        let stored = self.raw(&name);
        // Servers differ in how they tell that there was nothing to drop, and in whether they filter this list.
        let names = self.database.list_collection_names().filter(doc! { "name": stored.name() });
        if self.in_time(names).await?.iter().any(|listed| listed == stored.name()) {
            self.in_time(stored.drop()).await?;
        }
        Ok(())
    }
}

/// One write per key, the one that would stay; the first of those with the same position.
fn folded(writes: &[Write]) -> impl Iterator<Item = &Write> {
    let mut highest: HashMap<&str, GlobalPosition> = HashMap::with_capacity(writes.len());
    for Write { key, position, .. } in writes {
        let known = highest.entry(key).or_insert(*position);
        *known = (*known).max(*position);
    }
    writes.iter().filter(move |write| {
        let stays = highest.get(write.key.as_str()) == Some(&write.position);
        stays && highest.remove(write.key.as_str()).is_some()
    })
}

fn statement(collection: &Collection, write: &Write) -> Result<Statement, Unstorable> {
    let guard = Guard::Below(envelope::bson_position(write.position)?);
    let sealed = envelope::sealed(collection, write);
    let statement = sealed.and_then(|document| Statement::new(&write.key, guard, document));
    statement.map_err(|Unstorable(why)| Unstorable(format!("the document {}: {why}", write.key)))
}

fn progress_statement(name: &str, progress: &Progress) -> Result<Statement, Unstorable> {
    let position = envelope::bson_position(progress.position)?;
    let mut document = RawDocumentBuf::new();
    document.append(cstr!("position"), position);
    document.append(cstr!("checkpoint"), progress.checkpoint.0.as_str());
    // At the same position the newer checkpoint counts: its source went on, past events that nobody wanted.
    Statement::new(name, Guard::UpTo(position), document)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_batch_writes_each_document_once() {
        let write = |key: &str, position, n: u32| Write {
            key: key.to_owned(),
            position: GlobalPosition(position),
            body: Some(json!({ "n": n })),
        };
        let writes = [
            write("a", 3, 1),
            write("b", 1, 2),
            write("a", 5, 3),
            write("a", 5, 4),
            write("a", 4, 5),
        ];
        let kept: Vec<_> = folded(&writes).cloned().collect();
        assert_eq!(kept, [write("b", 1, 2), write("a", 5, 3)]);
    }
}
