//! Reads event topics back by position, so that they can be compared with the log.
//!
//! ```text
//! positions rise within a partition:   … 17  19  24 │ 31  32 …
//!                                          the last range ended here, and the next one goes on
//! ```
//!
//! A record that is not in its place, such as a second one of an event, is remembered when it is met, and told with
//! the range that it belongs to.

mod record;
mod retention;
mod scan;
mod topic;

pub use record::{AuditedRecord, Digest, Held};

use ports::PortError;
use ports::stream::GlobalPosition;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::headers::RecordDecoder;
use crate::relay::{RelaySettings, committed_cursor};
use crate::settings::KafkaSettings;
use record::Auditor;
use topic::AuditedTopic;

/// The part of the log that the topics should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Up to here, retention may have taken everything. 0 where topics are kept for good, whatever they lack.
    pub after: GlobalPosition,
    /// Up to here, a relay has copied everything.
    pub through: GlobalPosition,
}

/// Reads the event topics of one relay. It belongs to no group and commits nothing.
pub struct TopicAuditReader {
    kafka: KafkaSettings,
    relay: RelaySettings,
    names: Vec<String>,
    auditor: Auditor,
    /// Opened when first asked for, and anew after a failure.
    topics: Mutex<Option<Vec<AuditedTopic>>>,
}

impl TopicAuditReader {
    /// Connects to nothing yet. `names` are the topics to which `relay` copies; `digest` makes of an event what is
    /// compared.
    pub fn new(
        kafka: KafkaSettings,
        relay: RelaySettings,
        names: Vec<String>,
        decoder: RecordDecoder,
        digest: Digest,
    ) -> Self {
        let auditor = Auditor { decoder, digest };
        Self { kafka, relay, names, auditor, topics: Mutex::default() }
    }

    /// What the topics should hold at the moment.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn extent(&self) -> Result<Extent, PortError> {
        // The cursor comes first: what retention takes in the meantime is behind `after` then.
        let (kafka, relay) = (self.kafka.clone(), self.relay.clone());
        let through = spawn_blocking(move || committed_cursor(&kafka, &relay)).await;
        let through =
            through.map_err(|panic| PortError::new("reading the relay's cursor", panic))??;
        let mut topics = self.topics.lock().await;
        let mut opened = self.opened(&mut topics).await?;
        let mut after = GlobalPosition(0);
        for topic in &mut opened {
            after = after.max(topic.taken_through(through).await?);
        }
        *topics = Some(opened);
        Ok(Extent { after, through })
    }

    /// What the topics hold of the positions after `after` and up to `through`, each record once.
    ///
    /// # Errors
    /// The cluster or the registry does not answer.
    pub async fn range(
        &self,
        after: GlobalPosition,
        through: GlobalPosition,
    ) -> Result<Vec<AuditedRecord>, PortError> {
        let mut topics = self.topics.lock().await;
        let mut opened = self.opened(&mut topics).await?;
        let mut found = Vec::new();
        for topic in &mut opened {
            found.extend(topic.range(after, through, &self.auditor).await?);
        }
        *topics = Some(opened);
        Ok(found)
    }

    /// Takes the topics out: only who succeeds puts them back.
    async fn opened(
        &self,
        topics: &mut Option<Vec<AuditedTopic>>,
    ) -> Result<Vec<AuditedTopic>, PortError> {
        if let Some(opened) = topics.take() {
            return Ok(opened);
        }
        let kept_for_good = retention::kept_for_good(&self.kafka, &self.names).await?;
        let mut opened = Vec::new();
        for (name, kept_for_good) in self.names.iter().zip(kept_for_good) {
            opened.push(AuditedTopic::open(&self.kafka, name, kept_for_good).await?);
        }
        Ok(opened)
    }
}
