//! Tells the metrics what comes in by Kafka, and how.

use std::sync::Arc;

use infra_kafka::samples::SampleTally;
use infra_telemetry::{FeedState, Metrics, SampleArrivals};

use super::feed::LiveFeed;
use crate::adapters::Teller;

pub(super) fn telling(samples: Arc<SampleTally>, feed: Arc<LiveFeed>) -> Teller {
    Arc::new(move |metrics| {
        tell_samples(&samples, metrics);
        if let Some(state) = feed_state(&feed) {
            metrics.feed(state);
        }
    })
}

fn tell_samples(samples: &SampleTally, metrics: &Metrics) {
    for (reason, count) in samples.refused() {
        metrics.samples_refused(reason, count);
    }
    metrics.samples_arrived(SampleArrivals {
        lost: samples.lost(),
        resets: samples.resets(),
        not_vibration: samples.not_vibration(),
        record_times: samples.record_times(),
    });
}

fn feed_state(feed: &LiveFeed) -> Option<FeedState> {
    let status = feed.status()?;
    Some(FeedState {
        source: status.source.name(),
        position: status.position.map(|position| position.0),
        holes: status.holes,
        referred: status.referred,
        duplicates: status.duplicates,
    })
}
