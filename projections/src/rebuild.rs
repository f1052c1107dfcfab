//! A projection from the beginning of the log, beside the live one, then in its place.
//!
//! ```text
//! begin ── fold the log to its head ── hold the live one ── catch up ── compare ── promote ── release
//!          (readers see the old generation all the while)                └─ different: refused
//! ```
//!
//! Nothing but documents comes of it: projections have no effects that a rebuild could repeat.

mod compare;
mod filling;
mod patience;

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
use tokio::time::sleep;

use self::compare::first_difference;
use self::filling::{Filling, forget_letters};
use self::patience::patiently;
use crate::generation::{begin, built_under};
use crate::kind::ProjectionKind;
use crate::live::LIVE_CACHE_MS;
use crate::projector::handler_name;

pub use compare::{CollectionHash, document_hash, hash};

/// How far the rebuild may be behind when it asks the live one to stand still.
const HAND_OVER_EVENTS_MAX: u64 = 1_000;

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
    /// The live one stands still, and the rest is folded.
    CatchingUp,
    /// Both are read and compared.
    Comparing,
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
        "the rebuilt `{name}` differs from the live one under the same version, beginning with `{first_key}` \
         ({rebuilt} instead of {live})"
    )]
    Differs { name: &'static str, first_key: String, live: CollectionHash, rebuilt: CollectionHash },
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
        let mut filling = self.filling(generation, GlobalPosition(0));
        self.fold_to_head(&mut filling, report).await?;
        let held = patiently(|| hold.hold()).await?;
        let swapped = self.take_over(before, &mut filling, held, report).await;
        hold.release().await;
        if let (Ok(_), Some(older)) = (&swapped, before.previous) {
            // By then no reader can take it for the live one any more.
            sleep(Duration::from_millis(2 * LIVE_CACHE_MS)).await;
            self.drop_generation(older).await?;
        }
        swapped
    }

    /// Lets readers see the previous generation again, caught up to where the live one stands.
    ///
    /// # Errors
    /// There is none, it was built under another version, or the store did not answer.
    pub async fn roll_back(&self, hold: &dyn HoldLive) -> Result<Generations, RebuildError> {
        let name = self.kind.name();
        let before = patiently(|| self.models.generations(name)).await?;
        let (Some(live), Some(previous)) = (before.live, before.previous) else {
            return Err(RebuildError::NoPrevious(name));
        };
        let collection = self.kind.collection(previous);
        let version = patiently(|| built_under(&*self.models, &collection)).await?;
        if version != Some(self.kind.version()) {
            return Err(RebuildError::PreviousOutdated(name));
        }
        let held = patiently(|| hold.hold()).await?;
        let after = Generations { live: Some(previous), previous: Some(live), ..before };
        let swapped = self.go_back(after, &collection, held).await;
        hold.release().await;
        swapped.map(|()| after)
    }

    async fn go_back(
        &self,
        after: Generations,
        previous: &Collection,
        held: GlobalPosition,
    ) -> Result<(), RebuildError> {
        let progress = self.live_progress(after.previous, held).await?;
        let known = patiently(|| self.models.progress(previous)).await?;
        let from = known.map(|progress| progress.position).unwrap_or_default();
        let mut filling = self.filling(previous.generation, from);
        filling.know_parked().await?;
        filling.fill(held, Some(&progress), &|_| {}).await?;
        Ok(patiently(|| self.models.promote(self.kind.name(), after)).await?)
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

    async fn fold_to_head(
        &self,
        filling: &mut Filling,
        report: Report<'_>,
    ) -> Result<(), RebuildError> {
        loop {
            let head = patiently(|| self.log.head()).await?;
            if head.0 - filling.position().0 <= HAND_OVER_EVENTS_MAX {
                return Ok(());
            }
            filling.fill(head, None, &told(report, Phase::Folding)).await?;
        }
    }

    /// The live one stands still at `held`.
    async fn take_over(
        &self,
        before: Generations,
        filling: &mut Filling,
        held: GlobalPosition,
        report: Report<'_>,
    ) -> Result<RebuildOutcome, RebuildError> {
        let progress = self.live_progress(before.live, held).await?;
        let generation = filling.generation;
        filling.fill(held, Some(&progress), &told(report, Phase::CatchingUp)).await?;
        report(filling.progress(Phase::Comparing, held));
        let rebuilt = self.kind.collection(generation);
        let hash = patiently(|| hash(&*self.models, &rebuilt)).await?;
        let comparison = self.compare(before.live, &rebuilt, &hash).await?;
        let after =
            Generations { live: Some(generation), previous: before.live, newest: generation };
        patiently(|| self.models.promote(self.kind.name(), after)).await?;
        let (events_folded, events_parked) = (filling.events_folded, filling.events_parked);
        let previous = before.live;
        Ok(RebuildOutcome {
            generation,
            previous,
            position: held,
            events_folded,
            events_parked,
            hash,
            comparison,
        })
    }

    async fn compare(
        &self,
        live: Option<u64>,
        rebuilt: &Collection,
        rebuilt_hash: &CollectionHash,
    ) -> Result<Comparison, RebuildError> {
        let Some(live) = live else { return Ok(Comparison::OtherVersion) };
        let live = self.kind.collection(live);
        if patiently(|| built_under(&*self.models, &live)).await? != Some(self.kind.version()) {
            return Ok(Comparison::OtherVersion);
        }
        let live_hash = patiently(|| hash(&*self.models, &live)).await?;
        if live_hash == *rebuilt_hash {
            return Ok(Comparison::Same);
        }
        let first = patiently(|| first_difference(&*self.models, &live, rebuilt)).await?;
        let first_key = first.unwrap_or_default();
        if self.is_forced {
            return Ok(Comparison::Forced { first_key });
        }
        let (name, rebuilt) = (self.kind.name(), rebuilt_hash.clone());
        Err(RebuildError::Differs { name, first_key, live: live_hash, rebuilt })
    }

    /// The checkpoint of the live one is worth as much for the new one, since both hold the same events by then.
    async fn live_progress(
        &self,
        live: Option<u64>,
        held: GlobalPosition,
    ) -> Result<Progress, RebuildError> {
        let Some(live) = live else { return Ok(progress_at(held)) };
        let collection = self.kind.collection(live);
        let progress = patiently(|| self.models.progress(&collection)).await?;
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

    fn filling(&self, generation: u64, from: GlobalPosition) -> Filling {
        Filling::new(self, generation, from)
    }
}

fn told(report: Report<'_>, phase: Phase) -> impl Fn(RebuildProgress) + Send + Sync + '_ {
    move |progress| report(RebuildProgress { phase, ..progress })
}
