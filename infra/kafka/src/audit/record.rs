//! A record of an event topic, as far as it is compared.

use std::sync::Arc;

use ports::PortError;
use ports::event::RecordedEvent;
use ports::stream::GlobalPosition;
use rdkafka::message::{BorrowedMessage, Message};

use crate::headers::{Record, RecordDecoder, reference_of};
use crate::relay::chain;

/// What is compared of an event.
pub type Digest = Arc<dyn Fn(&RecordedEvent) -> String + Send + Sync>;

/// A record, in short.
#[derive(Clone, Debug)]
pub struct AuditedRecord {
    /// Of its event, as the headers say.
    pub position: GlobalPosition,
    /// Where it is: `motor.events.v1-0@17`.
    pub place: String,
    /// What it holds.
    pub held: Held,
}

/// What a record holds.
#[derive(Clone, Debug)]
pub enum Held {
    /// The event.
    Event {
        /// Of the event, as the record says.
        event_id: String,
        /// What the digest made of it.
        digest: String,
    },
    /// What the headers say of an event whose data stays in the log; here it is `null`.
    Reference(Box<RecordedEvent>),
    /// Nobody can tell.
    Unreadable {
        /// Why not.
        fault: String,
    },
}

/// Makes them.
pub(super) struct Auditor {
    pub(super) decoder: RecordDecoder,
    pub(super) digest: Digest,
}

impl Auditor {
    /// Fails only while the registry does not answer.
    pub(super) async fn audit(
        &self,
        record: &BorrowedMessage<'_>,
        position: GlobalPosition,
    ) -> Result<AuditedRecord, PortError> {
        let (headers, key) = (record.headers(), record.key());
        let place = format!("{}-{}@{}", record.topic(), record.partition(), record.offset());
        let decoded = self.decoder.decode(headers, key, record.payload()).await;
        let held = match decoded {
            Ok(Record::Event(event)) => {
                Ok(Held::Event { event_id: event.id(), digest: (self.digest)(&event) })
            }
            Ok(Record::InLog { .. }) => {
                reference_of(headers, key).map(|event| Held::Reference(Box::new(event)))
            }
            Err(error) => Err(error),
        };
        let held = match held {
            Ok(held) => held,
            Err(error) if error.may_pass() => {
                return Err(PortError::new(format!("decoding {place}"), error));
            }
            Err(error) => Held::Unreadable { fault: chain(&error) },
        };
        Ok(AuditedRecord { position, place, held })
    }
}
