//! What waits to be told, and the fold that keeps it in order.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Message, NotificationEvent};
use crate::time::Timestamp;

/// A notification as its events tell it.
///
/// Its messages are told one after the other, in the order of the task's versions: behind one that was given up the
/// others wait. A new message gives all of them another chance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    url: Option<String>,
    /// The version of the image task up to which everything was announced.
    announced: u64,
    waiting: VecDeque<Message>,
    /// The last message that was taken: all that can be sent again.
    taken: Option<Message>,
    /// How often the first one that waits was tried.
    attempts: u32,
    retry_at: Option<Timestamp>,
    is_parked: bool,
}

/// The message whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due<'a> {
    /// What is to be told.
    pub message: &'a Message,
    /// Which attempt this will be, from 1.
    pub attempt: u32,
    /// Not before this time; `None`: at once.
    pub at: Option<Timestamp>,
}

impl Notification {
    /// Who asked to be told, if somebody did.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The version of the image task up to which everything was announced.
    pub const fn announced(&self) -> u64 {
        self.announced
    }

    /// The message that is to be sent next; `None` when none waits, or they were given up.
    pub fn due(&self) -> Option<Due<'_>> {
        let message = self.waiting.front().filter(|_| !self.is_parked)?;
        Some(Due { message, attempt: self.attempts + 1, at: self.retry_at })
    }

    /// Something waits and was not tried yet.
    pub(super) fn is_fresh(&self) -> bool {
        !self.waiting.is_empty() && self.attempts == 0 && !self.is_parked
    }

    /// What a replay begins with.
    pub(super) fn replayable(&self) -> Option<&Message> {
        self.waiting.front().or(self.taken.as_ref())
    }

    pub(super) fn fold(&mut self, event: NotificationEvent) {
        match event {
            NotificationEvent::Subscribed(subscription) => self.url = Some(subscription.url),
            NotificationEvent::Announced(message) => {
                self.announced = message.task_version;
                self.waiting.push_back(message);
                if self.is_parked {
                    self.begin_anew();
                }
            }
            NotificationEvent::Delivered(_) => {
                self.taken = self.waiting.pop_front();
                self.begin_anew();
            }
            NotificationEvent::AttemptFailed(failure) => {
                (self.attempts, self.retry_at) = (failure.attempt, failure.retry_at);
            }
            NotificationEvent::Parked { .. } => self.is_parked = true,
            NotificationEvent::ReplayRequested { .. } => {
                if self.waiting.is_empty() {
                    self.waiting.extend(self.taken.take());
                }
                self.begin_anew();
            }
        }
    }

    fn begin_anew(&mut self) {
        (self.attempts, self.retry_at, self.is_parked) = (0, None, false);
    }
}
