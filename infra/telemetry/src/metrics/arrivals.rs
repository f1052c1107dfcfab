//! What comes in from outside the log: samples that were refused or lost, and events by way of a broker.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Gauge, Meter};

use super::{Instrument, Metrics};

/// The ways by which events come to the handlers of a process.
const SOURCES: [&str; 2] = ["kafka", "log"];

pub(super) struct Arrivals {
    samples_refused: Gauge<u64>,
    samples_lost: Gauge<u64>,
    samples_reset: Gauge<u64>,
    samples_passed_over: Gauge<u64>,
    samples_record_time: Gauge<u64>,
    feed_source: Gauge<u64>,
    feed_position: Gauge<u64>,
    feed_holes: Gauge<u64>,
    feed_referred: Gauge<u64>,
    feed_duplicates: Gauge<u64>,
}

/// What a process has read of a topic of samples since its start, besides samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SampleArrivals {
    /// Records that the cluster had let go of before they were read.
    pub lost: u64,
    /// How often a partition was read from its beginning, since it no longer had what was next.
    pub resets: u64,
    /// Values that are none of a vibration.
    pub not_vibration: u64,
    /// Records whose own time was taken, since what they hold had none.
    pub record_times: u64,
}

/// How events come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedState {
    /// The way: `kafka` or `log`.
    pub source: &'static str,
    /// The newest position that came by the broker.
    pub position: Option<u64>,
    /// Positions that never came by the broker, and were read from the log.
    pub holes: u64,
    /// Records that could not be taken as they were, and were read from the log.
    pub referred: u64,
    /// Records that had come before.
    pub duplicates: u64,
}

impl Arrivals {
    pub(super) fn of(meter: &Meter) -> Self {
        let gauge = |name, description| Instrument { meter, name, description }.gauge();
        Self {
            samples_refused: gauge(
                "atalaya.samples.refused",
                "Records that are no samples since the start of the process",
            ),
            samples_lost: gauge(
                "atalaya.samples.lost",
                "Records of samples that were let go of before they were read",
            ),
            samples_reset: gauge(
                "atalaya.samples.resets",
                "How often a partition of samples was read from its beginning again",
            ),
            samples_passed_over: gauge(
                "atalaya.samples.not_vibration",
                "Values that came with samples and are none of a vibration",
            ),
            samples_record_time: gauge(
                "atalaya.samples.record_times",
                "Records of samples that had no time of their own",
            ),
            feed_source: gauge("atalaya.feed.source", "1 for the way by which events come in"),
            feed_position: gauge(
                "atalaya.feed.position",
                "The newest position that came in by the broker",
            ),
            feed_holes: gauge(
                "atalaya.feed.holes",
                "Positions that never came by the broker and were read from the log",
            ),
            feed_referred: gauge(
                "atalaya.feed.referred",
                "Records that could not be taken as they were and were read from the log",
            ),
            feed_duplicates: gauge("atalaya.feed.duplicates", "Records that had come before"),
        }
    }
}

impl Metrics {
    /// How many records were no samples, for a reason, since the start of the process.
    pub fn samples_refused(&self, reason: &'static str, count: u64) {
        self.arrivals.samples_refused.record(count, &[KeyValue::new("reason", reason)]);
    }

    /// What came in on the topic of samples.
    pub fn samples_arrived(&self, arrivals: SampleArrivals) {
        self.arrivals.samples_lost.record(arrivals.lost, &[]);
        self.arrivals.samples_reset.record(arrivals.resets, &[]);
        self.arrivals.samples_passed_over.record(arrivals.not_vibration, &[]);
        self.arrivals.samples_record_time.record(arrivals.record_times, &[]);
    }

    /// How events come in.
    pub fn feed(&self, state: FeedState) {
        for source in SOURCES {
            let is_it = u64::from(source == state.source);
            self.arrivals.feed_source.record(is_it, &[KeyValue::new("source", source)]);
        }
        if let Some(position) = state.position {
            self.arrivals.feed_position.record(position, &[]);
        }
        self.arrivals.feed_holes.record(state.holes, &[]);
        self.arrivals.feed_referred.record(state.referred, &[]);
        self.arrivals.feed_duplicates.record(state.duplicates, &[]);
    }
}
