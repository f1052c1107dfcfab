//! Reads documents: by key, page by page, and counted.

use ports::read_models::{
    Collection, Cursor, Document, Filter, PAGE_DOCUMENTS_MAX, Page, Query, Sort,
};
use ports::stream::GlobalPosition;
use rusqlite::types::Value as Column;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde_json::Value;

use super::collection::{column, is_there, table};
use super::scalar::{column_of, value_of};
use crate::error::{Corrupt, Fault};

const COUNT_BY: &str = include_str!("../../sql/documents/count_by.sql");
const GET: &str = include_str!("../../sql/documents/get_document.sql");
const QUERY: &str = include_str!("../../sql/documents/query.sql");

/// A page ends before the document that would take it beyond this, so that large documents make short filling.
const PAGE_BYTES_MAX: usize = 32 * 1024 * 1024;

pub(super) fn get(
    connection: &Connection,
    collection: &Collection,
    keys: &[String],
) -> Result<Vec<Document>, Fault> {
    if !is_there(connection, collection)? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(&GET.replace("{table}", &table(collection)?))?;
    let mut documents = Vec::new();
    for key in keys {
        let found = statement.query_row([key], |row| Ok(document(row))).optional()?;
        documents.extend(found.transpose()?);
    }
    Ok(documents)
}

pub(super) fn page(
    connection: &Connection,
    collection: &Collection,
    query: &Query,
) -> Result<Page, Fault> {
    let matching = matching(collection, &query.filters)?;
    let order = Order::of(collection, query.sort)?;
    let stretches = order.stretches(query.cursor.as_ref())?;
    if !is_there(connection, collection)? {
        return Ok(Page::default());
    }
    let mut filling = Filling::new(query.documents_max.min(PAGE_DOCUMENTS_MAX));
    for stretch in stretches {
        let wanted = matching.and(stretch);
        let rows_max = filling.documents_max - filling.page.documents.len() + 1;
        let sql = order.query(&table(collection)?, &wanted, rows_max);
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(wanted.values))?;
        while let Some(row) = rows.next()? {
            if !filling.take(row)? {
                return Ok(filling.page);
            }
        }
    }
    // Nothing is left beyond the last stretch.
    filling.page.next = None;
    Ok(filling.page)
}

pub(super) fn count_by(
    connection: &Connection,
    collection: &Collection,
    filters: &[Filter],
    field: &'static str,
) -> Result<Vec<(Option<Value>, u64)>, Fault> {
    let matching = matching(collection, filters)?;
    column(collection, field)?;
    if !is_there(connection, collection)? {
        return Ok(Vec::new());
    }
    let sql = COUNT_BY
        .replace("{table}", &table(collection)?)
        .replace("{field}", field)
        .replace("{conditions}", &matching.sql);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(matching.values))?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let value = value_of(row.get_ref(0)?)?;
        counts.push((Some(value).filter(|value| !value.is_null()), row.get(1)?));
    }
    Ok(counts)
}

/// Conditions, each with ` AND ` before it, and the values of their question marks.
#[derive(Clone, Default)]
struct Conditions {
    sql: String,
    values: Vec<Column>,
}

impl Conditions {
    fn one(sql: &str, values: impl Into<Vec<Column>>) -> Self {
        Self { sql: format!(" AND {sql}"), values: values.into() }
    }

    fn and(&self, other: Self) -> Self {
        let mut both = self.clone();
        both.sql.push_str(&other.sql);
        both.values.extend(other.values);
        both
    }
}

fn matching(collection: &Collection, filters: &[Filter]) -> Result<Conditions, Fault> {
    filters.iter().try_fold(Conditions::default(), |all, filter| {
        let column = column(collection, filter.field)?;
        // `IS`, since null matches null here.
        Ok(all.and(Conditions::one(&format!("{column} IS ?"), [column_of(&filter.equals)?])))
    })
}

/// The column to sort by before the key, and which way.
struct Order {
    column: Option<String>,
    descending: bool,
}

impl Order {
    fn of(collection: &Collection, sort: Option<Sort>) -> Result<Self, Fault> {
        let column = sort.map(|sort| column(collection, sort.field)).transpose()?;
        Ok(Self { column, descending: sort.is_some_and(|sort| sort.descending) })
    }

    fn query(&self, table: &str, wanted: &Conditions, rows_max: usize) -> String {
        QUERY
            .replace("{table}", table)
            .replace("{sorted_by}", self.column.as_deref().unwrap_or("NULL"))
            .replace("{conditions}", &wanted.sql)
            .replace("{order}", &self.sql())
            .replace("{limit}", &rows_max.to_string())
    }

    /// `SQLite` puts null before all other values, as the port wants it.
    fn sql(&self) -> String {
        let direction = if self.descending { "DESC" } else { "ASC" };
        match &self.column {
            Some(column) => format!("{column} {direction}, key {direction}"),
            None => format!("key {direction}"),
        }
    }

    /// What lies beyond the cursor, cut so that an index leads straight to each part: comparisons never find null.
    fn stretches(&self, cursor: Option<&Cursor>) -> Result<Vec<Conditions>, Fault> {
        let Some(Cursor { value, key }) = cursor else { return Ok(vec![Conditions::default()]) };
        let beyond = if self.descending { "<" } else { ">" };
        let key = Column::Text(key.clone());
        let Some(column) = &self.column else {
            return Ok(vec![Conditions::one(&format!("key {beyond} ?"), [key])]);
        };
        let all = |sql: &str| Conditions::one(&format!("{column} {sql}"), []);
        let mut stretches = Vec::new();
        if value.is_null() {
            let rest_of_null = format!("{column} IS NULL AND key {beyond} ?");
            stretches.push(Conditions::one(&rest_of_null, [key]));
        } else {
            let rest = format!("({column}, key) {beyond} (?, ?)");
            stretches.push(Conditions::one(&rest, [column_of(value)?, key]));
        }
        match (value.is_null(), self.descending) {
            (true, false) => stretches.push(all("IS NOT NULL")),
            (false, true) => stretches.push(all("IS NULL")),
            (true, true) | (false, false) => {}
        }
        Ok(stretches)
    }
}

/// A page as it fills.
struct Filling {
    page: Page,
    bytes: usize,
    documents_max: usize,
}

impl Filling {
    fn new(documents_max: usize) -> Self {
        Self { page: Page::default(), bytes: 0, documents_max }
    }

    /// `false` when the row is for the next page; `next` leads to it.
    fn take(&mut self, row: &Row<'_>) -> Result<bool, Fault> {
        let bytes = row.get_ref(2)?.as_str()?.len();
        let documents = self.page.documents.len();
        let full = documents == self.documents_max
            || (documents > 0 && self.bytes + bytes > PAGE_BYTES_MAX);
        if full {
            return Ok(false);
        }
        let document = document(row)?;
        self.bytes += bytes;
        self.page.next =
            Some(Cursor { value: value_of(row.get_ref(3)?)?, key: document.key.clone() });
        self.page.documents.push(document);
        Ok(true)
    }
}

fn document(row: &Row<'_>) -> Result<Document, Fault> {
    let key: String = row.get(0)?;
    let text: Option<&str> = row.get_ref(2)?.as_str_or_null()?;
    let body = text
        .map(serde_json::from_str)
        .transpose()
        .map_err(|error| Corrupt { what: format!("the document {key}"), reason: error.into() })?;
    Ok(Document { key, position: GlobalPosition(row.get(1)?), body })
}

/// How `SQLite` would go about each stretch of a query.
#[cfg(test)]
pub(super) fn plan(
    connection: &Connection,
    collection: &Collection,
    query: &Query,
) -> Result<Vec<String>, Fault> {
    let order = Order::of(collection, query.sort)?;
    let mut plan = Vec::new();
    for stretch in order.stretches(query.cursor.as_ref())? {
        let sql = order.query(&table(collection)?, &stretch, query.documents_max);
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let steps = statement.query_map(params_from_iter(stretch.values), |row| row.get(3))?;
        plan.extend(steps.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(plan)
}
