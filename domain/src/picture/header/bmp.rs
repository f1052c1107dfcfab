//! BMP: the header of OS/2 (12 bytes) and those of Windows (40 bytes and more).

use super::{Header, cut_short};
use crate::picture::{Failure, Format, bytes::Endian};

const FILE_HEADER_BYTES: usize = 14;
const OS2_HEADER_BYTES: u32 = 12;
const BYTES_PER_PIXEL: u64 = 4;

pub(super) fn read(bytes: &[u8]) -> Result<Header, Failure> {
    let (width, height) = size(bytes).ok_or_else(|| cut_short(Format::Bmp))?;
    Ok(Header::still(Format::Bmp, width, height, BYTES_PER_PIXEL))
}

fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let little = Endian::Little;
    if little.u32(bytes, FILE_HEADER_BYTES)? == OS2_HEADER_BYTES {
        return Some((little.u16(bytes, 18)?.into(), little.u16(bytes, 20)?.into()));
    }
    // Both are signed: a negative height means that rows go downward, a negative width means nothing.
    let width = little.u32(bytes, 18)?.cast_signed();
    let height = little.u32(bytes, 22)?.cast_signed();
    Some((u32::try_from(width).unwrap_or(0), height.unsigned_abs()))
}
