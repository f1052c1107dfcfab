//! One pass over everything, a bounded slice at a time.

use std::sync::Arc;
use std::time::Duration;

use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_log::LogQuery;
use ports::read_models::{Cursor, Document, Query};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use projections::ProjectionKind;
use serde_json::Value;
use tokio::time::sleep;

use super::Reconciler;
use super::compare::{LOG, LiveModel};
use super::differences::{Difference, DifferenceKind};
use super::place::Stage;
use super::{documents, streams, topic};

/// How often a difference is looked at again before it is told.
const RECHECKS: u32 = 2;

/// What a step led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    SliceCompared,
    PassEnded,
}

impl Reconciler {
    /// Compares one slice, and moves the place on behind it.
    pub(super) async fn step(&mut self) -> Result<Step, PortError> {
        match self.place.stage.clone() {
            Stage::Begin => {
                self.place.target = self.ports.log.head().await?;
                self.place.stage = Stage::Log { after: GlobalPosition(0) };
            }
            Stage::Log { after } if after < self.place.target => self.compare_log(after).await?,
            Stage::Log { .. } => self.place.stage = Stage::documents(0),
            Stage::Documents { model, generation, after_key } => {
                let Some(kind) = self.kinds.get(model).cloned() else { return Ok(self.end_pass()) };
                self.place.stage =
                    self.compare_documents(model, &*kind, generation, after_key).await?;
            }
        }
        self.pace.breathe().await;
        Ok(Step::SliceCompared)
    }

    fn end_pass(&mut self) -> Step {
        let (pass, position) = (self.place.pass, self.place.target);
        self.known.pass_ended(pass, position);
        let seconds = self.ports.clock.now().as_micros() as f64 / 1e6;
        self.ports.metrics.reconciler_passed(position.0, seconds);
        self.place.pass += 1;
        self.place.passes += 1;
        self.place.passed = position;
        self.place.stage = Stage::Begin;
        Step::PassEnded
    }

    /// The next events: without gaps, published, and the streams that begin among them well folded. So each stream is
    /// compared once in a pass, as a whole.
    async fn compare_log(&mut self, after: GlobalPosition) -> Result<(), PortError> {
        let events_max = self.settings.slice_events_max;
        let query = LogQuery { after, events_max, ..LogQuery::default() };
        let page = self.ports.log.read(&query).await?;
        let through = page.events.last().map_or(self.place.target, |event| event.position);
        let mut found = gaps(&page.events, after, through);
        self.ports.metrics.reconciler_checked(LOG, page.events.len() as u64);
        found.extend(self.compare_topic(&page.events, after, through).await?);
        let begun = page.events.iter().filter(|event| event.version == StreamVersion(1));
        let begun: Vec<StreamName> = begun.map(|event| event.stream.clone()).collect();
        found.extend(self.compare_streams(begun).await?);
        self.known.note(found, self.place.pass);
        self.place.stage = Stage::Log { after: through };
        Ok(())
    }

    async fn compare_topic(
        &mut self,
        events: &[RecordedEvent],
        after: GlobalPosition,
        through: GlobalPosition,
    ) -> Result<Vec<Difference>, PortError> {
        let Some(audit) = self.ports.topic.clone() else { return Ok(Vec::new()) };
        let mut confirmed: Option<Vec<Difference>> = None;
        for _ in 0..=RECHECKS {
            let extent = audit.extent().await?;
            let (after, through) = (after.max(extent.after), through.min(extent.through));
            if after >= through {
                return Ok(Vec::new());
            }
            let records = audit.range(after, through).await?;
            self.ports.metrics.reconciler_checked(topic::TOPIC, records.len() as u64);
            let found = topic::compare(events, &records, after, through);
            let found = still(confirmed, found);
            if found.is_empty() {
                return Ok(found);
            }
            confirmed = Some(found);
            self.wait_to_look_again().await;
        }
        Ok(confirmed.unwrap_or_default())
    }

    async fn compare_streams(
        &mut self,
        streams: Vec<StreamName>,
    ) -> Result<Vec<Difference>, PortError> {
        let mut confirmed = Vec::new();
        for kind in self.kinds.clone() {
            let mut wanted = streams.clone();
            wanted.retain(|stream| kind.categories().contains(&stream.category.as_str()));
            confirmed.extend(self.compare_streams_of(kind, wanted).await?);
        }
        Ok(confirmed)
    }

    /// Looks at those streams again of which something differs, until it does not or has done so often enough.
    async fn compare_streams_of(
        &mut self,
        kind: Arc<dyn ProjectionKind>,
        streams: Vec<StreamName>,
    ) -> Result<Vec<Difference>, PortError> {
        let mut suspects: Vec<(StreamName, Option<Vec<Difference>>)> =
            streams.into_iter().map(|stream| (stream, None)).collect();
        for look in 0..=RECHECKS {
            if suspects.is_empty() {
                break;
            }
            if look > 0 {
                self.wait_to_look_again().await;
            }
            // Read before the documents, which may be further by then, and never less far.
            let live = LiveModel::of(&*kind, &*self.ports.read_models).await?;
            let Some(live) = live else { return Ok(Vec::new()) };
            let mut still_suspect = Vec::new();
            for (stream, before) in suspects {
                let found = self.compare_stream(&*kind, &live, &stream).await?;
                let found = still(before, found);
                if !found.is_empty() {
                    still_suspect.push((stream, Some(found)));
                }
                self.pace.breathe().await;
            }
            suspects = still_suspect;
        }
        Ok(suspects.into_iter().filter_map(|(_, found)| found).flatten().collect())
    }

    async fn compare_stream(
        &self,
        kind: &dyn ProjectionKind,
        live: &LiveModel,
        stream: &StreamName,
    ) -> Result<Vec<Difference>, PortError> {
        let compared = streams::compare(&self.ports, kind, live, stream).await?;
        self.ports.metrics.reconciler_checked(kind.name(), compared.documents);
        Ok(compared.differences)
    }

    /// The next page of a model's documents; gives where to go on.
    async fn compare_documents(
        &mut self,
        model: usize,
        kind: &dyn ProjectionKind,
        generation: u64,
        after_key: Option<String>,
    ) -> Result<Stage, PortError> {
        let live = LiveModel::of(kind, &*self.ports.read_models).await?;
        let Some(live) = live else { return Ok(Stage::documents(model + 1)) };
        // Another generation is live by now: its documents are looked at from the first one.
        let after_key = after_key.filter(|_| generation == live.collection.generation);
        let query = Query {
            cursor: after_key.map(|key| Cursor { value: Value::Null, key }),
            documents_max: self.settings.slice_documents_max,
            ..Query::default()
        };
        let page = self.ports.read_models.query(&live.collection, &query).await?;
        let found = self.find_unwritten(kind, &live, page.documents).await?;
        self.known.note(found, self.place.pass);
        let generation = live.collection.generation;
        Ok(page.next.map_or_else(
            || Stage::documents(model + 1),
            |Cursor { key, .. }| Stage::Documents { model, generation, after_key: Some(key) },
        ))
    }

    async fn find_unwritten(
        &mut self,
        kind: &dyn ProjectionKind,
        live: &LiveModel,
        mut suspects: Vec<Document>,
    ) -> Result<Vec<Difference>, PortError> {
        for _ in 0..RECHECKS {
            let keys = documents::unwritten(&*self.ports.log, kind, &suspects).await?;
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            self.wait_to_look_again().await;
            suspects = self.ports.read_models.get(&live.collection, &keys).await?;
            suspects.retain(|document| document.body.is_some());
        }
        let keys = documents::unwritten(&*self.ports.log, kind, &suspects).await?;
        let found = |key| Difference::new(kind.name(), DifferenceKind::Unwritten, key);
        Ok(keys.into_iter().map(found).collect())
    }

    async fn wait_to_look_again(&mut self) {
        sleep(Duration::from_millis(self.settings.recheck_pause_ms)).await;
        self.pace.begin();
    }
}

/// Of what was found before, what is found again; of the first look, all of it.
fn still(before: Option<Vec<Difference>>, found: Vec<Difference>) -> Vec<Difference> {
    match before {
        None => found,
        Some(mut before) => {
            before.retain(|difference| found.contains(difference));
            before
        }
    }
}

/// Positions have no gaps, so whatever is not there was there. One difference for each gap, under its first position.
fn gaps(
    events: &[RecordedEvent],
    after: GlobalPosition,
    through: GlobalPosition,
) -> Vec<Difference> {
    let ends = events.iter().map(|event| event.position.0).chain([through.0 + 1]);
    let mut expected = after.0 + 1;
    let mut gaps = Vec::new();
    for position in ends {
        if position > expected {
            gaps.push(Difference::new(LOG, DifferenceKind::Missing, expected.to_string()));
        }
        expected = position + 1;
    }
    gaps
}
