//! Compares log, topics and documents, in one process at a time.

use async_trait::async_trait;
use ports::leadership::Term;
use tokio::sync::watch;

use crate::leading::Duty;
use crate::reconciler::{Reconciler, ReconcilerPorts, ReconcilerSettings};

/// A reconciler, made anew for every term: where it was stands in its checkpoint.
pub(super) struct Reconciling {
    pub(super) ports: ReconcilerPorts,
    pub(super) settings: ReconcilerSettings,
}

#[async_trait]
impl Duty for Reconciling {
    async fn serve(&mut self, _term: &Term, drain: watch::Receiver<bool>) {
        let (ports, settings) = (self.ports.clone(), self.settings.clone());
        Reconciler::new(projections::all(), ports, settings).run(drain).await;
    }
}
