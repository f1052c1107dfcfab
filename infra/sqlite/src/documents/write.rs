//! Writes documents, and with them how far the collection has come.

use ports::checkpoint::Progress;
use ports::read_models::{Collection, DOCUMENT_BYTES_MAX, Write};
use rusqlite::{Connection, params};
use serde_json::Value;

use super::collection::{is_there, table};
use super::scalar::column_of;
use crate::error::{Fault, Unstorable};

const PUT: &str = include_str!("../../sql/documents/put_document.sql");
const TAKE_ON: &str = include_str!("../../sql/documents/take_on_progress.sql");

/// A write in the form in which it is stored.
pub(super) struct Row {
    key: String,
    position: u64,
    body: Option<String>,
}

/// The rows of `writes`, made before the writing thread is asked for its time.
pub(super) fn rows(collection: &Collection, writes: &[Write]) -> Result<Vec<Row>, Fault> {
    let row = |write: &Write| {
        let body = write.body.as_ref().map(|body| stored_form(collection, body)).transpose();
        let body =
            body.map_err(|reason| Unstorable(format!("the document {}: {reason}", write.key)))?;
        Ok(Row { key: write.key.clone(), position: write.position.0, body })
    };
    writes.iter().map(row).collect()
}

fn stored_form(collection: &Collection, body: &Value) -> Result<String, Unstorable> {
    if !body.is_object() {
        return Err(Unstorable("is no JSON object".to_owned()));
    }
    for value in collection.fields.iter().filter_map(|field| body.get(field.name)) {
        column_of(value)?;
    }
    let text = body.to_string();
    if text.len() > DOCUMENT_BYTES_MAX {
        let bytes = text.len();
        return Err(Unstorable(format!("its {bytes} bytes are more than {DOCUMENT_BYTES_MAX}")));
    }
    Ok(text)
}

pub(super) fn commit(
    connection: &Connection,
    collection: &Collection,
    rows: &[Row],
    progress: Option<&Progress>,
) -> Result<(), Fault> {
    if !is_there(connection, collection)? {
        return Err(Unstorable("the collection is not there".to_owned()).into());
    }
    let sql = PUT.replace("{table}", &table(collection)?);
    let mut statement = connection.prepare_cached(&sql)?;
    for row in rows {
        statement.execute(params![row.key, row.position, row.body])?;
    }
    if let Some(Progress { position, checkpoint }) = progress {
        let mut statement = connection.prepare_cached(TAKE_ON)?;
        let (name, generation) = (collection.name, collection.generation);
        statement.execute(params![name, generation, position.0, checkpoint.0])?;
    }
    Ok(())
}
