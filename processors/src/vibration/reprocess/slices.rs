//! The samples of one motor in the order in which they were measured, a slice of time at a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use domain::vibration::{Axis, block::CLOCK_AHEAD_S_MAX};
use ports::PortError;
use ports::samples::{ReceivedSample, Sample, SampleFeed, SampleSource};
use tokio::sync::watch;
use tokio::time::timeout;

use super::{Progress, ReprocessRequest};

/// What a sample takes beside its numbers.
const SAMPLE_BYTES: usize = 256;
/// So many samples are read at a time.
const BATCH_SAMPLES_MAX: usize = 256;
/// How often is looked whether there are no more.
const LOOK_MS: u64 = 100;

/// Reads all that is kept as often as needed: each time it takes what comes next in time, as much as it may hold.
pub(super) struct Slices {
    source: Arc<dyn SampleSource>,
    request: ReprocessRequest,
    /// What comes in from now on is not looked at.
    until: Timestamp,
    bytes_max: usize,
    /// Everything before it has been given; `None` once there is no more.
    next: Option<Timestamp>,
}

/// Samples that share it are duplicates: the first that came in counts.
type Place = (Timestamp, String, Axis, usize);

/// What comes next in time, as far as it fits.
#[derive(Default)]
struct Slice {
    samples: BTreeMap<Place, ReceivedSample>,
    bytes: usize,
    /// From there on something did not fit.
    end: Option<Timestamp>,
}

impl Slices {
    pub(super) fn of(
        source: Arc<dyn SampleSource>,
        request: ReprocessRequest,
        now: Timestamp,
        bytes_max: usize,
    ) -> Self {
        let next = Some(Timestamp::MIN);
        Self { source, request, until: now, bytes_max, next }
    }

    /// The next samples; `None` when there are no more.
    pub(super) async fn next(
        &mut self,
        progress: &watch::Sender<Progress>,
    ) -> Result<Option<Vec<ReceivedSample>>, PortError> {
        let Some(begin) = self.next else { return Ok(None) };
        // A sensor's clock may have been ahead when it sent them.
        let since = self.request.from.plus_seconds(-CLOCK_AHEAD_S_MAX);
        let mut feed = self.source.open_since(since).await?;
        let mut slice = Slice::default();
        loop {
            let next = timeout(Duration::from_millis(LOOK_MS), feed.next(BATCH_SAMPLES_MAX)).await;
            if let Ok(batch) = next {
                let samples = batch?.samples;
                progress.send_modify(|it| it.looked_at += samples.len() as u64);
                let wanted = samples.into_iter().filter(|received| self.wants(received, begin));
                wanted.for_each(|received| slice.add(received, self.bytes_max));
            }
            if self.has_all(&mut *feed).await? {
                break;
            }
        }
        self.next = slice.end;
        Ok(Some(slice.samples.into_values().collect()))
    }

    async fn has_all(&self, feed: &mut dyn SampleFeed) -> Result<bool, PortError> {
        Ok(feed.complete_until().await?.is_some_and(|until| until >= self.until))
    }

    fn wants(&self, received: &ReceivedSample, begin: Timestamp) -> bool {
        let (started_at, ended_at) = times(&received.sample);
        let ReprocessRequest { motor_id, from, to } = self.request;
        let is_within = ended_at > from && started_at < to && started_at >= begin;
        received.motor_id == motor_id && received.received_at <= self.until && is_within
    }
}

impl Slice {
    fn add(&mut self, received: ReceivedSample, bytes_max: usize) {
        let place = place(&received.sample);
        if self.end.is_some_and(|end| place.0 >= end) || self.samples.contains_key(&place) {
            return;
        }
        self.bytes += bytes(&received.sample);
        self.samples.insert(place, received);
        while self.bytes > bytes_max {
            // What is first in time stays, however much it is: else there would be no getting on.
            let Some(last) = self.samples.last_key_value().map(|(place, _)| place.0) else {
                return;
            };
            if self.samples.first_key_value().is_some_and(|(place, _)| place.0 == last) {
                return;
            }
            let rest = self.samples.split_off(&(last, String::new(), Axis::RadialH, 0));
            self.bytes -= rest.values().map(|received| bytes(&received.sample)).sum::<usize>();
            self.end = Some(last);
        }
    }
}

/// When the first sample was taken, and when the last one was over.
pub(super) fn times(sample: &Sample) -> (Timestamp, Timestamp) {
    match sample {
        Sample::Block(block) => {
            (block.started_at, block.started_at.plus_seconds(block.duration_s()))
        }
        Sample::Measurement(value) => {
            (value.started_at, Timestamp::from_micros(value.started_at.as_micros() + 1))
        }
    }
}

fn place(sample: &Sample) -> Place {
    match sample {
        Sample::Block(block) => {
            (block.started_at, block.sensor.clone(), block.axis, block.samples.len())
        }
        Sample::Measurement(value) => (value.started_at, value.sensor.clone(), value.axis, 0),
    }
}

fn bytes(sample: &Sample) -> usize {
    SAMPLE_BYTES
        + match sample {
            Sample::Block(block) => size_of_val(block.samples.as_slice()),
            Sample::Measurement(_) => 0,
        }
}
