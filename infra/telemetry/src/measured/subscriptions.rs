//! Subscriptions of which is counted what they give. How long they waited for it says nothing.

use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::subscription::{Delivery, Subscription, Subscriptions};

use crate::Metrics;

/// Subscriptions of which is counted what they give.
pub struct MeasuredSubscriptions {
    inner: Arc<dyn Subscriptions>,
    metrics: Arc<Metrics>,
}

impl MeasuredSubscriptions {
    /// Counts what `inner` gives.
    pub fn new(inner: Arc<dyn Subscriptions>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl Subscriptions for MeasuredSubscriptions {
    async fn open(
        &self,
        name: &str,
        categories: &[&str],
        from: Option<&Checkpoint>,
    ) -> Result<Box<dyn Subscription>, PortError> {
        let inner = self.inner.open(name, categories, from).await?;
        let metrics = Arc::clone(&self.metrics);
        Ok(Box::new(Measured { inner, name: name.to_owned(), metrics }))
    }
}

struct Measured {
    inner: Box<dyn Subscription>,
    name: String,
    metrics: Arc<Metrics>,
}

#[async_trait]
impl Subscription for Measured {
    async fn next(&mut self, events_max: usize) -> Result<Delivery, PortError> {
        let delivery = self.inner.next(events_max).await?;
        self.metrics.consumed(&self.name, delivery.events.len() as u64);
        Ok(delivery)
    }
}
