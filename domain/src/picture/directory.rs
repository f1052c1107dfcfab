//! The directory of tags that TIFF files begin with, and EXIF blocks, which are TIFF files without a picture.

use super::bytes::Endian;

const ENTRY_BYTES: usize = 12;
/// Type codes of TIFF 6.0, section 2.
pub(super) const SHORT: u16 = 3;
pub(super) const LONG: u16 = 4;

/// The first image file directory of a TIFF file.
pub(super) struct Directory<'a> {
    tiff: &'a [u8],
    endian: Endian,
    entries: &'a [u8],
}

impl<'a> Directory<'a> {
    /// `None` when the file is no TIFF or its first directory lies outside the bytes.
    /// Entries beyond the end of the bytes are left out.
    pub(super) fn first(tiff: &'a [u8]) -> Option<Self> {
        let endian = match tiff.get(..4)? {
            b"II*\0" => Endian::Little,
            b"MM\0*" => Endian::Big,
            _ => return None,
        };
        let start = endian.u32(tiff, 4)? as usize;
        let count = usize::from(endian.u16(tiff, start)?);
        let rest = tiff.get(start..)?.get(2..)?;
        let entries = &rest[..rest.len().min(count * ENTRY_BYTES)];
        Some(Self { tiff, endian, entries })
    }

    /// The first number that the tag holds, when it holds short or long ones.
    pub(super) fn number(&self, tag: u16) -> Option<u32> {
        let (kind, count, entry) = self.entry(tag)?;
        // Numbers that fit into four bytes stand in the entry itself; else there is an offset to them.
        let inline = count.checked_mul(if kind == SHORT { 2 } else { 4 })? <= 4;
        let (from, at) =
            if inline { (entry, 8) } else { (self.tiff, self.endian.u32(entry, 8)? as usize) };
        match kind {
            SHORT => self.endian.u16(from, at).map(u32::from),
            LONG => self.endian.u32(from, at),
            _ => None,
        }
    }

    fn entry(&self, tag: u16) -> Option<(u16, u32, &'a [u8])> {
        let entry = self
            .entries
            .chunks_exact(ENTRY_BYTES)
            .find(|entry| self.endian.u16(entry, 0) == Some(tag))?;
        Some((self.endian.u16(entry, 2)?, self.endian.u32(entry, 4)?, entry))
    }
}
