//! Readers that follow by position while others write, and what can be said of what they saw.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use infra_postgres::PgLog;
use ports::event_log::{EventLog, LogQuery};
use ports::stream::GlobalPosition;
use tokio::sync::watch;

const PAGE_EVENTS: usize = 700;

/// An event as a reader saw it.
pub(crate) struct Seen {
    pub(crate) position: u64,
    pub(crate) stream: String,
    pub(crate) version: u64,
}

/// Gives what stands after a position.
pub(crate) trait Cursor: Send + Sync + 'static {
    /// What can be seen now.
    fn after(&self, position: u64) -> impl Future<Output = Vec<Seen>> + Send;

    /// Until there may be more.
    fn wait(&self, position: u64) -> impl Future<Output = ()> + Send;
}

impl Cursor for PgLog {
    async fn after(&self, position: u64) -> Vec<Seen> {
        let after = GlobalPosition(position);
        let query = LogQuery { after, events_max: PAGE_EVENTS, ..LogQuery::default() };
        let page = self.read(&query).await.expect("the log can be read");
        let seen = page.events.into_iter().map(|event| Seen {
            position: event.position.0,
            stream: event.stream.to_string(),
            version: event.version.0,
        });
        seen.collect()
    }

    async fn wait(&self, position: u64) {
        self.wait_beyond(GlobalPosition(position)).await.expect("the log is open");
    }
}

/// Everything that a reader saw, from the first event until nothing more was to come.
pub(crate) async fn follow_until<C: Cursor>(
    cursor: Arc<C>,
    mut ended: watch::Receiver<bool>,
) -> Vec<Seen> {
    let (mut seen, mut position) = (Vec::new(), 0);
    loop {
        let is_last = *ended.borrow_and_update();
        let page = cursor.after(position).await;
        match page.last() {
            Some(last) => position = last.position,
            None if is_last => return seen,
            None => tokio::select! {
                () = cursor.wait(position) => {}
                _ = ended.changed() => {}
            },
        }
        seen.extend(page);
    }
}

/// How what was seen differs from what there is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    pub(crate) missed: u64,
    pub(crate) doubled: u64,
    /// Events that did not follow the one before in their stream.
    pub(crate) disordered: u64,
    /// Places at which the position did not go up by one.
    pub(crate) gaps: u64,
}

/// Compares what one reader saw with the `total` that there is.
pub(crate) fn faults(seen: &[Seen], total: u64) -> Faults {
    let mut positions = HashSet::new();
    let mut versions: HashMap<&str, u64> = HashMap::new();
    let (mut faults, mut before) = (Faults::default(), 0);
    for event in seen {
        if !positions.insert(event.position) {
            faults.doubled += 1;
        }
        faults.gaps += u64::from(event.position != before + 1);
        before = event.position;
        let version = versions.entry(&event.stream).or_default();
        faults.disordered += u64::from(event.version != *version + 1);
        *version = event.version;
    }
    faults.missed = total - positions.len() as u64;
    faults
}
