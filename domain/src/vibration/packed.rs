//! Many numbers in a compact form that keeps every bit: f32 little-endian, in text as base64.

use std::fmt;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::ser::Serializer;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SAMPLE_BYTES: usize = size_of::<f32>();

/// Bytes that are no whole number of floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes are no whole number of floats")]
pub struct CutOff {
    /// So many there are.
    pub bytes: usize,
}

/// Little-endian, four bytes each.
pub fn to_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// What [`to_bytes`] made.
pub fn from_bytes(bytes: &[u8]) -> Result<Vec<f32>, CutOff> {
    let (values, rest) = bytes.as_chunks::<SAMPLE_BYTES>();
    if rest.is_empty() {
        Ok(values.iter().copied().map(f32::from_le_bytes).collect())
    } else {
        Err(CutOff { bytes: bytes.len() })
    }
}

/// Writes samples: a base64 string (RFC 4648, padded) in text formats, bytes in binary ones.
pub(super) fn serialize<S: Serializer>(samples: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
    let bytes = to_bytes(samples);
    if serializer.is_human_readable() {
        serializer.serialize_str(&encode(&bytes))
    } else {
        serializer.serialize_bytes(&bytes)
    }
}

/// Reads what [`serialize`] wrote.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<f32>, D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_str(Packed)
    } else {
        deserializer.deserialize_byte_buf(Packed)
    }
}

struct Packed;

impl<'de> Visitor<'de> for Packed {
    type Value = Vec<f32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("samples as f32 little-endian, in base64 or as bytes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<f32>, E> {
        let bytes = decode(text).ok_or_else(|| E::custom("the samples are not base64"))?;
        self.visit_bytes(&bytes)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<f32>, E> {
        from_bytes(bytes).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<f32>, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = seq.next_element::<u8>()? {
            bytes.push(byte);
        }
        self.visit_bytes(&bytes)
    }
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits =
            (0..3).fold(0_u32, |bits, i| bits << 8 | u32::from(group.get(i).copied().unwrap_or(0)));
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) as usize & 0x3f;
            // A group of n bytes has n + 1 digits; the rest is padding.
            text.push(if digit <= group.len() { char::from(ALPHABET[index]) } else { '=' });
        }
    }
    text
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let (groups, rest) = text.as_bytes().as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for (i, group) in groups.iter().enumerate() {
        let padding = group.iter().rev().take_while(|digit| **digit == b'=').count();
        if padding > 2 || (padding > 0 && i + 1 < groups.len()) {
            return None;
        }
        let mut bits = 0_u32;
        for digit in &group[..4 - padding] {
            bits = bits << 6 | value_of(*digit)?;
        }
        bits <<= 6 * padding;
        bytes.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
    }
    Some(bytes)
}

fn value_of(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_test_vectors_of_rfc_4648_hold() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, coded) in vectors {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded).as_deref(), Some(plain.as_bytes()));
        }
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        for text in ["Z", "Zg=", "Zg==Zg==", "====", "Z===", "Zm9*", "Zm 9"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn bytes_that_were_cut_off_are_refused() {
        assert_eq!(from_bytes(&[0; 7]), Err(CutOff { bytes: 7 }));
    }

    proptest! {
        #[test]
        fn every_bit_comes_back(bits in proptest::collection::vec(any::<u32>(), 0..64)) {
            let samples: Vec<f32> = bits.iter().copied().map(f32::from_bits).collect();
            let text = serialize(&samples, serde_json::value::Serializer).unwrap();
            let back = deserialize(text).unwrap();
            let from_bytes = from_bytes(&to_bytes(&samples)).unwrap();
            for back in [back, from_bytes] {
                let back: Vec<u32> = back.into_iter().map(f32::to_bits).collect();
                prop_assert_eq!(&back, &bits);
            }
        }
    }
}
