//! Records for the live feed: whatever cannot be decoded is in the log.

use async_trait::async_trait;
use rdkafka::message::{BorrowedMessage, Message};

use super::decode::position_of;
use super::{Record, RecordDecoder};
use crate::live::{DecodeRecord, Decoded};
use crate::relay::chain;

#[async_trait]
impl DecodeRecord for RecordDecoder {
    async fn decode(&self, record: &BorrowedMessage<'_>) -> Decoded {
        match Self::decode(self, record.headers(), record.key(), record.payload()).await {
            Ok(Record::Event(event)) => Decoded::Event(*event),
            Ok(Record::InLog { position }) => Decoded::InLog { position: position.0, fault: None },
            Err(error) => match position_of(record.headers()) {
                Some(position) => {
                    Decoded::InLog { position: position.0, fault: Some(chain(&error)) }
                }
                None => Decoded::Unknown { fault: chain(&error) },
            },
        }
    }
}
