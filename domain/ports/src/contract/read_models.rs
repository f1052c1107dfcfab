//! Read models. Nothing is assumed but the collections, whose names are new.

mod generations;
mod model;
mod paging;
mod queries;
mod writes;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{fresh_name, in_time};
use crate::checkpoint::{Checkpoint, Progress};
use crate::read_models::{
    Collection, Document, Field, Filter, Page, Query, ReadModels, Sort, Write, WrittenDocument,
};
use crate::stream::GlobalPosition;

pub use generations::*;
pub use model::*;
pub use paging::*;
pub use queries::*;
pub use writes::*;

/// Makes one test per clause; the subject is a [`ReadModels`].
#[macro_export]
macro_rules! read_models_contract {
    ($($subject:tt)+) => {
        $crate::contract_clauses! { read_models ($($subject)+)
            a_document_is_got_as_it_was_written,
            keys_may_be_any_text,
            an_unknown_key_is_left_out,
            a_newer_position_replaces_the_document,
            an_older_or_equal_position_changes_nothing,
            a_removed_document_stays_removed_when_an_event_returns,
            what_is_removed_before_it_was_written_stays_removed,
            a_removed_document_returns_with_a_newer_event,
            several_writes_to_one_key_in_a_batch_count_in_order,
            a_duplicate_batch_changes_nothing,
            of_racing_commits_the_highest_position_stays,
            documents_and_progress_move_together,
            a_commit_without_progress_leaves_it,
            a_commit_without_documents_takes_on_its_progress,
            an_older_progress_changes_nothing,
            a_batch_may_be_large,
            a_document_that_is_too_large_is_refused,
            all_filters_hold_at_once,
            a_filter_on_null_matches_null_and_missing,
            a_filter_tells_numbers_texts_and_booleans_apart,
            a_filter_is_no_language,
            null_and_missing_come_first_then_the_empty_string,
            whole_numbers_beyond_two_to_the_53_are_exact,
            whole_numbers_are_in_order_of_their_values,
            texts_and_keys_are_compared_by_bytes,
            an_undeclared_field_is_an_error,
            removed_documents_are_neither_found_nor_counted,
            documents_are_counted_by_value,
            a_changed_document_is_found_under_its_new_values_only,
            pages_follow_one_another,
            the_last_page_says_so,
            paging_while_writing_neither_skips_nor_repeats,
            a_page_holds_at_most_its_maximum,
            generations_are_apart,
            nothing_is_live_before_the_first_promotion,
            a_promotion_is_seen_at_once,
            a_promotion_can_be_rolled_back,
            ensuring_again_keeps_everything,
            a_dropped_collection_is_gone_with_its_progress,
            dropping_what_is_not_there_is_no_error,
            random_operations_equal_those_on_a_map,
        }
    };
}

const FIELDS: &[Field] =
    &[Field { name: "zone" }, Field { name: "rank" }, Field { name: "active" }];

const BY_ZONE: Sort = Sort { field: "zone", descending: false };
const BY_RANK: Sort = Sort { field: "rank", descending: false };

/// More than any clause writes.
const KEYS_MAX: usize = 10_000;

/// A collection that nobody else has.
async fn fresh_collection(models: &dyn ReadModels) -> Collection {
    // Names live as long as the program: projections have theirs as constants.
    let name = Box::leak(fresh_name().into_boxed_str());
    let collection = Collection { name, generation: 1, fields: FIELDS };
    models.ensure(&collection).await.unwrap();
    collection
}

fn write(key: &str, position: u64, body: Value) -> Write {
    Write { key: key.to_owned(), position: GlobalPosition(position), body: Some(body) }
}

fn removal(key: &str, position: u64) -> Write {
    Write { key: key.to_owned(), position: GlobalPosition(position), body: None }
}

fn document(key: &str, position: u64, body: Value) -> Document {
    Document { key: key.to_owned(), position: GlobalPosition(position), body: Some(body) }
}

fn progress(position: u64) -> Progress {
    let checkpoint = Checkpoint(format!("offset {position}"));
    Progress { position: GlobalPosition(position), checkpoint }
}

async fn commit(models: &dyn ReadModels, collection: &Collection, writes: &[Write]) {
    models.commit(collection, writes, None).await.unwrap();
}

/// One document per value, under the keys 000, 001 …
async fn commit_values(
    models: &dyn ReadModels,
    collection: &Collection,
    field: &str,
    values: impl IntoIterator<Item = Value>,
) {
    let nth = |(n, value)| write(&format!("{n:03}"), 1, json!({ field: value }));
    let writes: Vec<_> = values.into_iter().enumerate().map(nth).collect();
    commit(models, collection, &writes).await;
}

/// Asked for in both ways, which must tell the same.
async fn get_one(models: &dyn ReadModels, collection: &Collection, key: &str) -> Option<Document> {
    let mut found = models.get(collection, &[key.to_owned()]).await.unwrap();
    assert!(found.len() <= 1);
    let written = models.get_written(collection, key).await.unwrap();
    let read = |body: Bytes| serde_json::from_slice(&body).unwrap();
    let read = written.map(|WrittenDocument { position, body }| Document {
        key: key.to_owned(),
        position,
        body: body.map(read),
    });
    assert_eq!(read.as_ref(), found.first());
    found.pop()
}

fn equals(field: &'static str, equals: Value) -> Filter {
    Filter { field, equals }
}

/// The keys that match, in order, by pages of `documents_max`.
async fn keys_by_pages(
    models: &dyn ReadModels,
    collection: &Collection,
    filters: &[Filter],
    sort: Option<Sort>,
    documents_max: usize,
) -> Vec<String> {
    let mut query = Query { filters: filters.to_vec(), sort, cursor: None, documents_max };
    let mut keys = Vec::new();
    loop {
        let Page { documents, next } = in_time(models.query(collection, &query)).await.unwrap();
        assert!(documents.len() <= documents_max);
        keys.extend(documents.into_iter().map(|document| document.key));
        assert!(keys.len() <= KEYS_MAX, "the pages do not come to an end");
        if next.is_none() {
            return keys;
        }
        query.cursor = next;
    }
}

async fn keys(
    models: &dyn ReadModels,
    collection: &Collection,
    filters: &[Filter],
    sort: Option<Sort>,
) -> Vec<String> {
    keys_by_pages(models, collection, filters, sort, 1_000).await
}

async fn counts(
    models: &dyn ReadModels,
    collection: &Collection,
    filters: &[Filter],
    field: &'static str,
) -> Vec<(Option<Value>, u64)> {
    let mut counts = models.count_by(collection, filters, field).await.unwrap();
    counts.sort_by_key(|(value, _)| value.as_ref().map(Value::to_string));
    counts
}
