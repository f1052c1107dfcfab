//! Documents in collections, in memory.

mod order;

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::Value;

use self::order::{Scalar, must_be_declared, refuse};
use super::checkpoints::take_on;
use super::lock;
use crate::PortError;
use crate::checkpoint::Progress;
use crate::read_models::{
    Collection, DOCUMENT_BYTES_MAX, Document, Filter, Generations, Page, Query, ReadModels, Write,
};
use crate::stream::GlobalPosition;

/// Read models that end with the process.
#[derive(Default)]
pub struct MemoryReadModels {
    shelves: Mutex<Shelves>,
}

#[derive(Default)]
struct Shelves {
    collections: HashMap<(&'static str, u64), Documents>,
    generations: HashMap<String, Generations>,
}

#[derive(Default)]
struct Documents {
    by_key: BTreeMap<String, Stored>,
    progress: Option<Progress>,
}

struct Stored {
    position: GlobalPosition,
    body: Option<Value>,
}

impl Shelves {
    fn of(&self, collection: &Collection) -> Option<&Documents> {
        self.collections.get(&id(collection))
    }
}

impl Documents {
    fn write(&mut self, write: &Write) {
        let stored = Stored { position: write.position, body: write.body.clone() };
        match self.by_key.get_mut(&write.key) {
            Some(present) if present.position >= write.position => {}
            Some(present) => *present = stored,
            None => _ = self.by_key.insert(write.key.clone(), stored),
        }
    }

    fn take_on(&mut self, progress: &Progress) {
        take_on(self.progress.get_or_insert_with(|| progress.clone()), progress);
    }

    /// The documents that are there and match, by key.
    fn matching(&self, filters: &[(&str, Scalar)]) -> impl Iterator<Item = (&str, &Stored)> {
        let present = self.by_key.iter().filter(|(_, stored)| stored.body.is_some());
        let all =
            |stored: &Stored| filters.iter().all(|(field, equals)| stored.scalar(field) == *equals);
        present.filter(move |(_, stored)| all(stored)).map(|(key, stored)| (key.as_str(), stored))
    }
}

impl Stored {
    /// The value of a declared field; what is missing is null.
    fn scalar(&self, field: &str) -> Scalar {
        let value = self.body.as_ref().and_then(|body| body.get(field));
        value.map_or(Scalar::Null, |value| {
            Scalar::of(value).expect("commit let only scalars into declared fields")
        })
    }

    fn document(&self, key: &str) -> Document {
        Document { key: key.to_owned(), position: self.position, body: self.body.clone() }
    }
}

#[async_trait]
impl ReadModels for MemoryReadModels {
    async fn ensure(&self, collection: &Collection) -> Result<(), PortError> {
        lock(&self.shelves).collections.entry(id(collection)).or_default();
        Ok(())
    }

    async fn commit(
        &self,
        collection: &Collection,
        writes: &[Write],
        progress: Option<&Progress>,
    ) -> Result<(), PortError> {
        writes.iter().try_for_each(|write| must_fit(collection, write))?;
        let mut shelves = lock(&self.shelves);
        let documents = shelves
            .collections
            .get_mut(&id(collection))
            .ok_or_else(|| refuse(collection, "the collection is not there"))?;
        writes.iter().for_each(|write| documents.write(write));
        progress.into_iter().for_each(|progress| documents.take_on(progress));
        Ok(())
    }

    async fn get(
        &self,
        collection: &Collection,
        keys: &[String],
    ) -> Result<Vec<Document>, PortError> {
        let shelves = lock(&self.shelves);
        let Some(documents) = shelves.of(collection) else { return Ok(Vec::new()) };
        let found = |key: &String| Some(documents.by_key.get(key)?.document(key));
        Ok(keys.iter().filter_map(found).collect())
    }

    async fn query(&self, collection: &Collection, query: &Query) -> Result<Page, PortError> {
        let filters = declared_filters(collection, &query.filters)?;
        let order = order::Order::of(collection, query)?;
        let shelves = lock(&self.shelves);
        let Some(documents) = shelves.of(collection) else { return Ok(Page::default()) };
        let matching = documents.matching(&filters).map(|(key, stored)| {
            let value = order.field.map_or(Scalar::Null, |field| stored.scalar(field));
            (value, key, stored)
        });
        let (places, next) = order.page(matching.collect());
        let documents = places.into_iter().map(|(_, key, stored)| stored.document(key)).collect();
        Ok(Page { documents, next })
    }

    async fn count_by(
        &self,
        collection: &Collection,
        filters: &[Filter],
        field: &'static str,
    ) -> Result<Vec<(Option<Value>, u64)>, PortError> {
        let filters = declared_filters(collection, filters)?;
        must_be_declared(collection, field)?;
        let shelves = lock(&self.shelves);
        let mut counts: BTreeMap<Scalar, u64> = BTreeMap::new();
        for (_, stored) in shelves.of(collection).iter().flat_map(|all| all.matching(&filters)) {
            *counts.entry(stored.scalar(field)).or_default() += 1;
        }
        let told = |value: Scalar| Some(Value::from(value)).filter(|value| !value.is_null());
        Ok(counts.into_iter().map(|(value, count)| (told(value), count)).collect())
    }

    async fn progress(&self, collection: &Collection) -> Result<Option<Progress>, PortError> {
        Ok(lock(&self.shelves).of(collection).and_then(|documents| documents.progress.clone()))
    }

    async fn generations(&self, name: &str) -> Result<Generations, PortError> {
        Ok(lock(&self.shelves).generations.get(name).copied().unwrap_or_default())
    }

    async fn promote(&self, name: &str, generations: Generations) -> Result<(), PortError> {
        lock(&self.shelves).generations.insert(name.to_owned(), generations);
        Ok(())
    }

    async fn drop_collection(&self, collection: &Collection) -> Result<(), PortError> {
        lock(&self.shelves).collections.remove(&id(collection));
        Ok(())
    }
}

fn id(collection: &Collection) -> (&'static str, u64) {
    (collection.name, collection.generation)
}

fn declared_filters<'a>(
    collection: &Collection,
    filters: &'a [Filter],
) -> Result<Vec<(&'a str, Scalar)>, PortError> {
    let scalar = |filter: &'a Filter| {
        must_be_declared(collection, filter.field)?;
        let equals = Scalar::of(&filter.equals)
            .ok_or_else(|| refuse(collection, "a filter's value can be no field's value"))?;
        Ok((filter.field, equals))
    };
    filters.iter().map(scalar).collect()
}

/// A document that another store could not keep is refused here too.
fn must_fit(collection: &Collection, write: &Write) -> Result<(), PortError> {
    let Some(body) = &write.body else { return Ok(()) };
    if !body.is_object() {
        return Err(refuse(collection, "a document is no JSON object"));
    }
    if body.to_string().len() > DOCUMENT_BYTES_MAX {
        return Err(refuse(collection, "a document is too large"));
    }
    let declared = collection.fields.iter().filter_map(|field| body.get(field.name));
    if declared.map(Scalar::of).any(|scalar| scalar.is_none()) {
        return Err(refuse(collection, "a declared field is no string, whole number or boolean"));
    }
    Ok(())
}
