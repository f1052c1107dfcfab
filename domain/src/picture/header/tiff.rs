//! TIFF 6.0, section 8: the first directory. Further pages are not read.

use super::{Header, cut_short};
use crate::picture::{
    Failure, Format, Orientation, directory::Directory, orientation::ORIENTATION_TAG,
};

const IMAGE_WIDTH: u16 = 256;
const IMAGE_LENGTH: u16 = 257;
const BITS_PER_SAMPLE: u16 = 258;
const SAMPLES_PER_PIXEL: u16 = 277;
/// Beside the samples themselves: a strip may be as great as the picture, and then comes the eight-bit copy.
const WORK_BYTES_PER_PIXEL: u64 = 3;

pub(super) fn read(bytes: &[u8]) -> Result<Header, Failure> {
    let directory = Directory::first(bytes).ok_or_else(|| cut_short(Format::Tiff))?;
    let side =
        |tag| directory.number(tag).ok_or_else(|| Failure::corrupt("the TIFF file has no size"));
    let bits = u64::from(directory.number(BITS_PER_SAMPLE).unwrap_or(1));
    let samples = u64::from(directory.number(SAMPLES_PER_PIXEL).unwrap_or(1));
    let sample_bytes = bits.div_ceil(8).saturating_mul(samples);
    let bytes_per_pixel = sample_bytes.saturating_add(WORK_BYTES_PER_PIXEL);
    let mut header =
        Header::still(Format::Tiff, side(IMAGE_WIDTH)?, side(IMAGE_LENGTH)?, bytes_per_pixel);
    header.orientation =
        directory.number(ORIENTATION_TAG).and_then(Orientation::from_exif).unwrap_or_default();
    Ok(header)
}
