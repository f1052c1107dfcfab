//! Tells whether two generations hold the same documents, while one of them goes on.
//!
//! ```text
//! all documents, one by one     unsettled: those that differ, most of them because the live one has gone on
//! fold what it has gone on by   unsettled: those and what was folded; look at them again, and so on until they are few
//! hold the live one, fold       unsettled: those and what was folded; what differs now differs in truth
//! ```

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use ports::PortError;
use ports::read_models::{Collection, Document, PAGE_DOCUMENTS_MAX, ReadModels};

use super::hash::{CollectionHash, is_same};
use super::pages::Pages;
use super::patience::patiently;

/// How many keys are remembered; where more are unsettled, all documents are.
const KEYS_MAX: usize = 1_000_000;

/// Of which documents it is not known that they are the same in both generations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unsettled {
    Keys(BTreeSet<String>),
    All,
}

impl Default for Unsettled {
    fn default() -> Self {
        Self::Keys(BTreeSet::new())
    }
}

impl Unsettled {
    pub(super) fn note(&mut self, key: String) {
        let Self::Keys(keys) = self else { return };
        keys.insert(key);
        if keys.len() > KEYS_MAX {
            *self = Self::All;
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Keys(keys) => keys.len(),
            Self::All => usize::MAX,
        }
    }

    pub(super) fn first(&self) -> Option<&String> {
        match self {
            Self::Keys(keys) => keys.first(),
            Self::All => None,
        }
    }

    /// Looks at what is unsettled again, and keeps what is not the same.
    pub(super) async fn settle(
        &mut self,
        models: &dyn ReadModels,
        live: &Collection,
        rebuilt: &Collection,
    ) -> Result<(), PortError> {
        let Self::Keys(keys) = self else {
            (_, *self) = walk(models, Some(live), rebuilt).await?;
            return Ok(());
        };
        let live = get(models, live, keys.clone()).await?;
        let rebuilt = get(models, rebuilt, keys.clone()).await?;
        let lives: HashMap<&str, &Document> = present(&live).collect();
        let rebuilts: HashMap<&str, &Document> = present(&rebuilt).collect();
        keys.retain(|key| match (lives.get(key.as_str()), rebuilts.get(key.as_str())) {
            (Some(live), Some(rebuilt)) => !is_same(live, rebuilt),
            (live, rebuilt) => live.is_some() || rebuilt.is_some(),
        });
        Ok(())
    }
}

fn present(documents: &[Document]) -> impl Iterator<Item = (&str, &Document)> {
    let present = documents.iter().filter(|document| document.body.is_some());
    present.map(|document| (document.key.as_str(), document))
}

/// What the rebuilt documents come to, and which of them are not the same in `live`, if there is such a one.
pub(super) async fn walk(
    models: &dyn ReadModels,
    live: Option<&Collection>,
    rebuilt: &Collection,
) -> Result<(CollectionHash, Unsettled), PortError> {
    let (mut hash, mut unsettled) = (CollectionHash::default(), Unsettled::default());
    let mut lives = live.map(|live| Pages::of(models, live));
    let mut rebuilts = Pages::of(models, rebuilt);
    let mut one = next(&mut lives).await?;
    let mut other = rebuilts.next().await?;
    loop {
        let order = match (&one, &other) {
            (None, None) => return Ok((hash, unsettled)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.key.cmp(&other.key),
        };
        let live =
            if order.is_le() { std::mem::replace(&mut one, next(&mut lives).await?) } else { None };
        let rebuilt = if order.is_ge() {
            std::mem::replace(&mut other, rebuilts.next().await?)
        } else {
            None
        };
        rebuilt.iter().for_each(|document| hash.add(document));
        match (live, rebuilt) {
            (Some(live), Some(rebuilt)) if is_same(&live, &rebuilt) => {}
            (None, Some(_)) if lives.is_none() => {}
            (live, rebuilt) => {
                live.or(rebuilt).into_iter().for_each(|found| unsettled.note(found.key))
            }
        }
    }
}

async fn next(pages: &mut Option<Pages<'_>>) -> Result<Option<Document>, PortError> {
    match pages {
        Some(pages) => pages.next().await,
        None => Ok(None),
    }
}

/// The documents under `keys`, removed ones too.
pub(super) async fn get(
    models: &dyn ReadModels,
    collection: &Collection,
    keys: impl IntoIterator<Item = String>,
) -> Result<Vec<Document>, PortError> {
    let keys: Vec<String> = keys.into_iter().collect();
    let mut documents = Vec::with_capacity(keys.len());
    for some in keys.chunks(PAGE_DOCUMENTS_MAX) {
        documents.extend(patiently(|| models.get(collection, some)).await?);
    }
    Ok(documents)
}
