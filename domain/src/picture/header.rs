//! Reads what a picture's header claims, and checks it against the limits.

mod bmp;
mod gif;
mod jpeg;
mod png;
mod tiff;
mod webp;

pub use jpeg::{jpeg_profile, jpeg_profile_is_whole};

use super::{Failure, Format, Limits, Orientation, sniff};

/// What a header claims. It may lie: who decodes must find the same size again, or call the file corrupt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// By the first bytes alone.
    pub format: Format,
    /// Width in pixels, as stored: before the orientation is applied.
    pub width: u32,
    /// Height in pixels, as stored: before the orientation is applied.
    pub height: u32,
    /// How the stored pixels must be turned to stand upright; upright when the file does not say.
    pub orientation: Orientation,
    /// Frames of an animation, counted no further than one beyond [`Limits::frames_max`]; 1 for a still picture.
    pub frames: u32,
    /// Memory that decoding the whole picture needs at its peak, in bytes: an estimate on the safe side.
    pub decode_bytes: u64,
    /// True for a JPEG with Adobe's segment: if it has four channels, they hold paper left white, not ink.
    pub adobe: bool,
}

impl Header {
    /// Width and height as seen: after the orientation is applied.
    #[must_use]
    pub const fn upright_size(&self) -> (u32, u32) {
        if self.orientation.swaps_sides() {
            (self.height, self.width)
        } else {
            (self.width, self.height)
        }
    }

    /// Width times height.
    #[must_use]
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    fn still(format: Format, width: u32, height: u32, bytes_per_pixel: u64) -> Self {
        let mut header = Self {
            format,
            width,
            height,
            orientation: Orientation::Upright,
            frames: 1,
            decode_bytes: 0,
            adobe: false,
        };
        header.decode_bytes = header.pixels().saturating_mul(bytes_per_pixel);
        header
    }
}

/// Reads the header of the whole file `bytes` and checks it against `limits`.
///
/// Takes one pass over the chunks of the file at most, allocates nothing but the answer, and never panics.
/// Refuses with `too_large`, `unsupported_format`, `corrupt` or `too_many_pixels`: all of them permanent.
/// That a header is fine does not mean that the pixels are.
pub fn inspect(bytes: &[u8], limits: &Limits) -> Result<Header, Failure> {
    limits.check_body(bytes.len())?;
    let format = sniff(bytes)?;
    let header = match format {
        Format::Jpeg => jpeg::read(bytes),
        Format::Png => png::read(bytes),
        Format::Webp => webp::read(bytes, limits),
        Format::Gif => gif::read(bytes, limits),
        Format::Bmp => bmp::read(bytes),
        Format::Tiff => tiff::read(bytes),
    }?;
    limits.check_header(&header)?;
    Ok(header)
}

/// The header ends before what it promised.
fn cut_short(format: Format) -> Failure {
    Failure::corrupt(format!("the {} file is cut short", format.name()))
}

#[cfg(test)]
mod tests;
