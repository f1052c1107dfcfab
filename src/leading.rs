//! Does what only one process may do at a time, whenever it is this one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ports::PortError;
use ports::leadership::{Leadership, Term};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{info, warn};

/// How long an office is kept without a word from its leader, and so how long it stays empty after a crash.
const TERM_MS: u64 = 6_000;
/// How often a leader says that it is there, and the others ask whether it still is.
const CAMPAIGN_INTERVAL_MS: u64 = 2_000;

/// What the leader does.
#[async_trait]
pub trait Duty: Send {
    /// Works until `drain` turns true, finishes what is in hand, and returns.
    async fn serve(&mut self, term: &Term, drain: watch::Receiver<bool>);

    /// Somebody else leads.
    fn stand_by(&mut self) {}
}

#[async_trait]
impl<D: Duty + ?Sized> Duty for Box<D> {
    async fn serve(&mut self, term: &Term, drain: watch::Receiver<bool>) {
        (**self).serve(term, drain).await;
    }

    fn stand_by(&mut self) {
        (**self).stand_by();
    }
}

/// A process that would lead.
#[derive(Clone)]
pub struct Candidate {
    leadership: Arc<dyn Leadership>,
    name: String,
}

impl Candidate {
    /// `name` tells processes apart: no two that run at the same time may have the same one.
    pub fn new(leadership: Arc<dyn Leadership>, name: impl Into<String>) -> Self {
        Self { leadership, name: name.into() }
    }

    /// Serves `duty` in every term that this process wins, until `drain` turns true.
    ///
    /// While the store does not answer, a leader goes on: whoever took over meanwhile is protected by the number of
    /// the term, or by effects that can be repeated.
    pub async fn lead(
        self,
        office: impl Into<String>,
        mut duty: impl Duty,
        mut drain: watch::Receiver<bool>,
    ) {
        let office = office.into();
        while !*drain.borrow() {
            match self.campaign(&office).await {
                Ok(Some(term)) => {
                    info!(office, term = term.number, "leading");
                    self.serve(&term, &mut duty, &drain).await;
                }
                Ok(None) => duty.stand_by(),
                Err(error) => warn!(office, reason = error.chain(), "cannot stand for office"),
            }
            if told_within(&mut drain, CAMPAIGN_INTERVAL_MS).await {
                return;
            }
        }
    }

    /// Serves one term to its end, and gives it back where it did not end by itself.
    async fn serve(&self, term: &Term, duty: &mut impl Duty, drain: &watch::Receiver<bool>) {
        let (end, ended) = watch::channel(false);
        let mut served = duty.serve(term, ended);
        let lost = tokio::select! {
            () = &mut served => None,
            lost = self.hold(term, drain.clone()) => Some(lost),
        };
        end.send_replace(true);
        if lost == Some(true) {
            warn!(office = term.office, term = term.number, "somebody else leads now");
            return served.await;
        }
        if lost.is_some() {
            // To finish what is in hand may take longer than an office is kept without a word.
            let (_open, undisturbed) = watch::channel(false);
            tokio::select! {
                () = &mut served => {}
                _ = self.hold(term, undisturbed) => served.await,
            }
        }
        if let Err(error) = self.leadership.resign(term).await {
            warn!(office = term.office, reason = error.chain(), "resigning failed");
        }
    }

    /// Keeps the office. `true`: it went to somebody else. `false`: it is time to drain.
    async fn hold(&self, term: &Term, mut drain: watch::Receiver<bool>) -> bool {
        loop {
            if told_within(&mut drain, CAMPAIGN_INTERVAL_MS).await {
                return false;
            }
            match self.campaign(&term.office).await {
                Ok(Some(now)) if now == *term => {}
                Ok(_) => return true,
                Err(error) => {
                    warn!(
                        office = term.office,
                        reason = error.chain(),
                        "keeping the office failed"
                    );
                }
            }
        }
    }

    async fn campaign(&self, office: &str) -> Result<Option<Term>, PortError> {
        self.leadership.campaign(office, &self.name, TERM_MS).await
    }
}

/// Waits so long. `true`, at once: it is time to drain, or nobody is left to say so.
async fn told_within(drain: &mut watch::Receiver<bool>, wait_ms: u64) -> bool {
    let told = drain.wait_for(|drain| *drain);
    timeout(Duration::from_millis(wait_ms), told).await.is_ok()
}

/// The only process there is.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

#[async_trait]
impl Leadership for Alone {
    async fn campaign(
        &self,
        office: &str,
        candidate: &str,
        _ttl_ms: u64,
    ) -> Result<Option<Term>, PortError> {
        let (office, leader) = (office.to_owned(), candidate.to_owned());
        Ok(Some(Term { office, leader, number: 1 }))
    }

    async fn resign(&self, _term: &Term) -> Result<(), PortError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
