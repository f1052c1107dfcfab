//! Epochs: which entries a reader may believe.
//!
//! An epoch is part of every key, and of the progress of its collection: readers learn both in one read of one stored
//! document. A writer that cannot be sure of the entries publishes its next progress under a new epoch, under which
//! there are none. So whoever sees the progress cannot see the old entries, and nobody needs to reach Redis for that.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use ports::checkpoint::{Checkpoint, Progress};

const MARK: &str = "cache-epoch=";
const END: char = ';';

/// The name of an epoch; no two writers ever have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(pub(crate) String);

/// Makes names that nobody else makes.
pub(crate) struct Names {
    process: u64,
    made: AtomicU64,
}

impl Names {
    pub(crate) fn new() -> Self {
        // Keyed by the system's randomness.
        let process = RandomState::new().hash_one(std::process::id());
        Self { process, made: AtomicU64::new(0) }
    }

    pub(crate) fn fresh(&self) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}-{number:x}", self.process)
    }
}

/// A progress, and the epoch of the entries that hold everything up to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) progress: Progress,
    /// `None`: nothing may be cached.
    pub(crate) epoch: Option<Epoch>,
    /// Grows with every commit under the epoch, so that one that takes on no progress is noticed too.
    pub(crate) revision: u64,
}

impl Published {
    /// In the form in which the store keeps it.
    pub(crate) fn stored(&self) -> Progress {
        let Progress { position, checkpoint: Checkpoint(checkpoint) } = &self.progress;
        let checkpoint = match &self.epoch {
            Some(Epoch(epoch)) => format!("{MARK}{epoch}/{}{END}{checkpoint}", self.revision),
            None => checkpoint.clone(),
        };
        Progress { position: *position, checkpoint: Checkpoint(checkpoint) }
    }

    /// From what the store keeps, also where it was written without a cache.
    pub(crate) fn told(stored: Progress) -> Self {
        let Some((epoch, revision, checkpoint)) = parts(&stored.checkpoint.0) else {
            return Self { progress: stored, epoch: None, revision: 0 };
        };
        let epoch = Some(Epoch(epoch.to_owned()));
        let checkpoint = Checkpoint(checkpoint.to_owned());
        Self { progress: Progress { checkpoint, ..stored }, epoch, revision }
    }
}

fn parts(checkpoint: &str) -> Option<(&str, u64, &str)> {
    let (mark, checkpoint) = checkpoint.strip_prefix(MARK)?.split_once(END)?;
    let (epoch, revision) = mark.split_once('/')?;
    Some((epoch, revision.parse().ok()?, checkpoint))
}

#[cfg(test)]
mod tests {
    use ports::stream::GlobalPosition;

    use super::*;

    fn progress(checkpoint: &str) -> Progress {
        Progress { position: GlobalPosition(7), checkpoint: Checkpoint(checkpoint.to_owned()) }
    }

    #[test]
    fn a_checkpoint_comes_back_as_it_was() {
        let names = Names::new();
        for checkpoint in ["", "offset 5", r#"{"0":5};x"#, "cache-epoch=a;b"] {
            let epoch = Some(Epoch(names.fresh()));
            let published = Published { progress: progress(checkpoint), epoch, revision: 7 };
            assert_eq!(Published::told(published.stored()), published);
        }
    }

    #[test]
    fn a_checkpoint_without_an_epoch_is_read_too() {
        let plain = Published::told(progress("offset 5"));
        assert_eq!(plain, Published { progress: progress("offset 5"), epoch: None, revision: 0 });
    }

    #[test]
    fn no_two_names_are_the_same() {
        let (one, other) = (Names::new(), Names::new());
        let names = [one.fresh(), one.fresh(), other.fresh(), other.fresh()];
        assert!((1..names.len()).all(|n| !names[..n].contains(&names[n])), "{names:?}");
    }
}
