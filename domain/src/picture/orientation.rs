//! How a picture must be turned to stand upright, and where EXIF says so.

use super::directory::Directory;

/// EXIF 2.32, section 4.6.4; the same as in TIFF 6.0, section 8.
pub(super) const ORIENTATION_TAG: u16 = 0x0112;

/// What has to be done to the stored pixels so that the picture stands upright. The discriminant is EXIF's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Orientation {
    /// Nothing.
    #[default]
    Upright = 1,
    /// Left and right change places.
    FlipHorizontal = 2,
    /// A half turn.
    Rotate180 = 3,
    /// Top and bottom change places.
    FlipVertical = 4,
    /// Rows become columns: mirrored at the main diagonal.
    Transpose = 5,
    /// A quarter turn clockwise.
    Rotate90 = 6,
    /// Mirrored at the other diagonal.
    Transverse = 7,
    /// A quarter turn counter-clockwise.
    Rotate270 = 8,
}

impl Orientation {
    /// In the order of EXIF's values, which begin at 1.
    pub const ALL: [Self; 8] = [
        Self::Upright,
        Self::FlipHorizontal,
        Self::Rotate180,
        Self::FlipVertical,
        Self::Transpose,
        Self::Rotate90,
        Self::Transverse,
        Self::Rotate270,
    ];

    /// `None` for a value that EXIF does not know.
    #[must_use]
    pub fn from_exif(value: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|orientation| *orientation as u32 == value)
    }

    /// True when width and height change places.
    #[must_use]
    pub const fn swaps_sides(self) -> bool {
        matches!(self, Self::Transpose | Self::Rotate90 | Self::Transverse | Self::Rotate270)
    }

    /// From an EXIF block, which is a small TIFF file, with or without its `Exif\0\0` before it.
    ///
    /// Anything unreadable counts as upright: a picture is not lost for a bad tag.
    pub(super) fn from_exif_block(block: &[u8]) -> Self {
        let tiff = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
        read_orientation(tiff).unwrap_or_default()
    }
}

fn read_orientation(tiff: &[u8]) -> Option<Orientation> {
    let directory = Directory::first(tiff)?;
    Orientation::from_exif(directory.number(ORIENTATION_TAG)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::directory::{LONG, SHORT};

    fn exif(order: &[u8; 2], kind: u16, value: u16) -> Vec<u8> {
        let little = order == b"II";
        let u16 = |n: u16| if little { n.to_le_bytes() } else { n.to_be_bytes() };
        let u32 = |n: u32| if little { n.to_le_bytes() } else { n.to_be_bytes() };
        let mut block = b"Exif\0\0".to_vec();
        block.extend(order);
        block.extend(u16(42));
        block.extend(u32(8));
        block.extend(u16(1));
        block.extend(u16(ORIENTATION_TAG));
        block.extend(u16(kind));
        block.extend(u32(1));
        if kind == LONG {
            block.extend(u32(value.into()))
        } else {
            block.extend([u16(value), [0; 2]].concat())
        }
        block
    }

    #[test]
    fn all_eight_values_are_read_in_both_byte_orders_and_both_widths() {
        for (value, orientation) in (1..).zip(Orientation::ALL) {
            for order in [b"II", b"MM"] {
                for kind in [SHORT, LONG] {
                    assert_eq!(
                        Orientation::from_exif_block(&exif(order, kind, value)),
                        orientation
                    );
                }
            }
        }
    }

    #[test]
    fn a_block_without_its_prefix_is_read_too() {
        let block = exif(b"MM", SHORT, 6);
        assert_eq!(Orientation::from_exif_block(&block[6..]), Orientation::Rotate90);
    }

    #[test]
    fn values_and_types_that_exif_does_not_know_count_as_upright() {
        for block in [
            exif(b"II", SHORT, 0),
            exif(b"II", SHORT, 9),
            exif(b"II", 2, 6),
            vec![],
            b"Exif\0\0".to_vec(),
        ] {
            assert_eq!(Orientation::from_exif_block(&block), Orientation::Upright);
        }
    }

    #[test]
    fn a_block_cut_anywhere_counts_as_upright() {
        let block = exif(b"II", SHORT, 6);
        for cut in 0..block.len() - 4 {
            assert_eq!(
                Orientation::from_exif_block(&block[..cut]),
                Orientation::Upright,
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn a_directory_that_claims_to_lie_beyond_the_end_is_not_followed() {
        let mut block = exif(b"II", SHORT, 6);
        block[10..14].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Orientation::from_exif_block(&block), Orientation::Upright);
    }
}
