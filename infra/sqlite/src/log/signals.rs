//! Wakes those who wait for the log or for a job, after the commit that they wait for.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

#[derive(Default)]
pub(super) struct Signals {
    head: watch::Sender<u64>,
    jobs: watch::Sender<u64>,
    jobs_changed: AtomicBool,
}

impl Signals {
    /// Called on the writing thread after every commit.
    pub(super) fn announce(&self, head: u64) -> rusqlite::Result<()> {
        self.head.send_if_modified(|known| std::mem::replace(known, head) != head);
        if self.jobs_changed.swap(false, Ordering::AcqRel) {
            self.jobs.send_modify(|changes| *changes += 1);
        }
        Ok(())
    }

    /// Notes, within a transaction, that a job can be received once it is committed.
    pub(super) fn job_put(&self) {
        self.jobs_changed.store(true, Ordering::Release);
    }

    pub(super) fn head(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    pub(super) fn jobs(&self) -> watch::Receiver<u64> {
        self.jobs.subscribe()
    }
}
