//! Shows readers the generation of before again.

use ports::read_models::{Collection, Generations};
use ports::stream::GlobalPosition;

use super::filling::Filling;
use super::patience::patiently;
use super::{HoldLive, Rebuild, RebuildError};
use crate::generation::built_under;

impl Rebuild {
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
        let live = after.previous.map(|live| self.kind.collection(live));
        let progress = self.live_progress(live.as_ref(), held).await?;
        let known = patiently(|| self.models.progress(previous)).await?;
        let from = known.map(|progress| progress.position).unwrap_or_default();
        let mut filling = Filling::new(self, previous.generation, from);
        filling.parking.know_parked().await?;
        filling.fill(held, &|_| {}).await?;
        filling.take_on(&progress).await?;
        Ok(patiently(|| self.models.promote(self.kind.name(), after)).await?)
    }
}
