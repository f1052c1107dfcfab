//! The log as it comes by Kafka: one consumer for all subscriptions of the process, and the log itself as the safety net.
//!
//! ```text
//! partitions ──▶ TailReader ──▶ Reorder ──▶ Ring (newest events, dense positions)
//!                    │ what is missing          │ once the next position is in it
//!                    ▼                          ▼
//!                EventLog ─────────────▶ LiveSubscription
//!                          older positions, and all of them while Kafka is silent
//!
//! Where few events come, the reader takes them from the log before Kafka brings them; what Kafka brings then is known.
//! ```
//!
//! Positions have no gaps. So a subscription that has come as far as `p` goes on with `p + 1`, from wherever it can be
//! had: nothing is skipped when it changes over, and what never comes by Kafka is seen to be missing.

mod ahead;
pub(crate) mod partitions;
mod reader;
mod reorder;
mod ring;
mod subscription;
mod tail;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use reader::{DecodeRecord, Decoded, TailReader, TailReaderSettings};
pub use ring::RingBounds;
pub use subscription::LiveSubscriptions;
pub use tail::{Source, Tail, TailSettings, TailStatus};
