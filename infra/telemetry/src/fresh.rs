//! Gauges that are told only while they are measured: a number that nobody refreshes would look healthy for ever.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus::proto::MetricFamily;

/// A scrape measures before it tells, and each measurement has a second. Whatever is older than this failed.
const MEASURED_MS_MAX: u64 = 5_000;

/// When each of the watched gauges was last measured.
#[derive(Default)]
pub(crate) struct Fresh {
    measured: Mutex<HashMap<Series, Instant>>,
}

/// The name of a gauge as it is exported, and the value of its only label.
type Series = (&'static str, String);

impl Fresh {
    /// The gauge `name` was measured at `now`. It has at most one label, with this `label`'s value.
    pub(crate) fn measured(&self, name: &'static str, label: &str, now: Instant) {
        self.lock().insert((name, label.to_owned()), now);
    }

    /// What is left of `families` at `now`, without the gauges that once were measured and no longer are.
    pub(crate) fn only(&self, families: Vec<MetricFamily>, now: Instant) -> Vec<MetricFamily> {
        let age_max = Duration::from_millis(MEASURED_MS_MAX);
        // They stay in the list: the instruments behind them still have their last numbers.
        let stale: Vec<Series> = self
            .lock()
            .iter()
            .filter(|(_, at)| now.saturating_duration_since(**at) > age_max)
            .map(|(series, _)| series.clone())
            .collect();
        families.into_iter().filter_map(|family| without(family, &stale)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Series, Instant>> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `None` when nothing is left of the family.
fn without(mut family: MetricFamily, stale: &[Series]) -> Option<MetricFamily> {
    let labels: Vec<&str> = stale
        .iter()
        .filter(|(name, _)| *name == family.name())
        .map(|(_, label)| label.as_str())
        .collect();
    if labels.is_empty() {
        return Some(family);
    }
    let mut metrics = family.take_metric();
    metrics.retain(|metric| {
        let label = metric.get_label().first().map_or("", |pair| pair.value());
        !labels.contains(&label)
    });
    family.set_metric(metrics);
    Some(family).filter(|family| !family.get_metric().is_empty())
}
