//! Guarded updates: nothing is replaced by what is not newer.
//!
//! One statement is `{q: {_id, position: {$lt: <new>}}, u: <new document>, upsert: true}`; many of them are one `update`
//! command. Where the stored document is not older, the statement finds none, wants to insert one, and meets the
//! unique `_id`: code 11000. The same happens to the slower of two who insert at a time, and that one may be the
//! newer: so whatever met 11000 is tried once more without `upsert`. By then the document is there, for none is ever
//! deleted: either it is older and is replaced, or it is not and stays.

use mongodb::bson::raw::cstr;
use mongodb::bson::{Document as Bson, RawArrayBuf, RawDocumentBuf};
use mongodb::options::WriteConcern;
use serde::Deserialize;

use super::text;
use crate::error::{Fault, Refused, Unstorable};

/// How many statements one command holds; the server takes 100 000.
const STATEMENTS_MAX: usize = 500;

/// How many bytes of statements one command holds, unless it is a single one.
const COMMAND_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The largest statement: the server takes commands of 16 MiB and a little more.
const STATEMENT_BYTES_MAX: usize = 16 * 1024 * 1024 - 4 * 1024;

const DUPLICATE_KEY: i32 = 11_000;

/// When the stored document gives way.
#[derive(Clone, Copy, Debug)]
pub(super) enum Guard {
    /// Its position is lower than this.
    Below(i64),
    /// Its position is this or lower.
    UpTo(i64),
}

/// One document, and when it replaces the stored one.
pub(super) struct Statement {
    key: String,
    guard: Guard,
    document: RawDocumentBuf,
}

impl Statement {
    pub(super) fn new(
        key: &str,
        guard: Guard,
        document: RawDocumentBuf,
    ) -> Result<Self, Unstorable> {
        let statement = Self { key: text::stored(key).into_owned(), guard, document };
        match statement.encoded(true).as_bytes().len() {
            0..=STATEMENT_BYTES_MAX => Ok(statement),
            bytes => Err(Unstorable(format!("its {bytes} bytes are more than the store takes"))),
        }
    }

    fn encoded(&self, upsert: bool) -> RawDocumentBuf {
        let mut older = RawDocumentBuf::new();
        match self.guard {
            Guard::Below(position) => older.append(cstr!("$lt"), position),
            Guard::UpTo(position) => older.append(cstr!("$lte"), position),
        }
        let mut stored = RawDocumentBuf::new();
        stored.append(cstr!("_id"), self.key.as_str());
        stored.append(cstr!("position"), older);
        let mut statement = RawDocumentBuf::new();
        statement.append(cstr!("q"), stored);
        statement.append(cstr!("u"), &self.document);
        statement.append(cstr!("upsert"), upsert);
        statement
    }

    fn bytes(&self) -> usize {
        self.document.as_bytes().len() + 2 * self.key.len()
    }
}

/// Statements cut into commands.
pub(super) fn commands(statements: &[Statement]) -> impl Iterator<Item = &[Statement]> {
    let mut rest = statements;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |statement: &&Statement| {
            bytes += statement.bytes();
            bytes <= COMMAND_BYTES_MAX
        };
        let fitting = rest.iter().take(STATEMENTS_MAX).take_while(fits).count();
        let (command, later) = rest.split_at(fitting.max(1).min(rest.len()));
        rest = later;
        Some(command).filter(|command| !command.is_empty())
    })
}

/// Runs the statements of one command by `send`.
pub(super) async fn replaced<A: Future<Output = Result<Bson, Fault>>>(
    collection: &str,
    statements: &[Statement],
    concern: Option<&WriteConcern>,
    send: impl Fn(RawDocumentBuf) -> A,
) -> Result<(), Fault> {
    let present = met(send(command(collection, statements.iter(), true, concern)?).await?)?;
    let again = present.iter().filter_map(|&index| statements.get(index));
    if again.clone().next().is_some() {
        met(send(command(collection, again, false, concern)?).await?)?;
    }
    Ok(())
}

/// The command that runs `statements` on `collection`.
fn command<'a>(
    collection: &str,
    statements: impl Iterator<Item = &'a Statement>,
    upsert: bool,
    concern: Option<&WriteConcern>,
) -> Result<RawDocumentBuf, Fault> {
    let mut updates = RawArrayBuf::new();
    statements.for_each(|statement| updates.push(statement.encoded(upsert)));
    let mut command = RawDocumentBuf::new();
    command.append(cstr!("update"), collection);
    command.append(cstr!("updates"), updates);
    command.append(cstr!("ordered"), false);
    if let Some(concern) = concern {
        command
            .append(cstr!("writeConcern"), mongodb::bson::serialize_to_raw_document_buf(concern)?);
    }
    Ok(command)
}

/// What the server says to an `update` command.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    #[serde(default)]
    write_errors: Vec<WriteError>,
    write_concern_error: Option<ConcernError>,
}

#[derive(Deserialize)]
struct WriteError {
    index: usize,
    #[serde(default)]
    code: i32,
    #[serde(default)]
    errmsg: String,
}

#[derive(Deserialize)]
struct ConcernError {
    #[serde(default)]
    code: i32,
    #[serde(default)]
    errmsg: String,
}

/// Which statements met a document under their key; any other trouble is an error.
fn met(reply: Bson) -> Result<Vec<usize>, Fault> {
    let reply: Reply = mongodb::bson::deserialize_from_document(reply)?;
    let mut met = Vec::new();
    for WriteError { index, code, errmsg } in reply.write_errors {
        if code != DUPLICATE_KEY {
            return Err(Refused { code, message: errmsg }.into());
        }
        met.push(index);
    }
    match reply.write_concern_error {
        Some(ConcernError { code, errmsg }) => Err(Refused { code, message: errmsg }.into()),
        None => Ok(met),
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::Mutex;

    use mongodb::bson::doc;

    use super::*;

    fn statement(bytes: usize) -> Statement {
        let mut document = RawDocumentBuf::new();
        document.append(cstr!("rest"), "x".repeat(bytes).as_str());
        Statement::new("k", Guard::Below(1), document).unwrap()
    }

    fn lengths(statements: &[Statement]) -> Vec<usize> {
        commands(statements).map(<[Statement]>::len).collect()
    }

    #[test]
    fn commands_are_bounded_in_number_and_size() {
        assert!(lengths(&[]).is_empty());
        let small: Vec<_> = (0..=2 * STATEMENTS_MAX).map(|_| statement(1)).collect();
        assert_eq!(lengths(&small), [STATEMENTS_MAX, STATEMENTS_MAX, 1]);
        let large = COMMAND_BYTES_MAX / 2 + 1;
        let mixed = [1, large, large, 1, 3 * large, 1].map(statement);
        assert_eq!(lengths(&mixed), [2, 2, 1, 1]);
    }

    #[test]
    fn only_a_duplicate_key_is_no_error() {
        let duplicate = |index| doc! { "index": index, "code": DUPLICATE_KEY, "errmsg": "E11000" };
        let reply = doc! { "ok": 1.0, "n": 1, "writeErrors": [duplicate(2), duplicate(0)] };
        assert_eq!(met(reply).unwrap(), [2, 0]);
        assert!(met(doc! { "ok": 1.0, "n": 3 }).unwrap().is_empty());
        let other = doc! { "index": 1, "code": 112, "errmsg": "WriteConflict" };
        met(doc! { "ok": 1.0, "writeErrors": [duplicate(0), other] }).unwrap_err();
        let concern = doc! { "code": 64, "errmsg": "waiting for replication timed out" };
        let refusal = met(doc! { "ok": 1.0, "writeConcernError": concern }).unwrap_err();
        assert!(refusal.to_string().contains("code 64"), "{refusal}");
    }

    /// The newer of two that insert at a time may be the one that meets the other's document.
    #[tokio::test]
    async fn what_met_a_document_is_tried_again_without_inserting() {
        let keys = ["a", "b", "c"];
        let of = |key| Statement::new(key, Guard::Below(5), RawDocumentBuf::new()).unwrap();
        let sent = Mutex::new(Vec::new());
        let send = |command: RawDocumentBuf| {
            let command = Bson::try_from(command).unwrap();
            let asked = |update: &mongodb::bson::Bson| {
                let update = update.as_document().unwrap();
                let key = update.get_document("q").unwrap().get_str("_id").unwrap().to_owned();
                (key, update.get_bool("upsert").unwrap())
            };
            let mut sent = sent.lock().unwrap();
            sent.push(command.get_array("updates").unwrap().iter().map(asked).collect::<Vec<_>>());
            let duplicate = doc! { "index": 1, "code": DUPLICATE_KEY, "errmsg": "E11000" };
            let errors = if sent.len() == 1 { vec![duplicate] } else { Vec::new() };
            ready(Ok(doc! { "ok": 1.0, "writeErrors": errors }))
        };
        replaced("motors_v1", &keys.map(of), None, send).await.unwrap();
        let all = keys.map(|key| (key.to_owned(), true)).to_vec();
        assert_eq!(*sent.lock().unwrap(), [all, vec![("b".to_owned(), false)]]);
    }
}
