//! A defect in a projector that can be mended: until then some events cannot be folded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Progress;
use ports::event::RecordedEvent;
use ports::handler::{EventHandler, HandleError};

/// Whether the program still has it.
#[derive(Default)]
pub(crate) struct Defect {
    is_mended: AtomicBool,
    attempts: AtomicU32,
}

impl Defect {
    /// A new release is out.
    pub(crate) fn mend(&self) {
        self.is_mended.store(true, Ordering::SeqCst);
    }

    /// How often it showed.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::SeqCst)
    }
}

/// A projector, and which events it cannot fold until it is mended.
pub(crate) struct Defective {
    pub(crate) projector: Arc<dyn EventHandler>,
    pub(crate) affects: fn(&RecordedEvent) -> bool,
    pub(crate) defect: Arc<Defect>,
}

impl Defective {
    fn fold(&self, events: &[RecordedEvent]) -> Result<(), HandleError> {
        if self.defect.is_mended.load(Ordering::SeqCst) {
            return Ok(());
        }
        let Some(event) = events.iter().find(|event| (self.affects)(event)) else { return Ok(()) };
        self.defect.attempts.fetch_add(1, Ordering::SeqCst);
        let (position, reason) = (event.position, "the release of today divides by 0".to_owned());
        Err(HandleError::Poison { position, reason })
    }
}

#[async_trait]
impl EventHandler for Defective {
    fn name(&self) -> &str {
        self.projector.name()
    }

    fn categories(&self) -> &[&'static str] {
        self.projector.categories()
    }

    async fn progress(&self) -> Result<Option<Progress>, PortError> {
        self.projector.progress().await
    }

    async fn handle(
        &self,
        events: &[RecordedEvent],
        progress: &Progress,
    ) -> Result<(), HandleError> {
        self.fold(events)?;
        self.projector.handle(events, progress).await
    }

    async fn replay(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        self.fold(std::slice::from_ref(event))?;
        self.projector.replay(event).await
    }
}
