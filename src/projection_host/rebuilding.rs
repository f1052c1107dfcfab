//! Rebuilds and roll-backs, one at a time for each projection.

use std::sync::{Arc, PoisonError};

use projections::rebuild::{
    Comparison, Phase, Rebuild, RebuildError, RebuildOutcome, RebuildProgress,
};
use tracing::{error, info};

use super::holding::Holding;
use super::{HostError, HostState, Hosted, LastRebuild, ProjectionHost};

impl ProjectionHost {
    /// Begins to build the next generation of `name`; the overview tells how far it is.
    ///
    /// # Errors
    /// There is no such projection, one rebuild is under way, or a store does not answer.
    pub async fn rebuild(&self, name: &str, is_forced: bool) -> Result<u64, HostError> {
        let hosted = self.hosted(name)?;
        let generations = hosted.ports.read_models.generations(hosted.kind.name()).await?;
        if hosted.begin_rebuild(is_forced) {
            Ok(generations.newest + 1)
        } else {
            Err(HostError::Busy(name.to_owned()))
        }
    }

    /// Lets readers see the generation before the live one, and tells which that is.
    ///
    /// # Errors
    /// There is no such projection or generation, a rebuild is under way, or a store does not answer.
    pub async fn roll_back(&self, name: &str) -> Result<u64, HostError> {
        let hosted = self.hosted(name)?;
        let _changing = hosted.changing.try_lock().map_err(|_| HostError::Busy(name.to_owned()))?;
        let rolled_back = hosted.rebuild_of(false).roll_back(&Holding::of(hosted)).await;
        let generations = rolled_back.map_err(|error| match error {
            RebuildError::NoPrevious(_) | RebuildError::PreviousOutdated(_) => {
                HostError::NothingBefore(error.to_string())
            }
            RebuildError::Unavailable(error) => HostError::Unavailable(error),
            RebuildError::NotHeld { .. } | RebuildError::Differs { .. } => {
                HostError::Behind(error.to_string())
            }
        })?;
        info!(projection = name, live = generations.live, "rolled back");
        Ok(generations.live.unwrap_or_default())
    }
}

impl Hosted {
    /// `false` when one is under way.
    pub(super) fn begin_rebuild(self: &Arc<Self>, is_forced: bool) -> bool {
        // Both happen under one lock, here and at the end: whoever sees that it is over may begin the next one.
        let mut last = self.last_rebuild.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(changing) = Arc::clone(&self.changing).try_lock_owned() else { return false };
        *last = Some(LastRebuild::begun());
        let hosted = Arc::clone(self);
        tokio::spawn(async move {
            let mut state = hosted.state.clone();
            tokio::select! {
                (phase, outcome) = hosted.rebuild_now(is_forced) => {
                    let mut last = hosted.last_rebuild.lock().unwrap_or_else(PoisonError::into_inner);
                    let last = last.get_or_insert_with(LastRebuild::begun);
                    last.phase = phase;
                    last.outcome = Some(outcome);
                    drop(changing);
                }
                // Readers see what they saw before; what was built is dropped by the next rebuild.
                _ = state.wait_for(|state| *state != HostState::Serving) => {}
            }
        });
        true
    }

    /// How it ended, for the overview.
    async fn rebuild_now(self: &Arc<Self>, is_forced: bool) -> (&'static str, String) {
        let name = self.kind.name();
        info!(projection = name, "a rebuild begins");
        let report = |progress: RebuildProgress| self.note_progress(&progress);
        match self.rebuild_of(is_forced).run(&Holding::of(self), &report).await {
            Ok(outcome) => {
                info!(projection = name, generation = outcome.generation, "the rebuild took over");
                ("done", describe(&outcome))
            }
            Err(error) => {
                error!(projection = name, %error, "the rebuild failed");
                ("failed", error.to_string())
            }
        }
    }

    fn rebuild_of(&self, is_forced: bool) -> Rebuild {
        Rebuild {
            kind: Arc::clone(&self.kind),
            models: Arc::clone(&self.ports.read_models),
            log: Arc::clone(&self.ports.log),
            dead_letters: Arc::clone(&self.ports.runner.dead_letters),
            clock: Arc::clone(&self.ports.runner.clock),
            is_forced,
        }
    }

    fn note_progress(&self, progress: &RebuildProgress) {
        let mut last = self.last_rebuild.lock().unwrap_or_else(PoisonError::into_inner);
        let last = last.get_or_insert_with(LastRebuild::begun);
        last.generation = Some(progress.generation);
        last.position = progress.position;
        last.head = progress.head;
        last.events_parked = progress.events_parked;
        last.phase = match progress.phase {
            Phase::Folding => "folding",
            Phase::CatchingUp => "catching_up",
            Phase::Comparing => "comparing",
        };
    }
}

fn describe(outcome: &RebuildOutcome) -> String {
    let comparison = match (&outcome.comparison, outcome.previous) {
        (Comparison::Same, _) => "the documents are the same".to_owned(),
        (Comparison::Forced { first_key }, _) => {
            format!("the documents differ, beginning with {first_key}; the swap was forced")
        }
        (Comparison::OtherVersion, Some(_)) => "the one before was of another version".to_owned(),
        (Comparison::OtherVersion, None) => "it is the first one".to_owned(),
    };
    format!(
        "generation {} took over at position {}: {} events folded, {} parked; {comparison} ({}); \
         the one before stood still for {} ms",
        outcome.generation,
        outcome.position,
        outcome.events_folded,
        outcome.events_parked,
        outcome.hash,
        outcome.held_ms,
    )
}
