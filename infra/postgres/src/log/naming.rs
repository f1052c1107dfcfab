//! Which stream a row belongs to, whoever wrote it.
//!
//! ```text
//! aggregate_type   aggregate_id                             stream
//! motor            018f3c5e-0000-7000-8000-000000000000     motor-018f3c5e-0000-7000-8000-000000000000
//! motor            pump house                               motor-<UUIDv5 of type and id>
//! Billing/v2       anything                                 foreign-<UUIDv5 of type and id>
//! ```
//! Different rows never share a stream, and a stream keeps its name for good.

use ports::stream::StreamName;
use uuid::Uuid;

use crate::error::Unstorable;

/// The category of aggregates whose type cannot be one.
pub(crate) const FOREIGN: &str = "foreign";

/// A namespace of our own: the `UUIDv5` of `atalaya:foreign-stream` in the namespace of URLs.
const NAMESPACE: Uuid = Uuid::from_u128(0x2687_d155_e499_5eb6_8fea_41ec_24e4_66ec);

/// The stream of a row.
pub(super) fn stream(aggregate_type: &str, aggregate_id: &str) -> StreamName {
    if !is_category(aggregate_type) {
        return StreamName::new(FOREIGN, derived(aggregate_type, aggregate_id));
    }
    let id = canonical(aggregate_id).unwrap_or_else(|| derived(aggregate_type, aggregate_id));
    StreamName::new(aggregate_type, id)
}

/// Where a stream of ours is stored.
pub(super) fn columns(stream: &StreamName) -> Result<(String, String), Unstorable> {
    if !is_category(&stream.category) {
        return Err(Unstorable(format!("{:?} is no category", stream.category)));
    }
    Ok((stream.category.clone(), stream.id.to_string()))
}

fn is_category(aggregate_type: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_lowercase() || c == b'_';
    !aggregate_type.is_empty() && aggregate_type.bytes().all(allowed)
}

/// Another spelling of an id is another key of the table, and so another stream.
fn canonical(aggregate_id: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(aggregate_id).ok()?;
    let mut buffer = Uuid::encode_buffer();
    (id.hyphenated().encode_lower(&mut buffer) == aggregate_id).then_some(id)
}

fn derived(aggregate_type: &str, aggregate_id: &str) -> Uuid {
    // No text of the database contains a null character.
    Uuid::new_v5(&NAMESPACE, format!("{aggregate_type}\0{aggregate_id}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018f3c5e-0000-7000-8000-000000000000";

    #[test]
    fn a_stream_of_ours_is_found_where_it_was_put() {
        let ours = StreamName::new("motor", ID.parse().unwrap());
        let (aggregate_type, aggregate_id) = columns(&ours).unwrap();
        assert_eq!(stream(&aggregate_type, &aggregate_id), ours);
    }

    #[test]
    fn every_row_of_a_foreign_writer_belongs_to_a_stream_that_can_be_written_and_read() {
        for (aggregate_type, aggregate_id) in
            [("motor", "pump house"), ("Motor", ID), ("", ""), ("a-b", "c"), ("motor", "")]
        {
            let stream = stream(aggregate_type, aggregate_id);
            assert_eq!(stream.to_string().parse(), Ok(stream), "{aggregate_type} {aggregate_id}");
        }
    }

    #[test]
    fn rows_of_different_aggregates_are_in_different_streams() {
        let upper = ID.to_uppercase();
        let simple = ID.replace('-', "");
        let rows = [
            ("motor", ID),
            ("motor", &upper),
            ("motor", &simple),
            ("Motor", ID),
            ("Motor", &upper),
            ("a", "b"),
            ("A", "b"),
        ];
        let mut streams: Vec<_> = rows.iter().map(|(kind, id)| stream(kind, id)).collect();
        streams.sort();
        streams.dedup();
        assert_eq!(streams.len(), rows.len());
    }
}
