//! A projection from the beginning of the log, beside the live one, then in its place.
//!
//! ```text
//! begin ── fold the log ── compare ── fold and compare what came since, until it is little
//!       ── hold the live one ── fold and compare the rest ── promote ── release
//!          (readers see the old generation all the while)   └─ different: refused
//! ```
//!
//! All but the last little is done while the live one goes on, so that it stands still for a moment only, however
//! many documents there are. The new one never goes beyond the live one, whose checkpoint it takes over.
//!
//! Nothing but documents comes of it: projections have no effects that a rebuild could repeat.

mod compare;
mod filling;
mod hash;
mod pages;
mod parking;
mod patience;
mod reading;
mod roll_back;
mod store;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Progress;
use ports::clock::Clock;
use ports::dead_letter::DeadLetters;
use ports::event_log::EventLog;
use ports::read_models::{Collection, Generations, ReadModels};
use ports::stream::GlobalPosition;
use ports::subscription::progress_at;
use tokio::time::{Instant, sleep};

use self::filling::Filling;
use self::parking::forget_letters;
use self::patience::patiently;
use crate::generation::{begin, built_under};
use crate::kind::ProjectionKind;
use crate::live::LIVE_CACHE_MS;
use crate::projector::handler_name;

pub use hash::{CollectionHash, document_hash, hash};

/// How long folding and comparing what came since may take when the live one is asked to stand still.
const HAND_OVER_MS_MAX: u64 = 100;
/// How often that is tried before the live one stands still for longer.
const HAND_OVER_ROUNDS_MAX: usize = 20;

/// Lets the runners of a projection stand still.
#[async_trait]
pub trait HoldLive: Send + Sync {
    /// Returns once no generation of the projection takes in events any more, with the position of the live one:
    /// its documents hold everything up to there and nothing beyond.
    async fn hold(&self) -> Result<GlobalPosition, PortError>;

    /// The runners may go on: with the generations that are live and previous by now.
    async fn release(&self);
}

/// What a rebuild needs.
pub struct Rebuild {
    pub kind: Arc<dyn ProjectionKind>,
    pub models: Arc<dyn ReadModels>,
    pub log: Arc<dyn EventLog>,
    pub dead_letters: Arc<dyn DeadLetters>,
    pub clock: Arc<dyn Clock>,
    /// Swap even though the documents differ under the same version.
    pub is_forced: bool,
}

/// What a rebuild is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It folds the log.
    Folding,
    /// Both are read and compared.
    Comparing,
    /// The live one stands still, and the rest is folded and compared.
    CatchingUp,
}

/// How far a rebuild is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RebuildProgress {
    pub phase: Phase,
    pub generation: u64,
    pub position: GlobalPosition,
    /// Where it goes.
    pub head: GlobalPosition,
    /// How many events it could not fold.
    pub events_parked: u64,
}

/// What a rebuild led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RebuildOutcome {
    /// Live from now on.
    pub generation: u64,
    /// What a roll-back would show.
    pub previous: Option<u64>,
    /// Where the one took over from the other.
    pub position: GlobalPosition,
    pub events_folded: u64,
    pub events_parked: u64,
    /// For how long the live one stood still.
    pub held_ms: u64,
    pub hash: CollectionHash,
    pub comparison: Comparison,
}

/// How the new documents compare with the old ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// They are the same.
    Same,
    /// They differ, beginning with this key; the swap was forced.
    Forced { first_key: String },
    /// The old ones were built under another version: there is nothing to compare.
    OtherVersion,
}

/// Why a rebuild or a roll-back did not happen. Readers still see what they saw before.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error(
        "the rebuilt `{name}` differs from the live one under the same version in {documents} documents, \
         beginning with `{first_key}`"
    )]
    Differs { name: &'static str, first_key: String, documents: usize },
    #[error("the live generation was said to stand at {said}, but stands at {actual}")]
    NotHeld { said: GlobalPosition, actual: GlobalPosition },
    #[error("`{0}` has no generation to go back to")]
    NoPrevious(&'static str),
    #[error("the previous generation of `{0}` was built under another version than this program's")]
    PreviousOutdated(&'static str),
    #[error(transparent)]
    Unavailable(#[from] PortError),
}

/// Hears how far it is.
pub type Report<'a> = &'a (dyn Fn(RebuildProgress) + Send + Sync);

impl Rebuild {
    /// Builds the next generation and puts it in the place of the live one.
    ///
    /// Must not run twice at a time for one projection. When it fails or is dropped, readers see what they saw; what
    /// was built is kept to be looked at until the next rebuild begins.
    ///
    /// # Errors
    /// See [`RebuildError`].
    pub async fn run(
        &self,
        hold: &dyn HoldLive,
        report: Report<'_>,
    ) -> Result<RebuildOutcome, RebuildError> {
        let before = patiently(|| self.models.generations(self.kind.name())).await?;
        let generation = self.begin(before).await?;
        let mut filling = Filling::new(self, generation, GlobalPosition(0));
        let live = self.comparable(before.live).await?;
        self.approach(live.as_ref(), &mut filling, report).await?;
        let held = patiently(|| hold.hold()).await?;
        let since = Instant::now();
        let swapped = self.take_over(before, live.as_ref(), &mut filling, held, report).await;
        let held_ms = since.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        hold.release().await;
        if let (Ok(_), Some(older)) = (&swapped, before.previous) {
            // By then no reader can take it for the live one any more.
            sleep(Duration::from_millis(2 * LIVE_CACHE_MS)).await;
            self.drop_generation(older).await?;
        }
        swapped.map(|outcome| RebuildOutcome { held_ms, ..outcome })
    }

    /// Drops what an earlier attempt left behind, and makes an empty generation that no reader sees.
    async fn begin(&self, before: Generations) -> Result<u64, RebuildError> {
        let newest = Some(before.newest).filter(|newest| *newest > 0);
        if newest.is_some() && newest != before.live && newest != before.previous {
            self.drop_generation(before.newest).await?;
        }
        let generation = before.newest + 1;
        patiently(|| begin(&*self.kind, &*self.models, generation)).await?;
        let begun = Generations { newest: generation, ..before };
        patiently(|| self.models.promote(self.kind.name(), begun)).await?;
        Ok(generation)
    }

    /// The live generation, if it was built under the same version: then it is kept up to date, and has to be equal.
    async fn comparable(&self, live: Option<u64>) -> Result<Option<Collection>, PortError> {
        let Some(live) = live.map(|live| self.kind.collection(live)) else { return Ok(None) };
        let version = patiently(|| built_under(&*self.models, &live)).await?;
        Ok(Some(live).filter(|_| version == Some(self.kind.version())))
    }

    /// Folds and compares while the live one goes on, until little is left.
    async fn approach(
        &self,
        live: Option<&Collection>,
        filling: &mut Filling,
        report: Report<'_>,
    ) -> Result<(), RebuildError> {
        let mut goal = self.goal(live).await?;
        filling.fill(goal, report).await?;
        report(filling.progress(Phase::Comparing, goal, goal));
        filling.store.compare(live).await?;
        for _ in 0..HAND_OVER_ROUNDS_MAX {
            let since = Instant::now();
            goal = self.goal(live).await?;
            filling.fill(goal, &told(report, Phase::Comparing)).await?;
            let unsettled = filling.store.unsettled();
            let Some(live) = live else { break };
            let differing = filling.store.compare_again(live).await?;
            // No more has come since than in that time, so that the rest takes no longer either.
            let is_little = since.elapsed() <= Duration::from_millis(HAND_OVER_MS_MAX);
            if is_little || (differing > 0 && differing >= unsettled) {
                break;
            }
        }
        Ok(())
    }

    /// How far the log may be folded: as far as the live one has come, so that nothing has to be taken back.
    async fn goal(&self, live: Option<&Collection>) -> Result<GlobalPosition, PortError> {
        let Some(live) = live else { return patiently(|| self.log.head()).await };
        let progress = patiently(|| self.models.progress(live)).await?;
        Ok(progress.map(|progress| progress.position).unwrap_or_default())
    }

    /// The live one stands still at `held`.
    async fn take_over(
        &self,
        before: Generations,
        live: Option<&Collection>,
        filling: &mut Filling,
        held: GlobalPosition,
        report: Report<'_>,
    ) -> Result<RebuildOutcome, RebuildError> {
        // One that is not kept up to date may be far behind.
        let position = if live.is_some() { held } else { held.max(filling.position()) };
        let progress = self.live_progress(live, position).await?;
        report(filling.progress(Phase::CatchingUp, filling.position(), position));
        filling.fill(position, &told(report, Phase::CatchingUp)).await?;
        let comparison = self.compare(live, filling).await?;
        let hash = filling.store.hash().await?;
        filling.take_on(&progress).await?;
        let (generation, previous) = (filling.generation, before.live);
        let after = Generations { live: Some(generation), previous, newest: generation };
        patiently(|| self.models.promote(self.kind.name(), after)).await?;
        Ok(RebuildOutcome {
            generation,
            previous,
            position,
            events_folded: filling.events_folded,
            events_parked: filling.parking.events,
            held_ms: 0,
            hash,
            comparison,
        })
    }

    async fn compare(
        &self,
        live: Option<&Collection>,
        filling: &mut Filling,
    ) -> Result<Comparison, RebuildError> {
        let Some(live) = live else { return Ok(Comparison::OtherVersion) };
        let documents = filling.store.compare_again(live).await?;
        if documents == 0 {
            return Ok(Comparison::Same);
        }
        let first_key = filling.store.first_unsettled().cloned().unwrap_or_default();
        if self.is_forced {
            return Ok(Comparison::Forced { first_key });
        }
        Err(RebuildError::Differs { name: self.kind.name(), first_key, documents })
    }

    /// The checkpoint of the live one is worth as much for the new one, since both hold the same events by then.
    async fn live_progress(
        &self,
        live: Option<&Collection>,
        held: GlobalPosition,
    ) -> Result<Progress, RebuildError> {
        let Some(live) = live else { return Ok(progress_at(held)) };
        let progress = patiently(|| self.models.progress(live)).await?;
        let progress = progress.unwrap_or_else(|| progress_at(GlobalPosition(0)));
        if progress.position != held {
            return Err(RebuildError::NotHeld { said: held, actual: progress.position });
        }
        Ok(progress)
    }

    async fn drop_generation(&self, generation: u64) -> Result<(), RebuildError> {
        let collection = self.kind.collection(generation);
        patiently(|| self.models.drop_collection(&collection)).await?;
        let handler = handler_name(&collection);
        Ok(patiently(|| forget_letters(&*self.dead_letters, &handler)).await?)
    }
}

fn told(report: Report<'_>, phase: Phase) -> impl Fn(RebuildProgress) + Send + Sync + '_ {
    move |progress| report(RebuildProgress { phase, ..progress })
}
