//! Which documents, in which order, in the language of the server.

use mongodb::bson::{Bson, Document as Filters, doc};
use ports::read_models::{Collection, Cursor, Filter, Sort};
use serde_json::Value;

use super::scalar::Scalar;
use super::{names, text};
use crate::error::Unstorable;

/// What is there and matches; removed documents never are.
pub(super) fn matching(collection: &Collection, filters: &[Filter]) -> Result<Filters, Unstorable> {
    let mut conditions = vec![doc! { "removed": false }];
    for filter in filters {
        // Equal to null means null or missing here, and nothing but a scalar can be asked for: no operator.
        let path = names::path(collection, filter.field)?;
        let equals = Bson::from(Scalar::declared(&filter.equals)?);
        conditions.push(doc! { path: { "$eq": equals } });
    }
    Ok(all(conditions))
}

/// All of these hold.
pub(super) fn all(mut conditions: Vec<Filters>) -> Filters {
    match conditions.len() {
        1 => conditions.remove(0),
        _ => doc! { "$and": conditions },
    }
}

/// The field to sort by before the key, and which way.
pub(super) struct Order {
    pub(super) field: Option<&'static str>,
    path: Option<String>,
    descending: bool,
}

impl Order {
    pub(super) fn of(collection: &Collection, sort: Option<Sort>) -> Result<Self, Unstorable> {
        let path = sort.map(|sort| names::path(collection, sort.field)).transpose()?;
        let descending = sort.is_some_and(|sort| sort.descending);
        Ok(Self { field: sort.map(|sort| sort.field), path, descending })
    }

    /// For `find`. The server puts null, which includes what is missing, before numbers, and those before texts.
    pub(super) fn sort(&self) -> Filters {
        let direction = if self.descending { -1 } else { 1 };
        match &self.path {
            Some(path) => doc! { path: direction, "_id": direction },
            None => doc! { "_id": direction },
        }
    }

    /// What lies beyond the cursor, cut so that an index leads straight to each part: a comparison finds nothing but
    /// values of its own type, and never null.
    pub(super) fn stretches(&self, cursor: Option<&Cursor>) -> Result<Vec<Filters>, Unstorable> {
        let Some(Cursor { value, key }) = cursor else { return Ok(vec![Filters::new()]) };
        let beyond = if self.descending { "$lt" } else { "$gt" };
        let rest_of_keys = doc! { beyond: text::stored(key).as_ref() };
        let Some(path) = &self.path else { return Ok(vec![doc! { "_id": rest_of_keys }]) };
        let bson = Bson::from(Scalar::declared(value)?);
        let mut stretches = vec![doc! { path: { "$eq": &bson }, "_id": rest_of_keys }];
        if !value.is_null() {
            stretches.push(doc! { path: { beyond: bson } });
        }
        stretches.extend(self.types_beyond(value).into_iter().map(|whole| doc! { path: whole }));
        Ok(stretches)
    }

    /// All values of each type that comes after that of `value`.
    fn types_beyond(&self, value: &Value) -> Vec<Filters> {
        let null = || doc! { "$eq": Bson::Null };
        let numbers = || doc! { "$gte": i64::MIN };
        let texts = || doc! { "$gte": "" };
        match (value, self.descending) {
            (Value::Null, false) => vec![doc! { "$ne": Bson::Null }],
            (Value::Number(_), false) => vec![texts()],
            (Value::Number(_), true) => vec![null()],
            (Value::String(_), true) => vec![numbers(), null()],
            _ => Vec::new(),
        }
    }
}
