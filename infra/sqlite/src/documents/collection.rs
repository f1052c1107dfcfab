//! The table of one collection: a row per document, a column per declared field.

use ports::read_models::Collection;
use rusqlite::{Connection, params};

use crate::error::{Fault, Unstorable};

const ADD_FIELD: &str = include_str!("../../sql/documents/add_field.sql");
const CREATE: &str = include_str!("../../sql/documents/create_collection.sql");
const DROP: &str = include_str!("../../sql/documents/drop_collection.sql");
const FORGET: &str = include_str!("../../sql/documents/forget_collection.sql");
const HAS_COLLECTION: &str = include_str!("../../sql/documents/has_collection.sql");
const HAS_COLUMN: &str = include_str!("../../sql/documents/has_column.sql");
const INDEX_FIELD: &str = include_str!("../../sql/documents/index_field.sql");
const REGISTER: &str = include_str!("../../sql/documents/register_collection.sql");

/// Makes what is missing; a field that was declared later gets its column then.
pub(super) fn ensure(connection: &Connection, collection: &Collection) -> Result<(), Fault> {
    let table = table(collection)?;
    connection.execute(&CREATE.replace("{table}", &table), [])?;
    for field in collection.fields {
        must_be_plain(field.name)?;
        let of_field = |sql: &str| sql.replace("{table}", &table).replace("{field}", field.name);
        let column = format!("f_{}", field.name);
        let present: bool =
            connection.query_row(HAS_COLUMN, params![table, column], |row| row.get(0))?;
        if !present {
            connection.execute(&of_field(ADD_FIELD), [])?;
        }
        connection.execute(&of_field(INDEX_FIELD), [])?;
    }
    connection.execute(REGISTER, params![collection.name, collection.generation])?;
    Ok(())
}

pub(super) fn drop_collection(
    connection: &Connection,
    collection: &Collection,
) -> Result<(), Fault> {
    connection.execute(&DROP.replace("{table}", &table(collection)?), [])?;
    connection.execute(FORGET, params![collection.name, collection.generation])?;
    Ok(())
}

pub(super) fn is_there(connection: &Connection, of: &Collection) -> Result<bool, Fault> {
    let mut statement = connection.prepare_cached(HAS_COLLECTION)?;
    Ok(statement.query_row(params![of.name, of.generation], |row| row.get(0))?)
}

/// The name of the collection's table.
pub(super) fn table(collection: &Collection) -> Result<String, Fault> {
    must_be_plain(collection.name)?;
    Ok(format!("doc_{}_g{}", collection.name, collection.generation))
}

/// The column of a declared field.
pub(super) fn column(collection: &Collection, field: &str) -> Result<String, Fault> {
    if collection.fields.iter().any(|declared| declared.name == field) {
        must_be_plain(field)?;
        return Ok(format!("f_{field}"));
    }
    Err(Unstorable(format!("the field {field} is not declared")).into())
}

/// Names become part of SQL, so nothing but the plainest characters may be in them.
fn must_be_plain(name: &str) -> Result<(), Unstorable> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.is_empty() && name.bytes().all(plain) {
        return Ok(());
    }
    Err(Unstorable(format!("the name {name:?} is not made of a-z, 0-9 and _")))
}
