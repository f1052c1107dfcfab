//! PNG: W3C PNG third edition, sections 5 and 11.

use super::{Header, cut_short};
use crate::picture::{Failure, Format, Orientation, bytes::Endian};

const SIGNATURE_BYTES: usize = 8;
/// Length, type and checksum.
const CHUNK_FRAME_BYTES: usize = 12;
/// What is kept of a picture that comes row by row: three channels of eight bits at most.
const KEPT_BYTES: u64 = 3;

pub(super) fn read(bytes: &[u8]) -> Result<Header, Failure> {
    let short = || cut_short(Format::Png);
    let (kind, first, mut at) = chunk(bytes, SIGNATURE_BYTES).ok_or_else(short)?;
    if kind != b"IHDR" {
        return Err(Failure::corrupt("the PNG file does not begin with its header"));
    }
    let mut header = read_first(first)?;
    loop {
        let (kind, content, next) = chunk(bytes, at).ok_or_else(short)?;
        match kind {
            b"eXIf" => header.orientation = Orientation::from_exif_block(content),
            b"acTL" => header.frames = Endian::Big.u32(content, 0).unwrap_or(1).max(1),
            b"IEND" => return Ok(header),
            _ => {}
        }
        at = next;
    }
}

fn read_first(content: &[u8]) -> Result<Header, Failure> {
    let short = || cut_short(Format::Png);
    let width = Endian::Big.u32(content, 0).ok_or_else(short)?;
    let height = Endian::Big.u32(content, 4).ok_or_else(short)?;
    let depth_bits = *content.get(8).ok_or_else(short)?;
    let channels = match content.get(9).ok_or_else(short)? {
        // Each may have a transparent colour, which becomes alpha.
        0 | 4 => 2,
        2 | 3 | 6 => 4,
        _ => return Err(Failure::corrupt("the PNG file has an unknown colour type")),
    };
    let depth_bytes = match depth_bits {
        1 | 2 | 4 | 8 => 1,
        16 => 2,
        _ => return Err(Failure::corrupt("the PNG file has an unknown depth")),
    };
    // An interlaced picture is known row by row only when it is there as a whole.
    let is_interlaced = *content.get(12).ok_or_else(short)? != 0;
    let whole_bytes = if is_interlaced { channels * depth_bytes } else { 0 };
    Ok(Header::still(Format::Png, width, height, whole_bytes + KEPT_BYTES))
}

/// The type and content of the chunk at `at`, and where the next one begins.
fn chunk(bytes: &[u8], at: usize) -> Option<(&[u8], &[u8], usize)> {
    let length = Endian::Big.u32(bytes, at)? as usize;
    let next = at.checked_add(length)?.checked_add(CHUNK_FRAME_BYTES)?;
    let whole = bytes.get(at..next)?;
    Some((&whole[4..8], &whole[8..8 + length], next))
}
