//! Which notifications have something to send, and when: in memory, and made anew from the log at each start.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::time::Timestamp;
use ports::PortError;
use ports::checkpoint::{Checkpoints, Progress};
use ports::clock::Clock;
use ports::event::RecordedEvent;
use ports::handler::{EventHandler, HandleError};
use tokio::sync::watch;
use uuid::Uuid;

use crate::Dependencies;

const NAME: &str = "webhook-schedule";
/// Before a notification is looked at again whose last look broke.
const BROKEN_DELAY_S: f64 = 10.0;

/// Follows the events of notifications, and knows which of them are to be looked at.
///
/// Its progress is a low mark: the log up to there has nothing more to send. So a process that starts anew sees every
/// event again that it must see, and few others.
pub struct Schedule {
    checkpoints: Arc<dyn Checkpoints>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changes: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    open: HashMap<Uuid, Open>,
    /// Where the last batch ended: what lies before the next one.
    seen: Option<Progress>,
}

/// A notification with something to send, as far as is known.
struct Open {
    /// What lies before the event that opened it; `None`: nothing.
    before: Option<Progress>,
    due_at: Timestamp,
    /// Somebody looks at it at this moment.
    in_hand: bool,
    /// Something happened meanwhile.
    again: bool,
}

/// What a look at a notification showed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Next {
    /// There is nothing to send.
    Nothing,
    /// It is to be looked at again then.
    At(Timestamp),
}

impl Schedule {
    /// Keeps its low mark behind `dependencies`.
    pub fn new(dependencies: &Dependencies) -> Self {
        let Dependencies { checkpoints, clock, .. } = dependencies.clone();
        Self { checkpoints, clock, state: Mutex::default(), changes: watch::channel(()).0 }
    }

    /// Tells of changes to what is due.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// At most `turns_max` notifications that are due, the longest due first, and when the next one is due.
    pub(super) fn take(self: &Arc<Self>, turns_max: usize) -> (Vec<Turn>, Option<Timestamp>) {
        let now = self.clock.now();
        let mut state = self.state();
        let mut waiting: Vec<(Timestamp, Uuid)> = state
            .open
            .iter()
            .filter(|(_, open)| !open.in_hand)
            .map(|(task_id, open)| (open.due_at, *task_id))
            .collect();
        waiting.sort_unstable();
        let due = waiting.iter().take(turns_max).take_while(|(due_at, _)| *due_at <= now).count();
        let next = waiting.get(due).map(|(due_at, _)| *due_at);
        let turns = waiting[..due].iter().map(|(_, task_id)| {
            if let Some(open) = state.open.get_mut(task_id) {
                (open.in_hand, open.again) = (true, false);
            }
            Turn { task_id: *task_id, schedule: Arc::clone(self), next: None }
        });
        (turns.collect(), next)
    }

    /// Held for one step, never across an await; a panic in between leaves nothing half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is sent or found wanting is told by whoever sends; what is to be sent comes from elsewhere.
    fn see(&self, event: &RecordedEvent) {
        if !matches!(event.event_type.as_str(), "announced" | "replay_requested") {
            return;
        }
        let now = self.clock.now();
        let mut state = self.state();
        let before = state.seen.clone();
        let open = state.open.entry(event.stream.id);
        let open = open.or_insert(Open { before, due_at: now, in_hand: false, again: false });
        (open.due_at, open.again) = (now, true);
    }

    fn end(&self, task_id: Uuid, next: Next) {
        let mut state = self.state();
        let Some(open) = state.open.get_mut(&task_id) else { return };
        open.in_hand = false;
        match next {
            _ if open.again => open.due_at = self.clock.now(),
            Next::At(due_at) => open.due_at = due_at,
            Next::Nothing => _ = state.open.remove(&task_id),
        }
        drop(state);
        self.changes.send_replace(());
    }

    /// Up to where the log has nothing more to send, now that it was read up to `seen`; `None`: it may have from its
    /// beginning on.
    fn advance(&self, seen: &Progress) -> Option<Progress> {
        let mut state = self.state();
        state.seen = Some(seen.clone());
        let mut low = Some(seen);
        for open in state.open.values() {
            let position = |progress: Option<&Progress>| progress.map(|it| it.position);
            if position(open.before.as_ref()) < position(low) {
                low = open.before.as_ref();
            }
        }
        low.cloned()
    }
}

/// One look at one notification: nobody else looks at it meanwhile.
pub(super) struct Turn {
    pub(super) task_id: Uuid,
    schedule: Arc<Schedule>,
    next: Option<Next>,
}

impl Turn {
    /// Ends the turn with what it showed.
    pub(super) fn end(mut self, next: Next) {
        self.next = Some(next);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let later = || Next::At(self.schedule.clock.now().plus_seconds(BROKEN_DELAY_S));
        let next = self.next.unwrap_or_else(later);
        self.schedule.end(self.task_id, next);
    }
}

#[async_trait]
impl EventHandler for Schedule {
    fn name(&self) -> &str {
        NAME
    }

    fn categories(&self) -> &[&'static str] {
        &["notification"]
    }

    async fn progress(&self) -> Result<Option<Progress>, PortError> {
        let low = self.checkpoints.load(NAME).await?;
        self.state().seen.clone_from(&low);
        Ok(low)
    }

    async fn handle(
        &self,
        events: &[RecordedEvent],
        progress: &Progress,
    ) -> Result<(), HandleError> {
        events.iter().for_each(|event| self.see(event));
        if let Some(low) = self.advance(progress) {
            self.checkpoints.save(NAME, &low).await?;
        }
        self.changes.send_replace(());
        Ok(())
    }

    async fn replay(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        self.see(event);
        self.changes.send_replace(());
        Ok(())
    }
}
