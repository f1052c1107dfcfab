//! Pixels to files.

use domain::picture::{Code, Encoding, Failure};
use turbojpeg::{Compressor, Error, Image, PixelFormat, Subsamp};
use webp::{Encoder, WebPConfig, WebPEncodingError};

use super::orient::{CHANNELS, Sheet};

/// Of a JPEG, on libjpeg's scale of 1 to 100.
const JPEG_QUALITY: i32 = 80;
/// Of a WebP, on libwebp's scale of 0 to 100: by SSIMULACRA2 one photo comes out a point better than the JPEG, another a
/// point worse.
const WEBP_QUALITY: u8 = 83;
/// How hard libwebp tries, from 0 to 6; 4 is its default.
const WEBP_METHOD: u8 = 4;

/// What tells files of the same pixels apart.
pub(super) fn quality(encoding: Encoding) -> String {
    match encoding {
        Encoding::Jpeg => JPEG_QUALITY.to_string(),
        Encoding::Webp => format!("{WEBP_QUALITY}-{WEBP_METHOD}"),
    }
}

/// The file, without any metadata.
pub(super) fn encode(upright: &Sheet<'_>, encoding: Encoding) -> Result<Vec<u8>, Failure> {
    match encoding {
        Encoding::Jpeg => jpeg(upright).map_err(|error| internal(&error)),
        Encoding::Webp => webp(upright),
    }
}

/// A baseline JPEG with half the colour resolution in both directions and Huffman tables made for it.
fn jpeg(upright: &Sheet<'_>) -> Result<Vec<u8>, Error> {
    let mut compressor = Compressor::new()?;
    compressor.set_quality(JPEG_QUALITY)?;
    compressor.set_subsamp(Subsamp::Sub2x2)?;
    compressor.set_optimize(true)?;
    let width = upright.width as usize;
    let image = Image {
        pixels: &*upright.rgb,
        width,
        pitch: width * CHANNELS,
        height: upright.height as usize,
        format: PixelFormat::RGB,
    };
    compressor.compress_to_vec(image)
}

/// A lossy WebP. One thread writes it: what others add would be other bytes.
fn webp(upright: &Sheet<'_>) -> Result<Vec<u8>, Failure> {
    let mut config = WebPConfig::new().map_err(|()| internal(&"libwebp is of another version"))?;
    config.quality = f32::from(WEBP_QUALITY);
    config.method = i32::from(WEBP_METHOD);
    let encoder = Encoder::from_rgb(&upright.rgb, upright.width, upright.height);
    let file = encoder.encode_advanced(&config).map_err(|error| match error {
        WebPEncodingError::VP8_ENC_ERROR_OUT_OF_MEMORY
        | WebPEncodingError::VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY => {
            Failure::new(Code::OutOfMemory, "encoding the WebP takes more memory than there is")
        }
        other => internal(&format_args!("{other:?}")),
    })?;
    Ok(file.to_vec())
}

fn internal(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Code::Internal, format!("encoding failed: {error}"))
}
