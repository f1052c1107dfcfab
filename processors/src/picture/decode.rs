//! Bytes to pixels. What cannot be decoded wholly is corrupt: half a picture is never passed on.

mod baseline;
mod gif;
mod jpeg;
mod other;
mod png;

use domain::picture::{Failure, Format, Header, Limits};

use super::raster::Raster;

/// What lay in a file.
pub(super) struct Decoded {
    /// At no less than the target.
    pub(super) raster: Raster,
    /// The ICC profile that tells what the colours look like.
    pub(super) profile: Option<Vec<u8>>,
}

/// A picture to decode.
pub(super) struct Task<'a> {
    /// The whole file.
    pub(super) bytes: &'a [u8],
    /// What was read from it.
    pub(super) header: &'a Header,
    /// The stored size of the greatest variant.
    pub(super) target: (u32, u32),
    pub(super) limits: &'a Limits,
    /// Asked between rows, where a decoder gives rows.
    pub(super) go_on: &'a dyn Fn() -> Result<(), Failure>,
}

/// A decoder makes a picture smaller block by block, or by means of squares, and both show: what is resampled afterwards has
/// to be greater than the target by this much, in quarters. With less, variants were up to 0.7 points of SSIMULACRA2 worse.
const SPARE_QUARTERS_MIN: u32 = 5;

impl Task<'_> {
    /// How great a picture must be that was made smaller while it was decoded.
    pub(super) fn to_cover(&self) -> (u32, u32) {
        let spare = |side: u32| (side * SPARE_QUARTERS_MIN).div_ceil(4);
        (spare(self.target.0), spare(self.target.1))
    }
}

/// Decodes the picture, at no less than its target.
pub(super) fn decode(task: &Task<'_>) -> Result<Decoded, Failure> {
    match task.header.format {
        Format::Jpeg => jpeg::decode(task),
        Format::Png => png::decode(task),
        Format::Gif => gif::decode(task),
        Format::Webp | Format::Bmp | Format::Tiff => other::decode(task),
    }
}

/// Whoever decodes must see the size that was checked against the limits.
fn confirm(header: &Header, width: u32, height: u32) -> Result<(), Failure> {
    if (width, height) != (header.width, header.height) {
        return Err(Failure::corrupt("the file claims two sizes"));
    }
    Ok(())
}
