//! Many `f32` as a blob, little-endian: every bit is kept, at four bytes each.

use crate::error::Unstorable;

const BYTES: usize = size_of::<f32>();

pub(super) fn to_blob(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub(super) fn from_blob(blob: &[u8]) -> Result<Vec<f32>, Unstorable> {
    let (values, rest) = blob.as_chunks::<BYTES>();
    if rest.is_empty() {
        Ok(values.iter().copied().map(f32::from_le_bytes).collect())
    } else {
        Err(Unstorable(format!("{} bytes are no whole number of floats", blob.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_comes_back() {
        let values = [0.0, -0.0, f32::MIN_POSITIVE, -1.5e-39, f32::MAX, f32::NEG_INFINITY];
        let back = from_blob(&to_blob(&values)).unwrap();
        assert_eq!(back.map_bits(), values.to_vec().map_bits());
    }

    #[test]
    fn a_blob_that_was_cut_off_is_refused() {
        assert!(from_blob(&[0; 7]).is_err());
    }

    trait MapBits {
        fn map_bits(self) -> Vec<u32>;
    }

    impl MapBits for Vec<f32> {
        fn map_bits(self) -> Vec<u32> {
            self.into_iter().map(f32::to_bits).collect()
        }
    }
}
