//! Jobs under leases, in memory.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::time::Timestamp;
use futures::future::BoxFuture;
use tokio::sync::watch;
use uuid::Uuid;

use super::lock;
use crate::PortError;
use crate::work_queue::{Job, Lease, Overview, WorkQueue};

/// A queue that ends with the process.
#[derive(Default)]
pub struct MemoryWorkQueue {
    queue: Mutex<Queue>,
    /// How often a job was put in or given back.
    arrivals: watch::Sender<u64>,
}

#[derive(Default)]
struct Queue {
    by_id: HashMap<Uuid, Entry>,
    puts: u64,
    token_last: u64,
    paused_at: Option<Timestamp>,
}

struct Entry {
    job: Job,
    /// Tells the earlier of two jobs that wait since the same moment.
    put: u64,
    turn: Timestamp,
    /// From then on it can be received: a leased job when its lease runs out.
    available_at: Timestamp,
    /// Of the lease that counts.
    token: Option<u64>,
    deliveries: u32,
}

impl Queue {
    fn put(&mut self, job: Job, available_at: Timestamp) -> bool {
        if self.by_id.contains_key(&job.id) {
            return false;
        }
        self.puts += 1;
        let put = self.puts;
        let turn = job.turn(available_at);
        let entry = Entry { job, put, turn, available_at, token: None, deliveries: 0 };
        self.by_id.insert(entry.job.id, entry);
        true
    }

    fn receive(&mut self, jobs_max: usize, now: Timestamp, lease_until: Timestamp) -> Vec<Lease> {
        if self.paused_at.is_some() {
            return Vec::new();
        }
        let mut available: Vec<&mut Entry> =
            self.by_id.values_mut().filter(|entry| entry.available_at <= now).collect();
        available.sort_by_key(|entry| (entry.turn, entry.put));
        let mut leases = Vec::new();
        for entry in available.into_iter().take(jobs_max) {
            self.token_last += 1;
            leases.push(entry.lease(self.token_last, lease_until));
        }
        leases
    }

    /// The entry, if `lease` still counts.
    fn held(&mut self, lease: &Lease) -> Option<&mut Entry> {
        self.by_id.get_mut(&lease.job.id).filter(|entry| entry.token == Some(lease.token))
    }

    fn overview(&self, now: Timestamp) -> Overview {
        let mut overview = Overview { paused_at: self.paused_at, ..Overview::default() };
        for entry in self.by_id.values() {
            if entry.available_at <= now {
                overview.waiting += 1;
                let since = overview.waiting_since.unwrap_or(entry.available_at);
                overview.waiting_since = Some(since.min(entry.available_at));
            } else if entry.token.is_some() {
                overview.leased += 1;
            } else {
                overview.delayed += 1;
            }
        }
        overview
    }

    fn finish(&mut self, lease: &Lease) -> bool {
        let held = self.held(lease).is_some();
        if held {
            self.by_id.remove(&lease.job.id);
        }
        held
    }
}

impl Entry {
    fn lease(&mut self, token: u64, lease_until: Timestamp) -> Lease {
        self.token = Some(token);
        self.available_at = lease_until;
        self.deliveries += 1;
        Lease { job: self.job.clone(), token, deliveries: self.deliveries }
    }
}

#[async_trait]
impl WorkQueue for MemoryWorkQueue {
    async fn put(&self, job: Job, available_at: Timestamp) -> Result<(), PortError> {
        if lock(&self.queue).put(job, available_at) {
            self.tell();
        }
        Ok(())
    }

    async fn receive(
        &self,
        jobs_max: usize,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Lease>, PortError> {
        Ok(lock(&self.queue).receive(jobs_max, now, lease_until))
    }

    async fn acknowledge(&self, lease: &Lease) -> Result<bool, PortError> {
        Ok(lock(&self.queue).finish(lease))
    }

    async fn release(&self, lease: &Lease, available_at: Timestamp) -> Result<bool, PortError> {
        let held = lock(&self.queue).held(lease).map(|entry| {
            entry.token = None;
            entry.turn = entry.job.turn(available_at);
            entry.available_at = available_at;
        });
        if held.is_some() {
            self.tell();
        }
        Ok(held.is_some())
    }

    async fn reject(&self, lease: &Lease) -> Result<bool, PortError> {
        Ok(lock(&self.queue).finish(lease))
    }

    async fn extend(&self, lease: &Lease, lease_until: Timestamp) -> Result<bool, PortError> {
        let mut queue = lock(&self.queue);
        let held = queue.held(lease).map(|entry| entry.available_at = lease_until);
        Ok(held.is_some())
    }

    async fn withdraw(&self, id: Uuid) -> Result<(), PortError> {
        lock(&self.queue).by_id.remove(&id);
        Ok(())
    }

    async fn next_available_at(&self) -> Result<Option<Timestamp>, PortError> {
        let queue = lock(&self.queue);
        let next = queue.by_id.values().map(|entry| entry.available_at).min();
        Ok(next.filter(|_| queue.paused_at.is_none()))
    }

    async fn pause(&self, now: Timestamp) -> Result<(), PortError> {
        lock(&self.queue).paused_at.get_or_insert(now);
        Ok(())
    }

    async fn resume(&self) -> Result<(), PortError> {
        lock(&self.queue).paused_at = None;
        self.tell();
        Ok(())
    }

    async fn overview(&self, now: Timestamp) -> Result<Overview, PortError> {
        Ok(lock(&self.queue).overview(now))
    }

    fn wait_for_job(&self) -> BoxFuture<'_, Result<(), PortError>> {
        let mut arrivals = self.arrivals.subscribe();
        Box::pin(async move {
            arrivals.changed().await.expect("the queue holds the sender");
            Ok(())
        })
    }
}

impl MemoryWorkQueue {
    fn tell(&self) {
        self.arrivals.send_modify(|arrivals| *arrivals += 1);
    }
}
