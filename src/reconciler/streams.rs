//! One stream folded anew, and each of its documents compared with what is stored.

use std::collections::{BTreeMap, HashMap};

use ports::PortError;
use ports::event::RecordedEvent;
use ports::read_models::{Document, PAGE_DOCUMENTS_MAX};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use projections::ProjectionKind;
use projections::projector::handler_name;

use super::ReconcilerPorts;
use super::compare::{LiveModel, are_same, fold};
use super::differences::{Difference, DifferenceKind};

const PAGE_EVENTS_MAX: usize = 500;
/// So many documents of one stream are compared, and no more: each takes some hundred bytes until the stream ends.
const STREAM_DOCUMENTS_MAX: usize = 100_000;
/// More differences of one stream say nothing more.
const STREAM_DIFFERENCES_MAX: usize = 100;

/// What came of comparing.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) differences: Vec<Difference>,
    pub(super) documents: u64,
}

/// Compares the documents of `stream` in `live` with what `kind` makes of its events.
///
/// First comes how far the documents are said to be, then what is parked, then the documents, then the rest of the
/// events. Each may move on meanwhile, and none of that looks like a difference.
pub(super) async fn compare(
    ports: &ReconcilerPorts,
    kind: &dyn ProjectionKind,
    live: &LiveModel,
    stream: &StreamName,
) -> Result<Compared, PortError> {
    let handler = handler_name(&live.collection);
    let parked = ports.dead_letters.sequence(&handler, stream, 1).await?;
    let first_parked = parked.first().map_or(u64::MAX, |letter| letter.event.position.0);
    let due = GlobalPosition(live.position.0.min(first_parked.saturating_sub(1)));
    let mut desk = Desk { ports, kind, live, due, sheets: HashMap::new(), found: Vec::new() };
    let mut after = StreamVersion(0);
    loop {
        let events = ports.streams.read_stream(stream, after, PAGE_EVENTS_MAX).await?;
        let Some(last) = events.last() else { break };
        after = last.version;
        desk.take(&events).await?;
        let is_read = events.len() < PAGE_EVENTS_MAX && !desk.awaits_more();
        if is_read || desk.found.len() >= STREAM_DIFFERENCES_MAX {
            break;
        }
    }
    Ok(desk.cleared())
}

/// The documents of a stream, as far as it was folded.
struct Desk<'a> {
    ports: &'a ReconcilerPorts,
    kind: &'a dyn ProjectionKind,
    live: &'a LiveModel,
    /// Documents must hold what their stream has up to here.
    due: GlobalPosition,
    sheets: HashMap<String, Sheet>,
    found: Vec<Difference>,
}

/// A document as it is stored, and as it should be.
enum Sheet {
    /// To be compared once the fold has come to the position of what is stored.
    Open { folded: Option<Document>, stored: Option<Document> },
    /// Compared, at this position.
    Settled { at: GlobalPosition },
    /// Found to differ: nothing more needs to be said of it.
    Told,
}

impl Desk<'_> {
    async fn take(&mut self, events: &[RecordedEvent]) -> Result<(), PortError> {
        let mut by_key: BTreeMap<String, Vec<&RecordedEvent>> = BTreeMap::new();
        for event in events {
            if let Some(key) = self.kind.key(event) {
                by_key.entry(key).or_default().push(event);
            }
        }
        self.lay_out(by_key.keys()).await?;
        for (key, events) in by_key {
            let Some(sheet) = self.sheets.remove(&key) else { continue };
            let (sheet, kind) = match sheet {
                Sheet::Open { folded, stored: None } => self.miss(&key, folded, &events),
                Sheet::Open { folded, stored: Some(stored) } => {
                    self.approach(&key, folded, stored, &events)
                }
                Sheet::Settled { at } => self.follow(&key, at, &events).await?,
                Sheet::Told => (Sheet::Told, None),
            };
            let name = self.kind.name();
            self.found.extend(kind.map(|kind| Difference::new(name, kind, key.as_str())));
            self.sheets.insert(key, sheet);
        }
        Ok(())
    }

    /// Whether a document names a position that the fold has not come to. What is due was read before.
    fn awaits_more(&self) -> bool {
        let awaits = |sheet: &Sheet| matches!(sheet, Sheet::Open { stored: Some(_), .. });
        self.sheets.values().any(awaits)
    }

    /// Reads the documents that were not seen yet.
    async fn lay_out(&mut self, keys: impl Iterator<Item = &String>) -> Result<(), PortError> {
        let room = STREAM_DOCUMENTS_MAX.saturating_sub(self.sheets.len());
        let is_new = |key: &&String| !self.sheets.contains_key(*key);
        let keys: Vec<String> = keys.filter(is_new).take(room).cloned().collect();
        for some in keys.chunks(PAGE_DOCUMENTS_MAX) {
            let stored = self.ports.read_models.get(&self.live.collection, some).await?;
            let mut stored: HashMap<String, Document> =
                stored.into_iter().map(|document| (document.key.clone(), document)).collect();
            for key in some {
                let stored = stored.remove(key);
                self.sheets.insert(key.clone(), Sheet::Open { folded: None, stored });
            }
        }
        Ok(())
    }

    /// Nothing is stored: what is due decides whether something should be.
    fn miss(
        &self,
        key: &str,
        folded: Option<Document>,
        events: &[&RecordedEvent],
    ) -> (Sheet, Option<DifferenceKind>) {
        let due = up_to(events, self.due).0;
        (Sheet::Open { folded: fold(self.kind, key, folded, due), stored: None }, None)
    }

    /// Folds up to the position of what is stored, and compares there.
    fn approach(
        &self,
        key: &str,
        folded: Option<Document>,
        stored: Document,
        events: &[&RecordedEvent],
    ) -> (Sheet, Option<DifferenceKind>) {
        let (held, beyond) = up_to(events, stored.position);
        let folded = fold(self.kind, key, folded, held);
        let is_there = folded.as_ref().is_some_and(|folded| folded.position == stored.position);
        if !is_there && beyond.is_empty() {
            return (Sheet::Open { folded, stored: Some(stored) }, None);
        }
        if !folded.is_some_and(|folded| are_same(&folded, &stored)) {
            return (Sheet::Told, Some(DifferenceKind::Differs));
        }
        let at = stored.position;
        if self.lacks(key, stored, beyond) {
            return (Sheet::Told, Some(DifferenceKind::Behind));
        }
        (Sheet::Settled { at }, None)
    }

    /// More events of a document that was compared already: it must hold those that are due.
    async fn follow(
        &self,
        key: &str,
        at: GlobalPosition,
        events: &[&RecordedEvent],
    ) -> Result<(Sheet, Option<DifferenceKind>), PortError> {
        let beyond = up_to(events, at).1;
        if up_to(beyond, self.due).0.is_empty() {
            return Ok((Sheet::Settled { at }, None));
        }
        let stored = self.ports.read_models.get(&self.live.collection, &[key.to_owned()]).await?;
        let unmoved = stored.into_iter().find(|stored| stored.position == at);
        let is_behind = unmoved.is_some_and(|stored| self.lacks(key, stored, beyond));
        Ok(if is_behind {
            (Sheet::Told, Some(DifferenceKind::Behind))
        } else {
            (Sheet::Settled { at }, None)
        })
    }

    /// Whether some of `events` are due and could have been folded.
    fn lacks(&self, key: &str, stored: Document, events: &[&RecordedEvent]) -> bool {
        let at = stored.position;
        let due = up_to(events, self.due).0;
        !due.is_empty()
            && fold(self.kind, key, Some(stored), due).is_some_and(|folded| folded.position > at)
    }

    /// The stream has ended.
    fn cleared(mut self) -> Compared {
        for (key, sheet) in &self.sheets {
            let kind = match sheet {
                // Its position is none of its stream's.
                Sheet::Open { stored: Some(_), .. } => DifferenceKind::Differs,
                Sheet::Open { folded: Some(folded), stored: None } if folded.body.is_some() => {
                    DifferenceKind::Missing
                }
                Sheet::Open { .. } | Sheet::Settled { .. } | Sheet::Told => continue,
            };
            self.found.push(Difference::new(self.kind.name(), kind, key.as_str()));
        }
        self.found.sort();
        Compared { differences: self.found, documents: self.sheets.len() as u64 }
    }
}

/// Those up to a position, and those beyond it.
fn up_to<'a, 'e>(
    events: &'a [&'e RecordedEvent],
    position: GlobalPosition,
) -> (&'a [&'e RecordedEvent], &'a [&'e RecordedEvent]) {
    events.split_at(events.partition_point(|event| event.position <= position))
}
