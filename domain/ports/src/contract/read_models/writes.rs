//! Writing documents, and the progress that goes with them.

use serde_json::{Value, json};

use super::super::{beside, in_parallel};
use super::{commit, document, fresh_collection, get_one, keys, progress, removal, write};
use crate::checkpoint::Progress;
use crate::read_models::{DOCUMENT_BYTES_MAX, Document, ReadModels, Write};
use crate::stream::GlobalPosition;

pub async fn a_document_is_got_as_it_was_written(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let body = json!({
        "zone": "A", "text": "ß 漢字 🦀 ' \" \\ \n", "empty": "", "null": null, "truth": true,
        "least": i64::MIN, "most": i64::MAX, "beyond": 9_007_199_254_740_993_i64,
        "fraction": 0.1, "whole_fraction": 2.0, "list": [1, [], {}, [null]], "object": {"a": {"b": {}}},
    });
    commit(models, &collection, &[write("p-101", 7, body.clone()), write("{}", 8, json!({}))])
        .await;
    assert_eq!(get_one(models, &collection, "p-101").await, Some(document("p-101", 7, body)));
    assert_eq!(get_one(models, &collection, "{}").await, Some(document("{}", 8, json!({}))));
}

pub async fn keys_may_be_any_text(models: &dyn ReadModels) {
    const KEYS: [&str; 16] = [
        "a.b",
        "$set",
        "a/b",
        "../a",
        "a%2Fb",
        "ß",
        "漢字",
        "🦀",
        "e\u{301}",
        "é",
        " ",
        "A",
        "a",
        "'; --",
        "[1, \"x\"]",
        "*?_%",
    ];
    let collection = fresh_collection(models).await;
    let body = |key: &str| json!({ "zone": key });
    commit(models, &collection, &KEYS.map(|key| write(key, 1, body(key)))).await;
    for key in KEYS {
        assert_eq!(get_one(models, &collection, key).await, Some(document(key, 1, body(key))));
    }
    let mut expected = KEYS;
    expected.sort_unstable();
    assert_eq!(keys(models, &collection, &[], None).await, expected);
}

pub async fn an_unknown_key_is_left_out(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    commit(models, &collection, &[write("there", 1, json!({}))]).await;
    let asked = ["nowhere", "there"].map(str::to_owned);
    let found = models.get(&collection, &asked).await.unwrap();
    assert_eq!(found, [document("there", 1, json!({}))]);
    assert!(models.get(&collection, &[]).await.unwrap().is_empty());
}

pub async fn a_newer_position_replaces_the_document(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    commit(models, &collection, &[write("a", 5, json!({"zone": "A", "old": 1}))]).await;
    commit(models, &collection, &[write("a", 6, json!({"zone": "B"}))]).await;
    let expected = document("a", 6, json!({"zone": "B"}));
    assert_eq!(get_one(models, &collection, "a").await, Some(expected));
}

pub async fn an_older_or_equal_position_changes_nothing(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let kept = document("a", 5, json!({"zone": "A"}));
    commit(models, &collection, &[write("a", 5, json!({"zone": "A"}))]).await;
    for position in [1, 4, 5] {
        commit(models, &collection, &[write("a", position, json!({"zone": "B"}))]).await;
        assert_eq!(get_one(models, &collection, "a").await.as_ref(), Some(&kept));
        commit(models, &collection, &[removal("a", position)]).await;
        assert_eq!(get_one(models, &collection, "a").await.as_ref(), Some(&kept));
    }
}

pub async fn a_removed_document_stays_removed_when_an_event_returns(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    commit(models, &collection, &[write("a", 5, json!({"zone": "A"}))]).await;
    commit(models, &collection, &[removal("a", 6)]).await;
    for position in [5, 6] {
        commit(models, &collection, &[write("a", position, json!({"zone": "A"}))]).await;
        assert_eq!(get_one(models, &collection, "a").await, Some(tombstone("a", 6)));
    }
}

pub async fn what_is_removed_before_it_was_written_stays_removed(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    commit(models, &collection, &[removal("a", 6)]).await;
    commit(models, &collection, &[write("a", 5, json!({}))]).await;
    assert_eq!(get_one(models, &collection, "a").await, Some(tombstone("a", 6)));
}

pub async fn a_removed_document_returns_with_a_newer_event(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    commit(models, &collection, &[write("a", 5, json!({"n": 1})), removal("a", 6)]).await;
    commit(models, &collection, &[write("a", 7, json!({"n": 2}))]).await;
    assert_eq!(get_one(models, &collection, "a").await, Some(document("a", 7, json!({"n": 2}))));
    assert_eq!(keys(models, &collection, &[], None).await, ["a"]);
}

pub async fn several_writes_to_one_key_in_a_batch_count_in_order(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let n = |key, position, n: u64| write(key, position, json!({ "n": n }));
    let batch = [
        n("rising", 5, 1),
        n("falling", 7, 1),
        n("equal", 5, 1),
        n("gone", 5, 1),
        removal("back", 5),
        n("rising", 6, 2),
        n("falling", 6, 2),
        n("equal", 5, 2),
        removal("gone", 6),
        n("back", 6, 2),
    ];
    commit(models, &collection, &batch).await;
    for (key, position, number) in
        [("rising", 6, 2), ("falling", 7, 1), ("equal", 5, 1), ("back", 6, 2)]
    {
        let expected = document(key, position, json!({ "n": number }));
        assert_eq!(get_one(models, &collection, key).await, Some(expected));
    }
    assert_eq!(get_one(models, &collection, "gone").await, Some(tombstone("gone", 6)));
}

pub async fn a_duplicate_batch_changes_nothing(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let earlier = [write("a", 1, json!({"n": 1})), write("b", 2, json!({"n": 2}))];
    let later = [write("a", 3, json!({"n": 3})), removal("b", 4)];
    models.commit(&collection, &earlier, Some(&progress(2))).await.unwrap();
    models.commit(&collection, &later, Some(&progress(4))).await.unwrap();
    for (batch, end) in [(&earlier, 2), (&later, 4), (&earlier, 2)] {
        models.commit(&collection, batch, Some(&progress(end))).await.unwrap();
        let kept = get_one(models, &collection, "a").await;
        assert_eq!(kept, Some(document("a", 3, json!({"n": 3}))));
        assert_eq!(get_one(models, &collection, "b").await, Some(tombstone("b", 4)));
        assert_eq!(models.progress(&collection).await.unwrap(), Some(progress(4)));
    }
}

pub async fn of_racing_commits_the_highest_position_stays(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let batches: Vec<_> = (1..=16)
        .map(|n: u64| vec![write("a", n, json!({ "n": n })), write("b", 17 - n, json!({ "n": n }))])
        .collect();
    let race = batches.iter().map(|batch| models.commit(&collection, batch, None)).collect();
    let results = in_parallel(race).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(get_one(models, &collection, "a").await, Some(document("a", 16, json!({"n": 16}))));
    assert_eq!(get_one(models, &collection, "b").await, Some(document("b", 16, json!({"n": 1}))));
}

/// A reader that knows a progress finds every document up to it.
pub async fn documents_and_progress_move_together(models: &dyn ReadModels) {
    const STEPS: u64 = 60;
    let collection = fresh_collection(models).await;
    let writer = async {
        for n in 1..=STEPS {
            let batch = [write("a", n, json!({ "n": n })), write("b", n, json!({ "n": n }))];
            models.commit(&collection, &batch, Some(&progress(n))).await.unwrap();
            assert_eq!(models.progress(&collection).await.unwrap(), Some(progress(n)));
        }
    };
    let reader = async {
        let mut known = GlobalPosition(0);
        while known.0 < STEPS {
            let told = models.progress(&collection).await.unwrap();
            known = told.map_or(known, |Progress { position, .. }| position);
            for key in ["b", "a"] {
                let found = models.get(&collection, &[key.to_owned()]).await.unwrap();
                let written = found.first().map_or(0, |document| document.position.0);
                assert!(written >= known.0, "{key} is at {written}, the progress at {known}");
            }
        }
    };
    beside(writer, reader).await;
}

pub async fn a_commit_without_progress_leaves_it(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    commit(models, &collection, &[write("a", 1, json!({}))]).await;
    assert_eq!(models.progress(&collection).await.unwrap(), None);
    models.commit(&collection, &[], Some(&progress(3))).await.unwrap();
    commit(models, &collection, &[write("a", 9, json!({}))]).await;
    assert_eq!(models.progress(&collection).await.unwrap(), Some(progress(3)));
}

pub async fn a_commit_without_documents_takes_on_its_progress(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    for position in [0, 3, 90] {
        models.commit(&collection, &[], Some(&progress(position))).await.unwrap();
        assert_eq!(models.progress(&collection).await.unwrap(), Some(progress(position)));
    }
    assert!(keys(models, &collection, &[], None).await.is_empty());
}

pub async fn an_older_progress_changes_nothing(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    models.commit(&collection, &[], Some(&progress(10))).await.unwrap();
    models.commit(&collection, &[], Some(&progress(9))).await.unwrap();
    assert_eq!(models.progress(&collection).await.unwrap(), Some(progress(10)));
    // At the same position its source may have gone on, past events that nobody wanted.
    let further = Progress { checkpoint: progress(11).checkpoint, ..progress(10) };
    models.commit(&collection, &[], Some(&further)).await.unwrap();
    assert_eq!(models.progress(&collection).await.unwrap(), Some(further));
}

pub async fn a_batch_may_be_large(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let batch: Vec<_> =
        (0..2_500).map(|n| write(&format!("{n:04}"), n + 1, json!({ "rank": n }))).collect();
    models.commit(&collection, &batch, Some(&progress(2_500))).await.unwrap();
    let asked: Vec<_> = batch.iter().map(|write| write.key.clone()).collect();
    let mut found = models.get(&collection, &asked).await.unwrap();
    found.sort_by_key(|document| document.position);
    let expected: Vec<_> = batch
        .into_iter()
        .map(|Write { key, position, body }| Document { key, position, body })
        .collect();
    assert!(found == expected, "{} documents came back", found.len());
}

pub async fn a_document_that_is_too_large_is_refused(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let of = |bytes: usize| Value::from("x".repeat(bytes));
    let too_large = write("a", 2, json!({ "text": of(DOCUMENT_BYTES_MAX) }));
    models.commit(&collection, &[too_large], Some(&progress(2))).await.unwrap_err();
    assert_eq!(get_one(models, &collection, "a").await, None);
    assert_eq!(
        models.progress(&collection).await.unwrap(),
        None,
        "no progress without its documents"
    );
    let large = write("a", 2, json!({ "text": of(DOCUMENT_BYTES_MAX - 100) }));
    commit(models, &collection, std::slice::from_ref(&large)).await;
    let kept = get_one(models, &collection, "a").await;
    assert!(kept.is_some_and(|kept| kept.body == large.body), "it comes back whole");
}

fn tombstone(key: &str, position: u64) -> Document {
    Document { key: key.to_owned(), position: GlobalPosition(position), body: None }
}
