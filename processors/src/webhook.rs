//! Tells those who asked how image tasks ended.
//!
//! ```text
//! image: completed, failed …  ──Announcer──▶ notification: announced ──Schedule──▶ Sender ──▶ post, signed
//! notification: subscribed    ─┘                             ▲                        │
//!                                                            └── delivered, failed ◀──┘
//! ```
//!
//! The truth is the log: what is announced and not delivered is known from the events of the notification, and a
//! process that starts anew goes on from there. A message may be sent twice, never not at all, and never before the
//! one in front of it was taken or given up.

mod announcer;
mod call;
mod message;
mod schedule;
mod sender;
mod signature;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::backoff::Backoff;
use crate::one_by_one::OneByOne;
use crate::{Dependencies, Processor, Service};

pub use announcer::Announcer;
pub use schedule::Schedule;
pub use sender::Sender;
pub use signature::{KeyError, SigningKey};

/// As which the processor is known.
pub const NAME: &str = "webhooks";

/// The processor of notifications.
pub fn processor(dependencies: &Dependencies, settings: WebhookSettings) -> Processor {
    let schedule = Arc::new(Schedule::new(dependencies));
    let announcer = Announcer::new(dependencies, &settings);
    let announcer = OneByOne::new(announcer, Arc::clone(&dependencies.checkpoints));
    // Nothing is sent that could not be told from a forgery; it waits until there is a key.
    let services = if settings.keys.is_empty() {
        vec![]
    } else {
        let sender = Sender::new(dependencies, Arc::clone(&schedule), settings);
        vec![Service::new("webhook-sender", sender, Sender::run)]
    };
    Processor {
        name: NAME,
        handlers: vec![Arc::new(announcer), schedule],
        services,
        duties: vec![],
        dropped: None,
    }
}

/// How those who asked are told.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Every message is signed with each of them: the new one first, and old ones for as long as receivers know them.
    pub keys: Vec<SigningKey>,
    /// Who is told of tasks for which nobody else is.
    pub url: Option<String>,
    /// What happened longer ago is not told to [`url`](Self::url), so that a new one is not told the whole history, in
    /// seconds. 7 days.
    pub age_s_max: f64,
    /// So many messages at a time. 16.
    pub concurrency: usize,
    /// So many attempts, the first one included. 15, which takes most of a day.
    pub attempts_max: u32,
    /// How long to wait between two attempts. From 5 seconds, up to 6 hours.
    pub retry: Backoff,
    /// How long messages in hand may take once the process is to stop, in seconds. 10.
    pub grace_s: f64,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            url: None,
            age_s_max: 7.0 * 86_400.0,
            concurrency: 16,
            attempts_max: 15,
            retry: Backoff { first_s: 5.0, max_s: 21_600.0 },
            grace_s: 10.0,
        }
    }
}
