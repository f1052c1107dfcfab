//! JPEG: ITU-T T.81, annex B, and the EXIF and Adobe segments.

use super::{Header, cut_short};
use crate::picture::{Failure, Format, Orientation, bytes::Endian};

const START_OF_SCAN: u8 = 0xDA;
const END_OF_IMAGE: u8 = 0xD9;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const APP14: u8 = 0xEE;
/// A progressive JPEG keeps its coefficients, each of two bytes, until the last scan.
const COEFFICIENT_BYTES: u64 = 2;
const BLOCK_SIDE_PIXELS: u64 = 8;

/// What a start-of-frame segment says.
struct Frame {
    width: u32,
    height: u32,
    /// Horizontal and vertical sampling factor of each component: one to four of them, each 1 to 4.
    samplings: Vec<(u64, u64)>,
    is_progressive: bool,
}

pub(super) fn read(bytes: &[u8]) -> Result<Header, Failure> {
    let mut frame = None;
    let mut exif = None;
    let mut adobe = false;
    let mut at = 2;
    loop {
        let (marker, segment, next) =
            next_segment(bytes, at).ok_or_else(|| cut_short(Format::Jpeg))?;
        match marker {
            START_OF_SCAN => {
                let frame = frame.ok_or_else(|| {
                    Failure::corrupt("the JPEG file has a scan but no size before it")
                })?;
                return Ok(header(&frame, segment, exif, adobe));
            }
            END_OF_IMAGE => {
                return Err(Failure::corrupt("the JPEG file ends before its first scan"));
            }
            APP1 if exif.is_none() && segment.starts_with(b"Exif\0\0") => exif = Some(segment),
            APP14 if segment.starts_with(b"Adobe") => adobe = true,
            0xC4 | 0xC8 | 0xCC => {}
            0xC0..=0xCF if frame.is_some() => {
                return Err(Failure::corrupt("the JPEG file has two sizes"));
            }
            0xC0..=0xCF => frame = Some(read_frame(marker, segment)?),
            _ => {}
        }
        at = next;
    }
}

/// The next marker at or after `at`, what its segment holds, and where the search goes on.
/// Stray bytes between segments are skipped, as all decoders do.
fn next_segment(bytes: &[u8], at: usize) -> Option<(u8, &[u8], usize)> {
    let mut at = at;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
        at += bytes.get(at..)?.iter().position(|byte| *byte != 0xFF)?;
        let marker = bytes[at];
        at += 1;
        match marker {
            // A stuffed byte, and markers that stand alone, hold nothing.
            0x00 | 0x01 | 0xD0..=0xD8 => {}
            END_OF_IMAGE => return Some((marker, &[], at)),
            _ => {
                let end = at + usize::from(Endian::Big.u16(bytes, at)?).max(2);
                return Some((marker, bytes.get(at + 2..end)?, end));
            }
        }
    }
}

/// The ICC profile of a JPEG file, put together from its segments (ICC.1:2010, annex B.4).
///
/// `None` when there is none, when a part of it is missing, or when it is longer than `bytes_max`. Nothing is allocated
/// beyond that.
#[must_use]
pub fn jpeg_profile(bytes: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
    let parts = profile_parts(bytes)?;
    let length: usize = parts.iter().map(|part| part.len()).sum();
    (!parts.is_empty() && length <= bytes_max).then(|| parts.concat())
}

/// Whether a JPEG file has no ICC profile, or one of which no part is missing or there twice.
#[must_use]
pub fn jpeg_profile_is_whole(bytes: &[u8]) -> bool {
    profile_parts(bytes).is_some()
}

/// The parts of the profile in their order, if they are one. Each tells its number, which begins at 1, and how many
/// there are.
fn profile_parts(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts: Vec<(u8, u8, &[u8])> = Vec::new();
    let mut at = 2;
    while let Some((marker, segment, next)) = next_segment(bytes, at) {
        match marker {
            START_OF_SCAN | END_OF_IMAGE => break,
            APP2 => {
                let part = segment.strip_prefix(b"ICC_PROFILE\0");
                if let Some([number, count, part @ ..]) = part {
                    parts.push((*number, *count, part));
                }
            }
            _ => {}
        }
        // No profile has more parts than a byte can count.
        if parts.len() > usize::from(u8::MAX) {
            return None;
        }
        at = next;
    }
    parts.sort_by_key(|(number, _, _)| *number);
    let count = u8::try_from(parts.len()).ok()?;
    let is_next = |(expected, part): (u8, &(u8, u8, &[u8]))| (part.0, part.1) == (expected, count);
    let is_complete = (1..=count).zip(&parts).all(is_next);
    is_complete.then(|| parts.into_iter().map(|(_, _, part)| part).collect())
}

fn read_frame(marker: u8, segment: &[u8]) -> Result<Frame, Failure> {
    let short = || cut_short(Format::Jpeg);
    // Huffman or arithmetic coding, sequential or progressive; the rest is lossless or hierarchical.
    if !matches!(marker, 0xC0..=0xC2 | 0xC9 | 0xCA) {
        return Err(Failure::unsupported(
            "the file is a lossless or hierarchical JPEG, which is not taken",
        ));
    }
    let depth_bits = *segment.first().ok_or_else(short)?;
    if depth_bits != 8 {
        return Err(Failure::unsupported(
            "the file is a JPEG of other than eight bits a channel, which is not taken",
        ));
    }
    let height = Endian::Big.u16(segment, 1).ok_or_else(short)?;
    let width = Endian::Big.u16(segment, 3).ok_or_else(short)?;
    let count = usize::from(*segment.get(5).ok_or_else(short)?);
    let components = segment.get(6..6 + 3 * count).ok_or_else(short)?;
    if !matches!(count, 1 | 3 | 4) {
        return Err(Failure::unsupported("the file is a JPEG without one, three or four channels"));
    }
    let samplings =
        components.chunks_exact(3).map(|component| (component[1] >> 4, component[1] & 15));
    let samplings: Vec<(u64, u64)> = samplings.map(|(h, v)| (h.into(), v.into())).collect();
    if samplings.iter().any(|(h, v)| !(1..=4).contains(h) || !(1..=4).contains(v)) {
        return Err(Failure::corrupt("the JPEG file has a sampling factor outside 1 to 4"));
    }
    let is_progressive = matches!(marker, 0xC2 | 0xCA);
    Ok(Frame { width: width.into(), height: height.into(), samplings, is_progressive })
}

fn header(frame: &Frame, scan: &[u8], exif: Option<&[u8]>, adobe: bool) -> Header {
    let channels = frame.samplings.len();
    let mut header = Header::still(Format::Jpeg, frame.width, frame.height, channels.max(3) as u64);
    // A first scan without all channels means that others follow, so coefficients are kept in this case too.
    let has_scans =
        frame.is_progressive || scan.first().is_some_and(|count| usize::from(*count) < channels);
    if has_scans {
        header.decode_bytes = header.decode_bytes.max(coefficient_bytes(frame));
    }
    header.orientation = exif.map(Orientation::from_exif_block).unwrap_or_default();
    header.adobe = adobe;
    header
}

fn coefficient_bytes(frame: &Frame) -> u64 {
    let widest = frame.samplings.iter().map(|(h, _)| *h).max().unwrap_or(1);
    let highest = frame.samplings.iter().map(|(_, v)| *v).max().unwrap_or(1);
    // The picture in minimum coded units, each of as many blocks of a component as its factors say.
    let columns = u64::from(frame.width).div_ceil(widest * BLOCK_SIDE_PIXELS);
    let rows = u64::from(frame.height).div_ceil(highest * BLOCK_SIDE_PIXELS);
    let blocks: u64 = frame.samplings.iter().map(|(h, v)| h * v).sum();
    columns * rows * blocks * BLOCK_SIDE_PIXELS * BLOCK_SIDE_PIXELS * COEFFICIENT_BYTES
}
