//! What lies under a key of the cache.
//!
//! ```text
//! V00000000000000000017B{"name":"P-101"}    the document as of position 17
//! V00000000000000000018D                    it was removed at position 18
//! V00000000000000000000A                    there is none
//! V00000000000000000019X                    it is too large for the cache
//! L<who>-<number>                           a reader fetches it
//! ```
//!
//! Positions have 20 digits, so that comparing them as texts compares them as numbers.

use bytes::Bytes;
use ports::read_models::WrittenDocument;
use ports::stream::GlobalPosition;
use serde_json::Value;
use serde_json::value::RawValue;

const VALUE: u8 = b'V';
const LEASE: u8 = b'L';
const DIGITS: usize = 20;

/// What a reader learns from the cache.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Entry {
    /// The document, or its tombstone.
    Known(WrittenDocument),
    /// There is no document.
    Absent,
    /// Only the store can tell, and nobody is to put it here.
    AskStore,
    /// Nothing is there.
    Missing,
}

impl Entry {
    /// What the bytes under a key say. What cannot be read is as good as too large.
    pub(crate) fn read(bytes: Option<Bytes>) -> Self {
        match bytes {
            None => Self::Missing,
            Some(bytes) => Self::value(&bytes).unwrap_or(Self::AskStore),
        }
    }

    fn value(bytes: &Bytes) -> Option<Self> {
        let (digits, rest) = bytes.strip_prefix(&[VALUE])?.split_at_checked(DIGITS)?;
        let position = GlobalPosition(str::from_utf8(digits).ok()?.parse().ok()?);
        let document = |body| Self::Known(WrittenDocument { position, body });
        match rest {
            [b'B', json @ ..] => {
                // Whoever hands it on relies on its being JSON.
                serde_json::from_slice::<&RawValue>(json).ok()?;
                Some(document(Some(bytes.slice_ref(json))))
            }
            [b'D'] => Some(document(None)),
            [b'A'] => Some(Self::Absent),
            _ => None,
        }
    }
}

/// A document, or its tombstone.
pub(crate) fn document(
    position: GlobalPosition,
    body: Option<&Value>,
    bytes_max: usize,
) -> Vec<u8> {
    let Some(body) = body else { return value(position, b'D') };
    let mut bytes = value(position, b'B');
    serde_json::to_writer(&mut bytes, body).expect("JSON values can be written as JSON");
    if bytes.len() > bytes_max { value(position, b'X') } else { bytes }
}

/// That there is none: lower than any position, so that whatever is written replaces it.
pub(crate) fn absent() -> Vec<u8> {
    value(GlobalPosition(0), b'A')
}

/// For the script that puts: whatever is older than this is to go.
pub(crate) fn outdated_below(position: GlobalPosition) -> Vec<u8> {
    value(position, b'-')
}

/// The place of an entry, taken by one reader.
pub(crate) fn lease(token: &str) -> Vec<u8> {
    [&[LEASE], token.as_bytes()].concat()
}

fn value(position: GlobalPosition, kind: u8) -> Vec<u8> {
    let mut bytes = format!("V{:020}", position.0).into_bytes();
    bytes.push(kind);
    bytes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BYTES_MAX: usize = 64;

    fn read(bytes: &[u8]) -> Entry {
        Entry::read(Some(Bytes::copy_from_slice(bytes)))
    }

    fn known(position: u64, body: Option<Value>) -> Entry {
        Entry::Known(WrittenDocument::of(GlobalPosition(position), body.as_ref()))
    }

    #[test]
    fn an_entry_says_what_was_put() {
        for position in [1, 17, u64::MAX] {
            let of = GlobalPosition(position);
            let body = json!({ "n": 15.0, "most": u64::MAX });
            assert_eq!(read(&document(of, Some(&body), BYTES_MAX)), known(position, Some(body)));
            assert_eq!(read(&document(of, None, BYTES_MAX)), known(position, None));
        }
        assert_eq!(read(&absent()), Entry::Absent);
        assert_eq!(Entry::read(None), Entry::Missing);
    }

    #[test]
    fn what_is_too_large_or_leased_or_unreadable_is_asked_of_the_store() {
        let large =
            document(GlobalPosition(3), Some(&json!({ "text": "x".repeat(64) })), BYTES_MAX);
        for bytes in [
            &large[..],
            &lease("1-1"),
            b"",
            b"V",
            b"V00000000000000000017",
            b"V00000000000000000017B{\"name\":",
            b"V0000000000000000001xB{}",
        ] {
            assert_eq!(read(bytes), Entry::AskStore);
        }
    }
}
