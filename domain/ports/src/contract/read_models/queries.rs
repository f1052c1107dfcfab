//! Filters, orders and counts.

use serde_json::{Value, json};

use super::{
    BY_RANK, BY_ZONE, commit, commit_values, counts, equals, fresh_collection, keys, keys_by_pages,
    removal, write,
};
use crate::read_models::{Query, ReadModels, Sort};

pub async fn all_filters_hold_at_once(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let of = |key, zone: &str, active: bool| write(key, 1, json!({"zone": zone, "active": active}));
    let batch = [of("1", "A", true), of("2", "A", false), of("3", "B", true), of("4", "A", true)];
    commit(models, &collection, &batch).await;
    let both = [equals("zone", json!("A")), equals("active", json!(true))];
    assert_eq!(keys(models, &collection, &both, None).await, ["1", "4"]);
    assert_eq!(keys(models, &collection, &both[..1], None).await, ["1", "2", "4"]);
    let impossible = [equals("zone", json!("A")), equals("zone", json!("B"))];
    assert!(keys(models, &collection, &impossible, None).await.is_empty());
}

pub async fn a_filter_on_null_matches_null_and_missing(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let bodies = [json!({"zone": null}), json!({}), json!({"zone": ""}), json!({"zone": "null"})];
    let batch: Vec<_> =
        bodies.into_iter().enumerate().map(|(n, body)| write(&n.to_string(), 1, body)).collect();
    commit(models, &collection, &batch).await;
    assert_eq!(keys(models, &collection, &[equals("zone", Value::Null)], None).await, ["0", "1"]);
    assert_eq!(keys(models, &collection, &[equals("zone", json!(""))], None).await, ["2"]);
}

pub async fn a_filter_tells_numbers_texts_and_booleans_apart(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let values = [json!(1), json!("1"), json!(true), json!("true"), json!(0), json!(false)];
    commit_values(models, &collection, "zone", values.clone()).await;
    for (n, value) in values.iter().enumerate() {
        let found = keys(models, &collection, &[equals("zone", value.clone())], None).await;
        assert_eq!(found, [format!("{n:03}")], "{value}");
    }
    let mut expected: Vec<_> = values.map(|value| (Some(value), 1)).into();
    expected.sort_by_key(|(value, _)| value.as_ref().map(Value::to_string));
    assert_eq!(counts(models, &collection, &[], "zone").await, expected);
}

pub async fn a_filter_is_no_language(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let values = ["' OR '1'='1", "%", "_", "*", ".*", "$ne", "\"", "\\", "a\nb"];
    commit_values(models, &collection, "zone", values.map(Value::from)).await;
    for (n, value) in values.iter().enumerate() {
        let found = keys(models, &collection, &[equals("zone", json!(value))], None).await;
        assert_eq!(found, [format!("{n:03}")], "{value}");
    }
}

pub async fn null_and_missing_come_first_then_the_empty_string(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let batch = [
        write("1", 1, json!({"zone": "a"})),
        write("2", 1, json!({"zone": ""})),
        write("3", 1, json!({"zone": null})),
        write("4", 1, json!({})),
        write("5", 1, json!({"zone": ""})),
    ];
    commit(models, &collection, &batch).await;
    let descending = Sort { descending: true, ..BY_ZONE };
    for documents_max in [1, 2, 10] {
        let by =
            async |sort| keys_by_pages(models, &collection, &[], Some(sort), documents_max).await;
        assert_eq!(by(BY_ZONE).await, ["3", "4", "2", "5", "1"]);
        assert_eq!(by(descending).await, ["1", "5", "2", "4", "3"]);
    }
}

pub async fn whole_numbers_beyond_two_to_the_53_are_exact(models: &dyn ReadModels) {
    const START: i64 = 1 << 53;
    let collection = fresh_collection(models).await;
    // Every second one of these is no double.
    let numbers: Vec<_> = (0..6).map(|n| json!(START + 5 - n)).collect();
    commit_values(models, &collection, "rank", numbers.clone()).await;
    let ascending = ["005", "004", "003", "002", "001", "000"];
    let by_pages = keys_by_pages(models, &collection, &[], Some(BY_RANK), 1).await;
    assert_eq!(by_pages, ascending, "also through cursors");
    for (n, number) in numbers.iter().enumerate() {
        let found = keys(models, &collection, &[equals("rank", number.clone())], None).await;
        assert_eq!(found, [format!("{n:03}")], "{number}");
    }
    let mut expected: Vec<_> = numbers.into_iter().map(|number| (Some(number), 1)).collect();
    expected.reverse();
    assert_eq!(counts(models, &collection, &[], "rank").await, expected);
}

pub async fn whole_numbers_are_in_order_of_their_values(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let numbers = [i64::MIN, -10, -9, -1, 0, 1, 9, 10, 100, i64::MAX];
    commit_values(models, &collection, "rank", numbers.into_iter().rev().map(Value::from)).await;
    let ascending = keys_by_pages(models, &collection, &[], Some(BY_RANK), 3).await;
    let expected: Vec<_> = (0..numbers.len()).rev().map(|n| format!("{n:03}")).collect();
    assert_eq!(ascending, expected);
}

pub async fn texts_and_keys_are_compared_by_bytes(models: &dyn ReadModels) {
    // In UTF-16 the crab would come before U+FFFD, in most languages "ä" before "z", and "B" after "a".
    const TEXTS: [&str; 9] = ["10", "9", "B", "a", "e\u{301}", "z", "ä", "\u{fffd}", "🦀"];
    let collection = fresh_collection(models).await;
    let batch = TEXTS.map(|text| write(text, 1, json!({ "zone": text })));
    commit(models, &collection, &batch).await;
    for documents_max in [1, 4, 100] {
        let by = async |sort| keys_by_pages(models, &collection, &[], sort, documents_max).await;
        assert_eq!(by(None).await, TEXTS);
        assert_eq!(by(Some(BY_ZONE)).await, TEXTS);
    }
    assert_eq!(keys(models, &collection, &[equals("zone", json!("A"))], None).await.len(), 0);
}

pub async fn an_undeclared_field_is_an_error(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    commit(models, &collection, &[write("a", 1, json!({"name": "P-101"}))]).await;
    let filters = vec![equals("name", json!("P-101"))];
    let filtered = Query { filters: filters.clone(), documents_max: 10, ..Query::default() };
    models.query(&collection, &filtered).await.unwrap_err();
    let sort = Some(Sort { field: "name", descending: false });
    let sorted = Query { sort, documents_max: 10, ..Query::default() };
    models.query(&collection, &sorted).await.unwrap_err();
    models.count_by(&collection, &[], "name").await.unwrap_err();
    models.count_by(&collection, &filters, "zone").await.unwrap_err();
}

pub async fn removed_documents_are_neither_found_nor_counted(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let batch = ["a", "b", "c"].map(|key| write(key, 1, json!({"zone": "A"})));
    commit(models, &collection, &batch).await;
    commit(models, &collection, &[removal("b", 2), removal("never_there", 3)]).await;
    for sort in [None, Some(BY_ZONE)] {
        assert_eq!(keys_by_pages(models, &collection, &[], sort, 1).await, ["a", "c"]);
    }
    assert!(keys(models, &collection, &[equals("zone", Value::Null)], None).await.is_empty());
    assert_eq!(counts(models, &collection, &[], "zone").await, [(Some(json!("A")), 2)]);
}

pub async fn documents_are_counted_by_value(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let of =
        |key, zone: Value, active: bool| write(key, 1, json!({"zone": zone, "active": active}));
    let batch = [
        of("1", json!("A"), true),
        of("2", json!("B"), true),
        of("3", json!("A"), false),
        of("4", Value::Null, true),
        write("5", 1, json!({"active": true})),
        of("6", json!("A"), true),
    ];
    commit(models, &collection, &batch).await;
    let all = [(None, 2), (Some(json!("A")), 3), (Some(json!("B")), 1)];
    assert_eq!(counts(models, &collection, &[], "zone").await, all);
    let active = [equals("active", json!(true))];
    let expected = [(None, 2), (Some(json!("A")), 2), (Some(json!("B")), 1)];
    assert_eq!(counts(models, &collection, &active, "zone").await, expected);
    let nobody = [equals("zone", json!("Z"))];
    assert!(counts(models, &collection, &nobody, "zone").await.is_empty());
    let by_active = [(Some(json!(false)), 1), (Some(json!(true)), 5)];
    assert_eq!(counts(models, &collection, &[], "active").await, by_active);
}

pub async fn a_changed_document_is_found_under_its_new_values_only(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    commit(models, &collection, &[write("a", 1, json!({"zone": "A", "rank": 1}))]).await;
    commit(models, &collection, &[write("a", 2, json!({"zone": "B"}))]).await;
    assert!(keys(models, &collection, &[equals("zone", json!("A"))], None).await.is_empty());
    assert!(keys(models, &collection, &[equals("rank", json!(1))], None).await.is_empty());
    let present = [equals("zone", json!("B")), equals("rank", Value::Null)];
    assert_eq!(keys(models, &collection, &present, None).await, ["a"]);
    assert_eq!(counts(models, &collection, &[], "zone").await, [(Some(json!("B")), 1)]);
}
