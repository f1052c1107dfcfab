//! Pixels to JPEG.

use domain::picture::{Code, Failure};
use turbojpeg::{Compressor, Error, Image, PixelFormat, Subsamp};

use super::orient::{CHANNELS, Sheet};

/// On libjpeg's scale of 1 to 100.
pub(super) const QUALITY: i32 = 80;

/// A baseline JPEG with half the colour resolution in both directions, Huffman tables made for it, and no metadata.
pub(super) fn encode(upright: &Sheet<'_>) -> Result<Vec<u8>, Failure> {
    let mut compressor = Compressor::new().map_err(internal)?;
    compressor.set_quality(QUALITY).map_err(internal)?;
    compressor.set_subsamp(Subsamp::Sub2x2).map_err(internal)?;
    compressor.set_optimize(true).map_err(internal)?;
    let width = upright.width as usize;
    let image = Image {
        pixels: &*upright.rgb,
        width,
        pitch: width * CHANNELS,
        height: upright.height as usize,
        format: PixelFormat::RGB,
    };
    compressor.compress_to_vec(image).map_err(internal)
}

fn internal(error: Error) -> Failure {
    Failure::new(Code::Internal, format!("encoding failed: {error}"))
}
