//! Times of one kind, and what is said of them.

use std::time::Duration;

#[derive(Default)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took.as_secs_f64() * 1e3);
    }

    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// In milliseconds: so large are all but the `1 - share` longest.
    pub(crate) fn at(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let place = (sorted.len() as f64 * share) as usize;
        sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn tell(&self, what: &str) {
        let (p50, p99, most) = (self.at(0.5), self.at(0.99), self.at(1.0));
        println!(
            "{what:44} p50 {p50:6.2}  p99 {p99:6.2}  most {most:6.2} ms  ({} times)",
            self.0.len()
        );
    }
}
