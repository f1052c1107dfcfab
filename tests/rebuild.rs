//! A projection from zero, under load, over the embedded stores: readers notice nothing.

#[path = "rebuild/site.rs"]
mod site;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::Value;
use site::Site;

const MOTORS: u64 = 300;
const EVENTS_PER_MOTOR: u64 = 40;

#[tokio::test(flavor = "multi_thread")]
async fn no_read_fails_during_a_rebuild_under_load_and_the_documents_are_the_same() {
    let site = Arc::new(Site::with_history(MOTORS, EVENTS_PER_MOTOR).await);
    let load = Load::on(&site, 2);
    let begun = site.post("/v1/admin/projections/motors/rebuild").await;
    assert_eq!(begun["generation"], 2, "{begun}");
    let mut phases = Vec::new();
    let done = site
        .follow_rebuild("motors", |rebuild| {
            phases.push((rebuild["phase"].to_string(), rebuild["position"].as_u64()));
        })
        .await;
    let outcome = done["outcome"].as_str().unwrap_or_default().to_owned();
    assert_eq!(done["phase"], "done", "{outcome}");
    assert!(outcome.contains("the documents are the same"), "{outcome}");
    assert!(done["position"].as_u64() >= Some(MOTORS * EVENTS_PER_MOTOR), "{done}");
    let counts = load.stop().await;
    assert!(counts.reads > 0 && counts.writes > 0, "{counts:?}");
    assert_eq!(counts.failed_reads, 0, "{counts:?}, phases seen: {phases:?}");
    assert_eq!(site.generation("motors", "live").await, Some(2));
    assert_eq!(site.generation("motors", "previous").await, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_back_shows_the_documents_of_before_kept_up_to_date() {
    let site = Arc::new(Site::with_history(20, 5).await);
    site.post("/v1/admin/projections/motors/rebuild").await;
    site.follow_rebuild("motors", |_| {}).await;
    let renamed = site.rename(0, "renamed after the swap").await;
    let load = Load::on(&site, 0);
    let rolled_back = site.post("/v1/admin/projections/motors/rollback").await;
    assert_eq!(rolled_back["generation"], 1, "{rolled_back}");
    let motor = site.motor_at(0, renamed).await;
    assert_eq!(motor["name"], "renamed after the swap");
    let counts = load.stop().await;
    assert_eq!(counts.failed_reads, 0, "{counts:?}");
    assert_eq!(site.generation("motors", "live").await, Some(1));
    let again = site.post("/v1/admin/projections/motors/rollback").await;
    assert_eq!(again["generation"], 2, "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_was_tampered_with_is_found_and_not_swapped_away_in_silence() {
    let site = Arc::new(Site::with_history(20, 5).await);
    site.tamper_with_a_document().await;
    site.post("/v1/admin/projections/motors/rebuild").await;
    let refused = site.follow_rebuild("motors", |_| {}).await;
    assert_eq!(refused["phase"], "failed", "{refused}");
    assert!(refused["outcome"].as_str().unwrap_or_default().contains("differs"), "{refused}");
    assert_eq!(site.generation("motors", "live").await, Some(1));
    site.post("/v1/admin/projections/motors/rebuild?force=true").await;
    let forced = site.follow_rebuild("motors", |_| {}).await;
    assert_eq!(forced["phase"], "done", "{forced}");
    site.wait_until_named(0, "motor 0, revision 4").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_rebuilt_or_rolled_back_is_said() {
    let site = Site::with_history(1, 1).await;
    let unknown: Value = site.post("/v1/admin/projections/nonsense/rebuild").await;
    assert_eq!(unknown["status"], 404, "{unknown}");
    let nothing: Value = site.post("/v1/admin/projections/motors/rollback").await;
    assert_eq!(nothing["status"], 409, "{nothing}");
}

/// Readers and writers that do not stop.
struct Load {
    stop: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    reads: Arc<AtomicU64>,
    failed_reads: Arc<AtomicU64>,
    writes: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Counts {
    reads: u64,
    failed_reads: u64,
    writes: u64,
}

impl Load {
    fn on(site: &Arc<Site>, writers: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let counter = || Arc::new(AtomicU64::new(0));
        let (reads, failed_reads, writes) = (counter(), counter(), counter());
        let mut tasks = Vec::new();
        for reader in 0..4 {
            let (site, stop) = (Arc::clone(site), Arc::clone(&stop));
            let (reads, failed_reads) = (Arc::clone(&reads), Arc::clone(&failed_reads));
            tasks.push(tokio::spawn(async move {
                let mut turn = reader;
                while !stop.load(Ordering::Relaxed) {
                    if !site.read_is_sound(turn).await {
                        failed_reads.fetch_add(1, Ordering::Relaxed);
                    }
                    reads.fetch_add(1, Ordering::Relaxed);
                    turn += 1;
                }
            }));
        }
        for writer in 0..writers {
            let (site, stop) = (Arc::clone(site), Arc::clone(&stop));
            let writes = Arc::clone(&writes);
            tasks.push(tokio::spawn(async move {
                let mut turn = writer;
                while !stop.load(Ordering::Relaxed) {
                    site.rename(turn, &format!("name {turn}")).await;
                    writes.fetch_add(1, Ordering::Relaxed);
                    turn += writers;
                }
            }));
        }
        Self { stop, tasks, reads, failed_reads, writes }
    }

    async fn stop(self) -> Counts {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.expect("the load does not panic");
        }
        Counts {
            reads: self.reads.load(Ordering::Relaxed),
            failed_reads: self.failed_reads.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
        }
    }
}
