//! Confluent's wire format: a zero, the number of the schema, and the value.

const MAGIC: u8 = 0;
const HEAD_BYTES: usize = 5;

/// What stands before a value of schema `id`.
pub const fn frame(id: u32) -> [u8; HEAD_BYTES] {
    let [a, b, c, d] = id.to_be_bytes();
    [MAGIC, a, b, c, d]
}

/// The number of the schema, and the value; `None` when the bytes are in no such frame.
pub fn unframe(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (head, value) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    let [MAGIC, a, b, c, d] = *head else { return None };
    Some((u32::from_be_bytes([a, b, c, d]), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_tells_its_schema() {
        let bytes = [&frame(0x0102_0304)[..], b"value"].concat();
        assert_eq!(bytes[..5], [0, 1, 2, 3, 4]);
        assert_eq!(unframe(&bytes), Some((0x0102_0304, &b"value"[..])));
    }

    #[test]
    fn other_bytes_are_in_no_frame() {
        assert_eq!(unframe(b"{\"a\":1}"), None);
        assert_eq!(unframe(&[0, 0, 0, 1]), None);
    }
}
