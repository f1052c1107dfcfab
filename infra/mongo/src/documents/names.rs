//! The names of collections, fields and indexes.

use ports::read_models::Collection;

use crate::error::Unstorable;

pub(super) const PROGRESS: &str = "progress";
pub(super) const GENERATIONS: &str = "generations";

/// The collection in which the documents are, without the prefix. It never is one of the names above, since it ends
/// in a number.
pub(super) fn documents(collection: &Collection) -> Result<String, Unstorable> {
    must_be_plain(collection.name)?;
    Ok(format!("{}_v{}", collection.name, collection.generation))
}

/// Where a declared field is within a stored document.
pub(super) fn path(collection: &Collection, field: &str) -> Result<String, Unstorable> {
    if collection.fields.iter().any(|declared| declared.name == field) {
        must_be_plain(field)?;
        return Ok(format!("fields.{field}"));
    }
    Err(Unstorable(format!("the field {field} is not declared")))
}

/// Names become part of paths and of names of collections, where `.` and `$` mean something.
pub(super) fn must_be_plain(name: &str) -> Result<(), Unstorable> {
    if is_plain(name) {
        return Ok(());
    }
    Err(Unstorable(format!("the name {name:?} is not made of a-z, 0-9 and _")))
}

pub(crate) fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && name.bytes().all(plain)
}
