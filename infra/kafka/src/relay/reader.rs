//! Follows the log and makes records of its events.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogQuery};
use ports::stream::GlobalPosition;
use tokio::sync::mpsc;
use tokio::task::yield_now;

use super::blocking;
use super::outgoing::{Outgoing, Page};
use super::settings::RelaySettings;
use crate::registry::SchemaIds;

#[derive(Clone)]
pub(super) struct Reader {
    log: Arc<dyn EventLog>,
    schemas: Arc<SchemaIds>,
    settings: Arc<RelaySettings>,
    /// Events that a topic did not take; few, and forgotten with the process.
    oversize: Arc<Mutex<BTreeSet<GlobalPosition>>>,
}

impl Reader {
    pub(super) fn new(
        log: Arc<dyn EventLog>,
        schemas: Arc<SchemaIds>,
        settings: RelaySettings,
    ) -> Self {
        Self { log, schemas, settings: Arc::new(settings), oversize: Arc::default() }
    }

    pub(super) async fn head(&self) -> Result<GlobalPosition, PortError> {
        self.log.head().await
    }

    pub(super) fn mark_oversize(&self, positions: impl IntoIterator<Item = GlobalPosition>) {
        self.oversize.lock().unwrap_or_else(PoisonError::into_inner).extend(positions);
    }

    /// Hands on pages until the log fails. Ends with the one who takes them.
    pub(super) async fn follow(
        self,
        cursor: GlobalPosition,
        pages: mpsc::Sender<Page>,
    ) -> PortError {
        let mut after = cursor;
        loop {
            let page = match self.next(after).await {
                Ok(page) => page,
                Err(error) => return error,
            };
            after = page.through;
            fail::fail_point!("relay-after-read");
            if pages.send(page).await.is_err() {
                return PortError::new("handing on what was read", "nobody takes it any more");
            }
        }
    }

    async fn next(&self, after: GlobalPosition) -> Result<Page, PortError> {
        loop {
            self.log.wait_beyond(after).await?;
            let events_max = self.settings.page_events_max;
            let query = LogQuery { after, events_max, ..LogQuery::default() };
            let page = self.log.read(&query).await?;
            if !page.events.is_empty() {
                let reader = self.clone();
                return Ok(blocking(move || reader.records(&page.events)).await);
            }
            yield_now().await;
        }
    }

    /// As many as fit; the others are read again.
    fn records(&self, events: &[RecordedEvent]) -> Page {
        let oversize = self.oversize.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut page = Page::default();
        for event in events {
            let topic = self.settings.topics.events_of(&event.stream.category);
            let bytes_max = self.settings.record_bytes_max;
            let mut record = Outgoing::of(event, topic, &self.schemas, bytes_max);
            if record.value.is_some() && oversize.contains(&event.position) {
                record = record.without_data(event);
            }
            page.push(record);
            if page.bytes >= self.settings.page_bytes_max {
                break;
            }
        }
        page
    }
}
