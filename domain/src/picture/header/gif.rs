//! GIF: the 89a specification, sections 17 to 27.

use super::{Header, cut_short};
use crate::picture::{Failure, Format, Limits, bytes::Endian};

const SCREEN_END: usize = 13;
const IMAGE_DESCRIPTOR: u8 = 0x2C;
const EXTENSION: u8 = 0x21;
const TRAILER: u8 = 0x3B;
/// The canvas that the first frame is drawn on.
const CANVAS_BYTES_PER_PIXEL: u64 = 3;

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Header, Failure> {
    let short = || cut_short(Format::Gif);
    let width = Endian::Little.u16(bytes, 6).ok_or_else(short)?;
    let height = Endian::Little.u16(bytes, 8).ok_or_else(short)?;
    let flags = *bytes.get(10).ok_or_else(short)?;
    let (frames, first) = count_frames(bytes, SCREEN_END + palette_bytes(flags), limits)?;
    let first = first.ok_or_else(|| Failure::corrupt("the GIF file holds no picture"))?;
    let header = Header::still(Format::Gif, width.into(), height.into(), CANVAS_BYTES_PER_PIXEL);
    // A frame is a byte for each pixel, and may be greater than its canvas.
    let decode_bytes = header.decode_bytes + first;
    Ok(Header { frames, decode_bytes, ..header })
}

/// Walks the blocks to the trailer, or to where the file ends: many a GIF lacks its trailer.
/// Counts one more than the limit at most. Tells the pixels of the first frame as well.
fn count_frames(
    bytes: &[u8],
    start: usize,
    limits: &Limits,
) -> Result<(u32, Option<u64>), Failure> {
    let (mut at, mut frames, mut first) = (start, 0, None);
    while frames <= limits.frames_max {
        let next = match bytes.get(at) {
            None | Some(&TRAILER) => break,
            Some(&EXTENSION) => skip_blocks(bytes, at + 2),
            Some(&IMAGE_DESCRIPTOR) => {
                let Some((width, height, start)) = image(bytes, at) else { break };
                limits.check_area(width.into(), height.into())?;
                first = first.or_else(|| Some(u64::from(width) * u64::from(height)));
                frames += 1;
                skip_blocks(bytes, start)
            }
            Some(_) => return Err(Failure::corrupt("the GIF file has an unknown block")),
        };
        let Some(next) = next else { break };
        at = next;
    }
    Ok((frames, first))
}

/// The size of a frame, and where its compressed blocks begin.
fn image(bytes: &[u8], at: usize) -> Option<(u16, u16, usize)> {
    let width = Endian::Little.u16(bytes, at + 5)?;
    let height = Endian::Little.u16(bytes, at + 7)?;
    let flags = *bytes.get(at + 9)?;
    // The byte between palette and blocks is the code size.
    Some((width, height, at + 10 + palette_bytes(flags) + 1))
}

fn palette_bytes(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << (usize::from(flags & 7) + 1) }
}

/// Where the blocks that begin at `at` end, each with its length before it and an empty one last.
fn skip_blocks(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}
