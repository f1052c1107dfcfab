//! A document as it was: folded again from its stream, up to a version or a time.

use std::sync::Arc;

use domain::time::Timestamp;
use ports::event::RecordedEvent;
use ports::problem::Problem;
use ports::read_models::Document;
use ports::stream::{StreamName, StreamVersion};
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::Context;
use super::params::{Params, refused_one};
use super::problem::Failure;
use crate::kind::ProjectionKind;
use crate::projection::Resource;

pub(super) const AT_VERSION: &str = "at_version";
pub(super) const AT_TIME: &str = "at_time";
/// So many events are folded for one answer.
pub(crate) const EVENTS_MAX: u64 = 1_000_000;
const PAGE_EVENTS_MAX: usize = 1_000;
const RETRY_S: u64 = 60;

/// As of when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Moment {
    /// After this version of the aggregate.
    Version(u64),
    /// After the last event that was recorded at this time or before.
    Time(Timestamp),
}

impl Moment {
    /// What is asked for; `None`: the present.
    pub(super) fn asked(params: &Params) -> Result<Option<Self>, Failure> {
        let expected = format!("must be a version, a whole number from 1 to {EVENTS_MAX}");
        let version: Option<u64> = params.parsed(AT_VERSION, &expected)?;
        let time = params.parsed(AT_TIME, "must be a time such as 2026-01-31T12:00:00Z")?;
        match (version, time) {
            (Some(_), Some(_)) => {
                Err(refused_one(AT_TIME, "is another moment than that of at_version: give one"))
            }
            (Some(version), None) if !(1..=EVENTS_MAX).contains(&version) => {
                Err(refused_one(AT_VERSION, &expected))
            }
            (Some(version), None) => Ok(Some(Self::Version(version))),
            (None, time) => Ok(time.map(Self::Time)),
        }
    }

    fn includes(self, event: &RecordedEvent) -> bool {
        match self {
            Self::Version(version) => event.version.0 <= version,
            Self::Time(time) => event.recorded_at <= time,
        }
    }
}

/// The document of `stream` as it was at `moment`. What only readings tell is not in it: they are no events.
///
/// # Errors
/// There was none then, the aggregate has not come to that version, or one of its events cannot be folded.
pub(super) async fn document(
    shared: &Context,
    kind: &Arc<dyn ProjectionKind>,
    resource: Resource,
    stream: &StreamName,
    moment: Moment,
) -> Result<Value, Failure> {
    let (mut folded, mut version) = (None, StreamVersion(0));
    while version.0 < EVENTS_MAX {
        let page = shared.queries.streams.read_stream(stream, version, PAGE_EVENTS_MAX).await?;
        let wanted = page.iter().take_while(|event| moment.includes(event)).count();
        let is_last = wanted < page.len() || page.len() < PAGE_EVENTS_MAX;
        if let Some(last) = page[..wanted].last() {
            version = last.version;
            folded = fold(kind, stream, folded, page, wanted).await?;
        }
        if is_last {
            break;
        }
    }
    let (noun, id) = (resource.noun, stream.id);
    if let Moment::Version(asked) = moment
        && asked > version.0
    {
        return Err(Failure::not_found(format!("{noun} {id} has {version} versions")));
    }
    let body = folded.and_then(|document| document.body);
    body.ok_or_else(|| Failure::not_found(format!("there was no {noun} {id} then")))
}

async fn fold(
    kind: &Arc<dyn ProjectionKind>,
    stream: &StreamName,
    document: Option<Document>,
    events: Vec<RecordedEvent>,
    wanted: usize,
) -> Result<Option<Document>, Failure> {
    let (kind, key) = (Arc::clone(kind), stream.id.to_string());
    let folding = spawn_blocking(move || {
        let events = events[..wanted].iter();
        let of_it = events.filter(|event| kind.key(event).as_deref() == Some(&*key));
        kind.fold(&key, document, &of_it.collect::<Vec<_>>())
    });
    // A fold that panics is a fold that fails.
    match folding.await {
        Ok(Ok(folded)) => Ok(folded),
        Ok(Err(_)) | Err(_) => Err(Failure(
            Problem::new(503, "parked", "An event is parked", format!("of {stream}"))
                .retry_after(RETRY_S),
        )),
    }
}
