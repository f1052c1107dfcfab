//! Acts on events: a projection or a processor.

use async_trait::async_trait;

use crate::PortError;
use crate::checkpoint::Progress;
use crate::event::RecordedEvent;
use crate::stream::GlobalPosition;

/// Who acts on events. The runner drives it and knows no more of it than this.
#[async_trait]
pub trait EventHandler: Send + Sync {
    /// Under which its progress and its dead letters are kept: `motors`.
    fn name(&self) -> &str;

    /// The categories that it wants; empty: all.
    fn categories(&self) -> &[&'static str];

    /// Where it left off.
    async fn progress(&self) -> Result<Option<Progress>, PortError>;

    /// Acts on `events` and takes on `progress`; both are [kept](crate) when it returns, the progress never before the
    /// effects. It may see any event again, and then changes nothing.
    ///
    /// When it fails, no event of the batch counts as handled, whatever was already done.
    async fn handle(
        &self,
        events: &[RecordedEvent],
        progress: &Progress,
    ) -> Result<(), HandleError>;

    /// Acts on one event that was parked, without taking on any progress.
    async fn replay(&self, event: &RecordedEvent) -> Result<(), HandleError>;
}

/// Why a handler could not act.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// This event cannot be handled, however often it is tried: its stream is parked.
    #[error("the event at position {position} cannot be handled: {reason}")]
    Poison {
        /// Which one.
        position: GlobalPosition,
        /// Why.
        reason: String,
    },
    /// The world did not answer. The events are blameless; trying again may help.
    #[error(transparent)]
    Unavailable(#[from] PortError),
}
