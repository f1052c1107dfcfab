//! Looks on while a handler takes on progress: what lies before it must have taken effect or be parked.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Progress;
use ports::event::RecordedEvent;
use ports::event_log::EventLog;
use ports::handler::{EventHandler, HandleError};

use crate::diary::Diary;
use crate::stage::{all_of_the_log, parked_versions};

/// The diary, under supervision.
pub(crate) struct Witness {
    pub(crate) diary: Arc<Diary>,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) letters: Arc<dyn ports::dead_letter::DeadLetters>,
    /// The ids of events that a progress left behind. Kept, since the runner would take a panic for the handler's.
    pub(crate) losses: Mutex<BTreeSet<String>>,
}

impl Witness {
    async fn look(&self, events: &[RecordedEvent], progress: &Progress) {
        let given: BTreeSet<_> = events.iter().map(|event| event.position).collect();
        let mut due = all_of_the_log(&*self.log).await;
        due.retain(|event| event.position <= progress.position && !given.contains(&event.position));
        due.retain(|event| self.categories().contains(&event.stream.category.as_str()));
        for event in due {
            let version = event.version.0;
            let took_effect = self.diary.effects(&event.stream).contains(&version);
            let parked = parked_versions(&*self.letters, &event.stream).await.contains(&version);
            if !took_effect && !parked {
                self.losses.lock().expect("nobody panics with it in hand").insert(event.id());
            }
        }
    }
}

#[async_trait]
impl EventHandler for Witness {
    fn name(&self) -> &str {
        self.diary.name()
    }

    fn categories(&self) -> &[&'static str] {
        self.diary.categories()
    }

    async fn progress(&self) -> Result<Option<Progress>, PortError> {
        self.diary.progress().await
    }

    async fn handle(
        &self,
        events: &[RecordedEvent],
        progress: &Progress,
    ) -> Result<(), HandleError> {
        self.look(events, progress).await;
        self.diary.handle(events, progress).await
    }

    async fn replay(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        self.diary.replay(event).await
    }
}
