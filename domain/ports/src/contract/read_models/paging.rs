//! Pages: in order, without a gap, without a repetition, also while documents change.

use serde_json::json;

use super::{
    BY_RANK, BY_ZONE, commit, document, equals, fresh_collection, keys, keys_by_pages, removal,
    write,
};
use crate::read_models::{Collection, PAGE_DOCUMENTS_MAX, Page, Query, ReadModels, Sort, Write};
use crate::stream::GlobalPosition;

pub async fn pages_follow_one_another(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    // Few values for many documents, so that every page ends among equal ones.
    let batch: Vec<_> = (0..23).map(|n| in_zone(&format!("{:02}", n * 7 % 23), n % 3)).collect();
    commit(models, &collection, &batch).await;
    let filter = [equals("active", json!(true))];
    let descending = |sort: Sort| Some(Sort { descending: true, ..sort });
    for sort in [None, Some(BY_ZONE), Some(BY_RANK), descending(BY_ZONE), descending(BY_RANK)] {
        let whole = keys(models, &collection, &filter, sort).await;
        assert_eq!(whole.len(), 23);
        for documents_max in [1, 2, 5, 22, 23, 24] {
            let by_pages = keys_by_pages(models, &collection, &filter, sort, documents_max).await;
            assert_eq!(by_pages, whole, "pages of {documents_max}, sorted by {sort:?}");
        }
    }
    let ascending = keys(models, &collection, &[], Some(BY_ZONE)).await;
    let mut backwards = keys(models, &collection, &[], descending(BY_ZONE)).await;
    backwards.reverse();
    assert_eq!(ascending, backwards, "the other way round, the key included");
}

pub async fn the_last_page_says_so(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let query = Query { documents_max: 2, ..Query::default() };
    assert_eq!(models.query(&collection, &query).await.unwrap(), Page::default());
    let batch = ["a", "b", "c", "d"].map(|key| write(key, 1, json!({})));
    commit(models, &collection, &batch).await;
    let first = models.query(&collection, &query).await.unwrap();
    assert_eq!(first.documents, ["a", "b"].map(|key| document(key, 1, json!({}))));
    let second = Query { cursor: first.next, ..query };
    assert!(second.cursor.is_some());
    let second = models.query(&collection, &second).await.unwrap();
    assert_eq!(second.documents, ["c", "d"].map(|key| document(key, 1, json!({}))));
    assert_eq!(second.next, None, "also when the last page is full");
}

pub async fn paging_while_writing_neither_skips_nor_repeats(models: &dyn ReadModels) {
    for sort in [None, Some(BY_ZONE), Some(Sort { descending: true, ..BY_ZONE })] {
        let collection = fresh_collection(models).await;
        // Steady documents stay as they are; between them are those that come, change and go.
        let steady: Vec<_> = (0..20).map(|n| in_zone(&format!("s{n:02}"), n % 2)).collect();
        let fickle: Vec<_> = (0..20).map(|n| in_zone(&format!("s{n:02}_fickle"), n % 2)).collect();
        commit(models, &collection, &[steady.clone(), fickle].concat()).await;
        let seen = page_through_changes(models, &collection, sort).await;
        let mut seen: Vec<_> = seen.into_iter().filter(|key| !key.contains("fickle")).collect();
        seen.sort();
        let expected: Vec<_> = steady.into_iter().map(|write| write.key).collect();
        assert_eq!(seen, expected, "sorted by {sort:?}");
    }
}

/// More than all the documents that come need; who never comes to an end does not read for ever.
const PAGES_MAX: u64 = 200;

/// Reads by pages of three. After each page some fickle documents go, the page's last one among them, some change,
/// and some come.
async fn page_through_changes(
    models: &dyn ReadModels,
    collection: &Collection,
    sort: Option<Sort>,
) -> Vec<String> {
    let mut query = Query { sort, documents_max: 3, ..Query::default() };
    let mut seen = Vec::new();
    for position in 2..PAGES_MAX {
        let Page { documents, next } = models.query(collection, &query).await.unwrap();
        seen.extend(documents.iter().map(|document| document.key.clone()));
        if next.is_none() {
            break;
        }
        query.cursor = next;
        let fickle = documents.iter().filter(|document| document.key.contains("fickle"));
        let mut changes: Vec<_> = fickle.map(|gone| removal(&gone.key, position)).collect();
        let early = format!("a{position}_fickle");
        let late = format!("s10_late_fickle_{position}");
        let moved = format!("s{:02}_fickle", position % 20);
        for (key, zone) in [(early, 0), (late, 1), (moved, 0)] {
            changes.push(Write { position: GlobalPosition(position), ..in_zone(&key, zone) });
        }
        commit(models, collection, &changes).await;
    }
    seen
}

pub async fn a_page_holds_at_most_its_maximum(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let batch: Vec<_> =
        (0..=PAGE_DOCUMENTS_MAX).map(|n| write(&format!("{n:05}"), 1, json!({}))).collect();
    commit(models, &collection, &batch).await;
    let query = Query { documents_max: 10 * PAGE_DOCUMENTS_MAX, ..Query::default() };
    let page = models.query(&collection, &query).await.unwrap();
    assert_eq!(page.documents.len(), PAGE_DOCUMENTS_MAX);
    let rest = Query { cursor: page.next, ..query };
    assert!(rest.cursor.is_some());
    assert_eq!(models.query(&collection, &rest).await.unwrap().documents.len(), 1);
}

/// A document in one of few zones and ranks; zone 2 is none.
fn in_zone(key: &str, zone: u64) -> Write {
    let zones = [json!("A"), json!("B"), json!(null)];
    let rank = if zone == 0 { json!(null) } else { json!(zone) };
    write(key, 1, json!({"zone": zones[zone as usize], "rank": rank, "active": true}))
}
