//! What is stored is what comes back, whatever it is; several clients at a time are as good as one.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "support/store.rs"]
mod store;

use futures::future::join_all;
use infra_mongo::MongoDocuments;
use ports::read_models::{Collection, Document, Field, Filter, Query, ReadModels, Write};
use ports::stream::GlobalPosition;
use serde_json::{Map, Value, json};

const ZONE: Field = Field { name: "zone" };
const NAME: Field = Field { name: "name" };

const MOTORS: Collection = Collection { name: "motors", generation: 1, fields: &[ZONE] };

fn write(key: &str, position: u64, body: Value) -> Write {
    Write { key: key.to_owned(), position: GlobalPosition(position), body: Some(body) }
}

async fn got(models: &dyn ReadModels, key: &str) -> Option<Document> {
    models.get(&MOTORS, &[key.to_owned()]).await.unwrap().pop()
}

async fn comes_back(body: Value) {
    let Some(store) = store::fresh().await else { return };
    store.models.commit(&MOTORS, &[write("a", 1, body.clone())], None).await.unwrap();
    let kept = got(&store.models, "a").await.and_then(|document| document.body);
    // Equal values may be written in two ways: 15 and 15.0.
    assert_eq!(kept.as_ref().map(Value::to_string), Some(body.to_string()));
    let page = Query { documents_max: 1, ..Query::default() };
    let page = store.models.query(&MOTORS, &page).await.unwrap();
    assert_eq!(page.documents[0].body, Some(body));
}

#[tokio::test]
async fn numbers_keep_their_kind_and_every_digit() {
    comes_back(json!({
        "zone": i64::MAX, "whole": 15, "fraction": 15.0, "beyond": u64::MAX, "least": i64::MIN,
        "odd": 9_007_199_254_740_993_u64, "tenth": 0.1, "sum": 0.1 + 0.2, "tiny": 5e-324, "huge": f64::MAX,
        "minus_zero": -0.0, "list": [1, 1.0, u64::MAX, [0.30000000000000004]],
    }))
    .await;
}

#[tokio::test]
async fn names_and_texts_may_be_anything() {
    comes_back(json!({
        "zone": "\u{ffff}🦀\u{ffff}0\0", "": 1, "a.b": 2, "$set": {"$gt": ""}, "nul\0": 3, "_id": 4, "fields": {},
        "rest": "x", "position": null, "removed": true, "ä": "\u{fffe}", "A": [{"a.b": {"$c": [null]}}],
    }))
    .await;
}

#[tokio::test]
async fn nesting_may_be_deep_and_entries_many() {
    let deep = (0..120).fold(json!("deep"), |inner, n| {
        if n % 2 == 0 { json!([inner]) } else { json!({ "in": inner }) }
    });
    let mut body: Map<String, Value> =
        (0..5_000).map(|n| (format!("n{n}"), json!(n % 7))).collect();
    body.insert("zone".to_owned(), json!("A"));
    body.insert("deep".to_owned(), deep);
    body.insert("long".to_owned(), "ß".repeat(100_000).into());
    comes_back(body.into()).await;
}

/// What would be larger in BSON than MongoDB takes.
#[tokio::test]
async fn a_list_of_many_small_numbers_is_no_larger_than_its_text() {
    comes_back(json!({ "zone": null, "list": vec![7; 2_000_000] })).await;
}

#[tokio::test]
async fn a_field_that_is_declared_later_is_found_in_earlier_documents() {
    let Some(store) = store::fresh().await else { return };
    let models = &store.models;
    models.ensure(&MOTORS).await.unwrap();
    let body = json!({ "zone": "A", "name": "P-101" });
    models.commit(&MOTORS, &[write("1", 1, body)], None).await.unwrap();
    let later = Collection { fields: &[ZONE, NAME], ..MOTORS };
    models.ensure(&later).await.unwrap();
    let filters = vec![Filter { field: "name", equals: "P-101".into() }];
    let query = Query { filters, documents_max: 1, ..Query::default() };
    assert_eq!(models.query(&later, &query).await.unwrap().documents.len(), 1);
    assert_eq!(models.count_by(&later, &[], "name").await.unwrap(), [(Some("P-101".into()), 1)]);
}

#[tokio::test]
async fn a_declared_field_that_cannot_be_compared_is_refused() {
    let Some(store) = store::fresh().await else { return };
    for value in [json!(1.5), json!([]), json!({}), json!(u64::MAX)] {
        let refused = [write("a", 1, json!({ "zone": value }))];
        store.models.commit(&MOTORS, &refused, None).await.unwrap_err();
    }
    let too_high = [write("a", 1 << 63, json!({}))];
    store.models.commit(&MOTORS, &too_high, None).await.unwrap_err();
    assert_eq!(got(&store.models, "a").await, None);
}

#[tokio::test]
async fn a_name_that_is_more_than_a_name_is_refused() {
    let Some(store) = store::fresh().await else { return };
    let injected = Collection { name: "motors.$cmd", ..MOTORS };
    let refusal = store.models.ensure(&injected).await.unwrap_err().chain();
    assert!(refusal.contains("is not made of a-z, 0-9 and _"), "{refusal}");
    let field: &[Field] = &[Field { name: "a.b" }];
    store.models.ensure(&Collection { fields: field, ..MOTORS }).await.unwrap_err();
}

/// Both insert the same documents at the same time: the slower one meets the faster one's, whichever is newer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_clients_that_insert_at_a_time_the_newer_one_wins() {
    const ROUNDS: u64 = 40;
    let Some(store) = store::fresh().await else { return };
    let other = MongoDocuments::open(&store.settings).await.unwrap();
    for round in 0..ROUNDS {
        let keys: Vec<String> = (0..20).map(|n| format!("{round}-{n}")).collect();
        let batch = |position: u64| -> Vec<Write> {
            keys.iter().map(|key| write(key, position, json!({ "by": position }))).collect()
        };
        let (older, newer) = (batch(1), batch(2));
        let commits =
            [store.models.commit(&MOTORS, &older, None), other.commit(&MOTORS, &newer, None)];
        for committed in join_all(commits).await {
            committed.unwrap();
        }
        for document in store.models.get(&MOTORS, &keys).await.unwrap() {
            assert_eq!(document.body, Some(json!({ "by": 2 })), "round {round}");
        }
    }
}
