//! Fields that came later, hostile names, and the plans of queries.

use ports::read_models::{Cursor, Field, Sort};
use serde_json::json;
use tempfile::TempDir;

use super::*;

const ZONE: Field = Field { name: "zone" };
const NAME: Field = Field { name: "name" };

const MOTORS: Collection = Collection { name: "motors", generation: 1, fields: &[ZONE, NAME] };

fn fresh() -> (SqliteDocuments, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let held = Arc::new(DataFolder::open(folder.path()).unwrap());
    (SqliteDocuments::open(&held, &Settings::default()).unwrap(), folder)
}

fn write(key: &str, body: Value) -> Write {
    Write { key: key.to_owned(), position: GlobalPosition(1), body: Some(body) }
}

#[tokio::test]
async fn a_field_that_is_declared_later_is_found_in_earlier_documents() {
    let (documents, _folder) = fresh();
    let before = Collection { fields: &[ZONE], ..MOTORS };
    documents.ensure(&before).await.unwrap();
    let body = json!({ "zone": "A", "name": "P-101" });
    documents.commit(&before, &[write("1", body)], None).await.unwrap();
    documents.ensure(&MOTORS).await.unwrap();
    let filters = vec![Filter { field: "name", equals: "P-101".into() }];
    let query = Query { filters, documents_max: 1, ..Query::default() };
    let page = documents.query(&MOTORS, &query).await.unwrap();
    assert_eq!(page.documents.len(), 1);
}

#[tokio::test]
async fn a_name_that_is_more_than_a_name_never_reaches_sql() {
    let (documents, _folder) = fresh();
    let injected = Collection { name: "motors(x); DROP TABLE collections; --", ..MOTORS };
    let refusal = documents.ensure(&injected).await.unwrap_err().chain();
    assert!(refusal.contains("is not made of a-z, 0-9 and _"), "{refusal}");
}

#[tokio::test]
async fn every_page_is_led_to_by_an_index() {
    let (documents, _folder) = fresh();
    documents.ensure(&MOTORS).await.unwrap();
    let by_key = "SEARCH doc_motors_g1 USING PRIMARY KEY (key>?)";
    let by_name = "SEARCH doc_motors_g1 USING INDEX doc_motors_g1_by_name (";
    let cursor = |value: Value| Some(Cursor { value, key: "k".to_owned() });
    for (sort, cursor, way) in [
        (None, None, "SCAN doc_motors_g1"),
        (None, cursor(Value::Null), by_key),
        (Some(false), None, "SCAN doc_motors_g1 USING INDEX"),
        (Some(false), cursor(Value::Null), by_name),
        (Some(false), cursor("P-101".into()), by_name),
        (Some(true), cursor(Value::Null), by_name),
        (Some(true), cursor("P-101".into()), by_name),
    ] {
        let sort = sort.map(|descending| Sort { field: "name", descending });
        let query = Query { sort, cursor, documents_max: 10, ..Query::default() };
        let asked = format!("{query:?}");
        let plan =
            documents.database.read(move |connection| page::plan(connection, &MOTORS, &query));
        for step in plan.await.unwrap() {
            assert!(step.starts_with(way), "{step}: {asked}");
        }
    }
}
