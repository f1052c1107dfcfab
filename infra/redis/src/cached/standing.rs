//! What one process knows of one collection.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ports::checkpoint::Progress;
use ports::read_models::{Collection, Document};
use ports::stream::GlobalPosition;
use tokio::time::Instant;

use super::kept::Kept;
use crate::epoch::{Epoch, Published};

/// How many documents a projector may read between two commits before they are no longer told apart.
const READS_MAX: usize = 100_000;

/// All collections that were asked for: a few per projection.
#[derive(Default)]
pub(super) struct Standings {
    by_collection: Mutex<HashMap<(&'static str, u64), Arc<Standing>>>,
}

impl Standings {
    pub(super) fn of(&self, collection: &Collection) -> Arc<Standing> {
        let id = (collection.name, collection.generation);
        Arc::clone(held(&self.by_collection).entry(id).or_default())
    }
}

/// One collection, as seen from here.
#[derive(Default)]
pub(super) struct Standing {
    seen: Mutex<Seen>,
    /// Held by the one that looks at the progress; the others use what it finds.
    pub(super) looking: tokio::sync::Mutex<()>,
    /// Held from the first entry to the progress, so that entries and progresses of one process come in one order.
    pub(super) writer: tokio::sync::Mutex<Writer>,
    /// Documents may have been written whose entries were not.
    unsettled: AtomicBool,
    /// Entries that need not be asked of Redis.
    kept: Mutex<Kept>,
    /// What the projector has read since the last commit.
    reads: Mutex<HashMap<String, GlobalPosition>>,
}

/// The newest look at the progress.
#[derive(Default)]
struct Seen {
    /// Grows when what was seen is worth nothing any more.
    changes: u64,
    last: Option<Look>,
}

struct Look {
    began: Instant,
    ended: Instant,
    /// `None`: there is no progress.
    published: Option<Arc<Published>>,
}

/// Under which epoch this process writes.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) epoch: Option<Epoch>,
    /// How many commits there were under it.
    pub(super) revision: u64,
    /// The stored progress names this epoch, or did when this process last wrote it.
    pub(super) is_published: bool,
    /// How far the progress was that it wrote then.
    pub(super) position: GlobalPosition,
    /// Over which connection the entries were put.
    pub(super) link: u64,
}

impl Writer {
    /// Whether the stored progress, as far as it is known, gives way to this one.
    pub(super) fn leads_to(&self, progress: &Progress) -> bool {
        self.is_published && self.position <= progress.position
    }
}

impl Standing {
    /// What was seen no longer ago than this; the inner `None`: there is no progress.
    pub(super) fn seen(&self, age_max: Duration) -> Option<Option<Arc<Published>>> {
        let seen = held(&self.seen);
        let look = seen.last.as_ref()?;
        (look.ended.elapsed() < age_max).then(|| look.published.clone())
    }

    /// What a look saw that began at this time or later, however long ago it ended.
    pub(super) fn seen_from(&self, asked: Instant) -> Option<Option<Arc<Published>>> {
        let seen = held(&self.seen);
        let look = seen.last.as_ref().filter(|look| look.began >= asked)?;
        Some(look.published.clone())
    }

    /// To be handed to [`Self::saw`] after the look.
    pub(super) fn changes(&self) -> u64 {
        held(&self.seen).changes
    }

    /// Remembers a look, unless something was published meanwhile.
    pub(super) fn saw(&self, changes: u64, began: Instant, published: Option<Arc<Published>>) {
        let mut seen = held(&self.seen);
        if seen.changes == changes {
            seen.last = Some(Look { began, ended: Instant::now(), published });
        }
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        held(&self.kept)
    }

    /// Makes the next reader look anew.
    pub(super) fn forget(&self) {
        let mut seen = held(&self.seen);
        seen.changes += 1;
        seen.last = None;
    }

    /// Remembers what a projector has read, since it writes nothing where it finds its events folded already.
    pub(super) fn note_reads(&self, documents: &[Document]) {
        let mut reads = held(&self.reads);
        reads.extend(documents.iter().map(|document| (document.key.clone(), document.position)));
        if reads.len() > READS_MAX {
            reads.clear();
            self.unsettle();
        }
    }

    pub(super) fn take_reads(&self) -> HashMap<String, GlobalPosition> {
        std::mem::take(&mut *held(&self.reads))
    }

    pub(super) fn unsettle(&self) {
        self.unsettled.store(true, Ordering::SeqCst);
    }

    /// Whether it was unsettled; from now on it is not.
    pub(super) fn settle(&self) -> bool {
        self.unsettled.swap(false, Ordering::SeqCst)
    }
}

/// A commit under way: one that ends before it is settled, be it dropped, leaves the entries in doubt.
pub(super) struct Unsettled<'a> {
    standing: &'a Standing,
    is_settled: bool,
}

impl<'a> Unsettled<'a> {
    pub(super) const fn of(standing: &'a Standing) -> Self {
        Self { standing, is_settled: false }
    }

    pub(super) fn settled(mut self) {
        self.is_settled = true;
    }
}

impl Drop for Unsettled<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.standing.unsettle();
        }
    }
}

/// Held for one step, never across an await.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
