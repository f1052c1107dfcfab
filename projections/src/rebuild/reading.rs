//! Reads the log ahead of whoever folds it, so that the store and the fold work at the same time.

use std::sync::Arc;

use ports::PortError;
use ports::event_log::{EventLog, LogPage, LogQuery};
use ports::stream::GlobalPosition;
use tokio::sync::mpsc;

use super::patience::patiently;

/// How many events one read asks for.
const PAGE_EVENTS_MAX: usize = 5_000;
/// How many pages wait to be folded.
const PAGES_AHEAD_MAX: usize = 2;

/// The log from one position to another, a page at a time. When this is dropped, the reading ends.
pub(super) struct Reading {
    position: GlobalPosition,
    until: GlobalPosition,
    pages: mpsc::Receiver<Result<LogPage, PortError>>,
}

impl Reading {
    /// Begins to read what comes after `after`, up to `until` and no further.
    pub(super) fn start(
        log: &Arc<dyn EventLog>,
        categories: &[&str],
        after: GlobalPosition,
        until: GlobalPosition,
    ) -> Self {
        let (page, pages) = mpsc::channel(PAGES_AHEAD_MAX);
        let log = Arc::clone(log);
        let query = LogQuery {
            after,
            events_max: PAGE_EVENTS_MAX,
            categories: categories.iter().map(|&category| category.to_owned()).collect(),
            event_type: None,
        };
        tokio::spawn(read(log, query, until, page));
        Self { position: after, until, pages }
    }

    /// Whether it goes on after `after`, up to `until`.
    pub(super) fn continues(&self, after: GlobalPosition, until: GlobalPosition) -> bool {
        (self.position, self.until) == (after, until)
    }

    /// The next page, with nothing of it beyond `until`.
    ///
    /// # Errors
    /// The store did not answer, however often it was asked, or gave no more though its head is further on.
    pub(super) async fn next(&mut self) -> Result<LogPage, PortError> {
        let page = self.pages.recv().await.unwrap_or_else(|| Err(ended(self.until)))?;
        self.position = page.through;
        Ok(page)
    }
}

async fn read(
    log: Arc<dyn EventLog>,
    mut query: LogQuery,
    until: GlobalPosition,
    pages: mpsc::Sender<Result<LogPage, PortError>>,
) {
    while query.after < until {
        let read = patiently(|| log.read(&query)).await.and_then(|mut page| {
            page.events.retain(|event| event.position <= until);
            page.through = page.through.min(until);
            if page.through > query.after { Ok(page) } else { Err(ended(until)) }
        });
        let through = read.as_ref().map_or(until, |page| page.through);
        if pages.send(read).await.is_err() {
            return;
        }
        query.after = through;
    }
}

fn ended(until: GlobalPosition) -> PortError {
    let reason = "the log gave no more, though its head is further on";
    PortError::new(format!("reading the log up to {until}"), reason)
}
