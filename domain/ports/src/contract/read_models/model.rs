//! Random operations on the adapter and on a map: both must tell the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{BY_RANK, BY_ZONE, counts, equals, fresh_collection, keys_by_pages, progress};
use crate::memory::faulty::SplitMix64;
use crate::read_models::{Collection, Document, Filter, ReadModels, Sort, Write};
use crate::stream::GlobalPosition;

const SEEDS: u64 = 4;
const STEPS: usize = 60;
const POSITIONS: u64 = 40;
const KEYS: [&str; 10] = ["a", "A", "ä", "a.b", "$a", "a/b", "🦀", "\u{fffd}", "", "10"];
const ZONES: [&str; 8] = ["", "A", "B", "a", "ä", "\u{fffd}", "🦀", "null"];
const RANKS: [i64; 7] = [i64::MIN, -1, 0, 1, 1 << 53, (1 << 53) + 1, i64::MAX];

pub async fn random_operations_equal_those_on_a_map(models: &dyn ReadModels) {
    for seed in 0..SEEDS {
        let collection = fresh_collection(models).await;
        let mut random = SplitMix64::new(seed);
        let mut model = Model::default();
        for step in 0..STEPS {
            let at = format!("seed {seed}, step {step}");
            let batch: Vec<_> = (0..random.below(6)).map(|_| any_write(&mut random)).collect();
            let end = progress(random.below(POSITIONS));
            models.commit(&collection, &batch, Some(&end)).await.unwrap();
            model.commit(&batch, end.position.0);
            same_documents(models, &collection, &model, &at).await;
            same_pages(models, &collection, &model, &mut random, &at).await;
            same_counts(models, &collection, &model, &mut random, &at).await;
        }
    }
}

/// What a collection is: documents by key, none of which goes back.
#[derive(Default)]
struct Model {
    documents: BTreeMap<String, Document>,
    progress: u64,
}

impl Model {
    fn commit(&mut self, batch: &[Write], end: u64) {
        for Write { key, position, body } in batch.iter().cloned() {
            if self.documents.get(&key).is_none_or(|present| present.position < position) {
                self.documents.insert(key.clone(), Document { key, position, body });
            }
        }
        self.progress = self.progress.max(end);
    }

    fn matching(&self, filters: &[Filter]) -> Vec<&Document> {
        let matches = |document: &&Document| {
            document.body.is_some()
                && filters.iter().all(|filter| field(document, filter.field) == filter.equals)
        };
        self.documents.values().filter(matches).collect()
    }

    fn keys(&self, filters: &[Filter], sort: Option<Sort>) -> Vec<String> {
        let mut matching = self.matching(filters);
        if let Some(Sort { field: by, descending }) = sort {
            // The sort is stable, so that documents with equal values stay in the order of their keys.
            matching.sort_by_key(|document| in_order(&field(document, by)));
            if descending {
                matching.reverse();
            }
        }
        matching.into_iter().map(|document| document.key.clone()).collect()
    }
}

async fn same_documents(models: &dyn ReadModels, collection: &Collection, model: &Model, at: &str) {
    let mut told = models.get(collection, &KEYS.map(str::to_owned)).await.unwrap();
    told.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(told, model.documents.values().cloned().collect::<Vec<_>>(), "{at}");
    let told = models.progress(collection).await.unwrap().expect("every step has one");
    assert_eq!(told.position, GlobalPosition(model.progress), "{at}");
}

async fn same_pages(
    models: &dyn ReadModels,
    collection: &Collection,
    model: &Model,
    random: &mut SplitMix64,
    at: &str,
) {
    let filters = any_filters(random);
    let sort = [None, Some(BY_ZONE), Some(BY_RANK)][random.below(3) as usize];
    let sort = sort.map(|sort| Sort { descending: random.below(2) == 0, ..sort });
    let documents_max = 1 + random.below(5) as usize;
    let told = keys_by_pages(models, collection, &filters, sort, documents_max).await;
    assert_eq!(told, model.keys(&filters, sort), "{at}: {filters:?} {sort:?}");
}

async fn same_counts(
    models: &dyn ReadModels,
    collection: &Collection,
    model: &Model,
    random: &mut SplitMix64,
    at: &str,
) {
    let filters = any_filters(random);
    let by = ["zone", "rank", "active"][random.below(3) as usize];
    let mut expected: BTreeMap<Option<String>, u64> = BTreeMap::new();
    for document in model.matching(&filters) {
        let value = Some(field(document, by)).filter(|value| !value.is_null());
        *expected.entry(value.map(|value| value.to_string())).or_default() += 1;
    }
    let told = counts(models, collection, &filters, by).await;
    let told: Vec<_> =
        told.into_iter().map(|(value, count)| (value.map(|it| it.to_string()), count)).collect();
    assert_eq!(told, expected.into_iter().collect::<Vec<_>>(), "{at}: {filters:?} by {by}");
}

/// The value of a declared field; what is missing is null.
fn field(document: &Document, name: &str) -> Value {
    document.body.as_ref().and_then(|body| body.get(name)).cloned().unwrap_or_default()
}

/// Null, then whole numbers, then texts by their bytes.
fn in_order(value: &Value) -> (bool, Option<i64>, Vec<u8>) {
    let bytes = value.as_str().unwrap_or_default().as_bytes().to_vec();
    (!value.is_null(), value.as_i64(), bytes)
}

fn any_write(random: &mut SplitMix64) -> Write {
    let key = KEYS[random.below(KEYS.len() as u64) as usize].to_owned();
    let position = GlobalPosition(1 + random.below(POSITIONS));
    let body = (random.below(4) != 0).then(|| any_body(random));
    Write { key, position, body }
}

/// Each declared field has a value, is null, or is missing.
fn any_body(random: &mut SplitMix64) -> Value {
    let mut body = Map::new();
    body.insert("n".to_owned(), json!(random.below(1_000)));
    for name in ["zone", "rank", "active"] {
        if random.below(5) != 0 {
            let value = if random.below(5) == 0 { Value::Null } else { any_value(random, name) };
            body.insert(name.to_owned(), value);
        }
    }
    body.into()
}

fn any_value(random: &mut SplitMix64, field: &str) -> Value {
    match field {
        "zone" => ZONES[random.below(ZONES.len() as u64) as usize].into(),
        "rank" => RANKS[random.below(RANKS.len() as u64) as usize].into(),
        _ => (random.below(2) == 0).into(),
    }
}

fn any_filters(random: &mut SplitMix64) -> Vec<Filter> {
    let mut filters = Vec::new();
    for name in ["zone", "rank", "active"] {
        if random.below(3) == 0 {
            let value = if random.below(3) == 0 { Value::Null } else { any_value(random, name) };
            filters.push(equals(name, value));
        }
    }
    filters
}
