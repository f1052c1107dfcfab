//! WebP: RFC 9649 for the container and the lossless form, RFC 6386 for the lossy one.

use super::{Header, cut_short};
use crate::picture::{
    Failure, Format, Limits, Orientation,
    bytes::{Endian, u24_le},
};

const RIFF_HEADER_BYTES: usize = 12;
const CHUNK_HEADER_BYTES: usize = 8;
/// A frame's place, size, duration and flags, before its own chunks.
const FRAME_HEADER_BYTES: usize = 16;
/// What decoding needs: brightness and colour, and then the pixels.
const LOSSY_BYTES_PER_PIXEL: u64 = 5;
/// Pixels with alpha, and a copy without.
const LOSSLESS_BYTES_PER_PIXEL: u64 = 8;
/// As the lossy form with alpha in its pixels, and the alpha itself in the lossless form.
const LOSSY_ALPHA_BYTES_PER_PIXEL: u64 = 11;
/// A frame, the canvas that it is drawn on, and a copy of that.
const ANIMATION_BYTES_PER_PIXEL: u64 = 15;

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Header, Failure> {
    let bytes = riff(bytes)?;
    let (mut at, mut canvas, mut orientation, mut frames) =
        (RIFF_HEADER_BYTES, None, Orientation::Upright, 0_u32);
    let mut bytes_per_pixel = LOSSY_BYTES_PER_PIXEL;
    while at < bytes.len() {
        let (kind, content, next) = chunk(bytes, at).ok_or_else(|| cut_short(Format::Webp))?;
        match kind {
            b"VP8X" | b"VP8 " | b"VP8L" => {
                let size = size(kind, content)?;
                agree(*canvas.get_or_insert(size), size)?;
                bytes_per_pixel = bytes_per_pixel.max(chunk_bytes_per_pixel(kind));
            }
            b"ALPH" => bytes_per_pixel = bytes_per_pixel.max(LOSSY_ALPHA_BYTES_PER_PIXEL),
            b"ANMF" => {
                check_frame(content, limits)?;
                bytes_per_pixel = ANIMATION_BYTES_PER_PIXEL;
                frames = frames.saturating_add(1);
            }
            b"EXIF" => orientation = Orientation::from_exif_block(content),
            _ => {}
        }
        if frames > limits.frames_max {
            break;
        }
        at = next;
    }
    let (width, height) = canvas.ok_or_else(|| Failure::corrupt("the WebP file has no size"))?;
    let header = Header::still(Format::Webp, width, height, bytes_per_pixel);
    Ok(Header { orientation, frames: frames.max(1), ..header })
}

fn chunk_bytes_per_pixel(kind: &[u8]) -> u64 {
    if kind == b"VP8L" { LOSSLESS_BYTES_PER_PIXEL } else { LOSSY_BYTES_PER_PIXEL }
}

/// The file up to where its first line says that it ends.
fn riff(bytes: &[u8]) -> Result<&[u8], Failure> {
    let length = Endian::Little.u32(bytes, 4).map(|length| length as usize);
    let end = length.and_then(|length| length.checked_add(CHUNK_HEADER_BYTES));
    // Some writers leave out the padding of an odd last chunk.
    let end = end.map(|end| if end == bytes.len() + 1 { bytes.len() } else { end });
    end.and_then(|end| bytes.get(..end)).ok_or_else(|| cut_short(Format::Webp))
}

/// A picture inside that is greater than its canvas is a trap for whoever believed the canvas.
fn agree(canvas: (u32, u32), inside: (u32, u32)) -> Result<(), Failure> {
    if inside.0 > canvas.0 || inside.1 > canvas.1 {
        return Err(Failure::corrupt("the WebP file holds a picture greater than its canvas"));
    }
    Ok(())
}

fn check_frame(content: &[u8], limits: &Limits) -> Result<(), Failure> {
    let short = || cut_short(Format::Webp);
    let side = |at| u24_le(content, at).map(|side| side + 1).ok_or_else(short);
    let frame = (side(6)?, side(9)?);
    limits.check_area(frame.0, frame.1)?;
    let mut at = FRAME_HEADER_BYTES;
    while at < content.len() {
        let (kind, picture, next) = chunk(content, at).ok_or_else(short)?;
        if matches!(kind, b"VP8 " | b"VP8L") {
            agree(frame, size(kind, picture)?)?;
        }
        at = next;
    }
    Ok(())
}

fn size(kind: &[u8], content: &[u8]) -> Result<(u32, u32), Failure> {
    let size = match kind {
        b"VP8X" => u24_le(content, 4)
            .zip(u24_le(content, 7))
            .map(|(width, height)| (width + 1, height + 1)),
        b"VP8L" => lossless_size(content),
        _ => lossy_size(content),
    };
    size.ok_or_else(|| Failure::corrupt("the WebP file has an unreadable size"))
}

fn lossless_size(content: &[u8]) -> Option<(u32, u32)> {
    if *content.first()? != 0x2F {
        return None;
    }
    let sides = Endian::Little.u32(content, 1)?;
    Some(((sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1))
}

fn lossy_size(content: &[u8]) -> Option<(u32, u32)> {
    let is_key_frame = content.first()? & 1 == 0;
    if !is_key_frame || content.get(3..6)? != [0x9D, 0x01, 0x2A] {
        return None;
    }
    // The upper two bits are for display and scale nothing here.
    let side = |at| Endian::Little.u16(content, at).map(|side| u32::from(side & 0x3FFF));
    side(6).zip(side(8))
}

/// The type and content of the chunk at `at`, and where the next one begins.
fn chunk(bytes: &[u8], at: usize) -> Option<(&[u8], &[u8], usize)> {
    let length = Endian::Little.u32(bytes, at + 4)? as usize;
    let start = at + CHUNK_HEADER_BYTES;
    let end = start.checked_add(length)?;
    Some((bytes.get(at..at + 4)?, bytes.get(start..end)?, end.checked_add(length % 2)?))
}
