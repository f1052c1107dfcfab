//! Entries that a process keeps itself, until it hears of another commit.
//!
//! An entry that was read after a look at the progress shows at least what that progress says. It still does as long as
//! later looks see the very same progress; the revision in it changes with every commit, whoever makes it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ports::read_models::WrittenDocument;
use tokio::time::Instant;

use crate::epoch::Published;

/// What Redis told since one look.
#[derive(Default)]
pub(super) struct Kept {
    since: Option<Arc<Published>>,
    by_key: HashMap<String, Known>,
    bytes: usize,
}

struct Known {
    at: Instant,
    /// `None`: there is none.
    document: Option<WrittenDocument>,
}

impl Kept {
    /// What is known of the document under `key`, if it is known; the inner `None`: there is none.
    pub(super) fn get(
        &self,
        since: &Published,
        key: &str,
        age_max: Duration,
    ) -> Option<Option<WrittenDocument>> {
        self.since.as_deref().filter(|known| *known == since)?;
        let known = self.by_key.get(key).filter(|known| known.at.elapsed() < age_max)?;
        Some(known.document.clone())
    }

    /// Keeps what Redis told after the look `since`, instead of all that was kept from before it.
    pub(super) fn put(
        &mut self,
        since: &Arc<Published>,
        key: &str,
        document: Option<WrittenDocument>,
        bytes: usize,
        bytes_max: usize,
    ) {
        let bytes = bytes + key.len();
        if self.since.as_ref() != Some(since) || self.bytes + bytes > bytes_max {
            *self = Self { since: Some(Arc::clone(since)), ..Self::default() };
        }
        if bytes <= bytes_max {
            self.bytes += bytes;
            self.by_key.insert(key.to_owned(), Known { at: Instant::now(), document });
        }
    }
}
