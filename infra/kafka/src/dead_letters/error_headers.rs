//! Why a record is on a dead-letter topic, as Kafka Connect and Spring say it.

use rdkafka::message::{Header, Headers, OwnedHeaders};

/// Text values.
const CONNECT: &str = "__connect.errors.";
/// Numbers are big-endian bytes.
const SPRING: &str = "kafka_dlt-";
/// Brokers take no endless headers; a reason is cut.
const REASON_BYTES_MAX: usize = 4_096;

/// Who could not act on a record, and why.
#[derive(Clone, Debug)]
pub struct Failure<'a> {
    /// The handler: `motor_list`.
    pub handler: &'a str,
    /// The kind of failure, as a name that does not change: `undecodable`.
    pub kind: &'a str,
    /// What happened.
    pub reason: &'a str,
}

/// Where the record was. What is not known is not said.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// On which topic.
    pub topic: &'a str,
    /// In which partition, at which offset.
    pub place: Option<(i32, i64)>,
    /// When it was written, in milliseconds since the epoch.
    pub at_ms: Option<i64>,
}

/// `headers` and both families.
pub(super) fn with_error_headers(
    headers: OwnedHeaders,
    origin: Origin<'_>,
    failure: &Failure<'_>,
) -> OwnedHeaders {
    let reason = cut(failure.reason);
    let mut all = Writer(headers)
        .text(CONNECT, "topic", origin.topic)
        .text(CONNECT, "connector.name", "atalaya")
        .text(CONNECT, "task.id", failure.handler)
        .text(CONNECT, "stage", "HANDLER")
        .text(CONNECT, "class.name", failure.handler)
        .text(CONNECT, "exception.class.name", failure.kind)
        .text(CONNECT, "exception.message", reason)
        .text(SPRING, "original-topic", origin.topic)
        .text(SPRING, "original-consumer-group", failure.handler)
        .text(SPRING, "exception-fqcn", failure.kind)
        .text(SPRING, "exception-message", reason);
    if let Some((partition, offset)) = origin.place {
        all = all
            .text(CONNECT, "partition", &partition.to_string())
            .text(CONNECT, "offset", &offset.to_string())
            .bytes(SPRING, "original-partition", &partition.to_be_bytes())
            .bytes(SPRING, "original-offset", &offset.to_be_bytes());
    }
    if let Some(at_ms) = origin.at_ms {
        all = all.bytes(SPRING, "original-timestamp", &at_ms.to_be_bytes()).text(
            SPRING,
            "original-timestamp-type",
            "CreateTime",
        );
    }
    all.0
}

/// The headers that the record had before it was parked: for whoever sends it on its way again.
pub fn without_error_headers(headers: &impl Headers) -> OwnedHeaders {
    let ours = |key: &str| key.starts_with(CONNECT) || key.starts_with(SPRING);
    let others = headers.iter().filter(|header| !ours(header.key));
    others.fold(OwnedHeaders::new(), OwnedHeaders::insert)
}

fn cut(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)]
}

struct Writer(OwnedHeaders);

impl Writer {
    fn text(self, family: &str, name: &str, value: &str) -> Self {
        self.bytes(family, name, value.as_bytes())
    }

    fn bytes(self, family: &str, name: &str, value: &[u8]) -> Self {
        Self(self.0.insert(Header { key: &format!("{family}{name}"), value: Some(value) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_is_there_after_the_reason_is_taken_off() {
        let original = OwnedHeaders::new()
            .insert(Header { key: "ce_id", value: Some("motor-1/1") })
            .insert(Header { key: "nothing", value: None::<&str> });
        let origin = Origin { topic: "motor.events.v1", place: Some((2, 41)), at_ms: Some(7) };
        let reason = "ß".repeat(REASON_BYTES_MAX);
        let failure = Failure { handler: "motor_list", kind: "undecodable", reason: &reason };
        let parked = with_error_headers(original.clone(), origin, &failure);
        let find =
            |key: &str| parked.iter().find(|header| header.key == key).unwrap().value.unwrap();
        assert_eq!(find("__connect.errors.offset"), b"41");
        assert_eq!(find("kafka_dlt-original-offset"), 41_i64.to_be_bytes());
        assert_eq!(find("kafka_dlt-exception-message").len(), REASON_BYTES_MAX);
        let told = |headers: &OwnedHeaders| -> Vec<_> {
            let each = |header: Header<'_, &[u8]>| {
                (header.key.to_owned(), header.value.map(<[u8]>::to_vec))
            };
            headers.iter().map(each).collect()
        };
        assert_eq!(told(&without_error_headers(&parked)), told(&original));
    }
}
