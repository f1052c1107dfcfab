//! What a picture may ask of us. All of it is checked before a pixel is decoded.

use serde::{Deserialize, Serialize};

use super::{Failure, Header, failure::Code};

/// The bounds of one picture. The defaults let through what cameras and telephones make.
///
/// Of an animation only the first frame is drawn, whatever `frames_max` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of the uploaded file. 25 MB.
    pub body_bytes_max: u64,
    /// Width times height, as the header claims them. 50 megapixels.
    pub pixels_max: u64,
    /// The longer side. 16 384, beyond which decoders and browsers differ.
    pub side_pixels_max: u32,
    /// Frames that an animation may hold. 1 000: beyond that it is a film or an attack.
    pub frames_max: u32,
    /// Memory for decoding, by [`Header::decode_bytes`]. 360 MB: enough for 50 megapixels of JPEG, also progressive, of
    /// PNG, GIF and lossy WebP; 45 megapixels of lossless WebP, 32 of lossy WebP with alpha, 24 of an animation.
    pub decode_bytes_max: u64,
    /// Scans in a progressive JPEG. 100; cameras and editors write about ten, a bomb writes thousands,
    /// each of which costs a pass over the whole picture.
    pub scans_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 25_000_000,
            pixels_max: 50_000_000,
            side_pixels_max: 16_384,
            frames_max: 1_000,
            decode_bytes_max: 360_000_000,
            scans_max: 100,
        }
    }
}

impl Limits {
    pub(super) fn check_body(&self, body_bytes: usize) -> Result<(), Failure> {
        let body_bytes_max = self.body_bytes_max;
        if body_bytes as u64 > body_bytes_max {
            let detail =
                format!("the file has {body_bytes} bytes; at most {body_bytes_max} are taken");
            return Err(Failure::new(Code::TooLarge, detail));
        }
        Ok(())
    }

    pub(super) fn check_area(&self, width: u32, height: u32) -> Result<(), Failure> {
        let Self { pixels_max, side_pixels_max, .. } = self;
        if width == 0 || height == 0 {
            return Err(Failure::corrupt(format!("the header claims {width} x {height} pixels")));
        }
        if u64::from(width) * u64::from(height) > *pixels_max {
            let detail = format!("{width} x {height} is more than {pixels_max} pixels");
            return Err(Failure::too_many_pixels(detail));
        }
        if width.max(height) > *side_pixels_max {
            let detail =
                format!("a side of {width} x {height} is longer than {side_pixels_max} pixels");
            return Err(Failure::too_many_pixels(detail));
        }
        Ok(())
    }

    pub(super) fn check_header(&self, header: &Header) -> Result<(), Failure> {
        let Self { frames_max, decode_bytes_max, .. } = self;
        self.check_area(header.width, header.height)?;
        if header.frames > *frames_max {
            return Err(Failure::too_many_pixels(format!(
                "the animation has more than {frames_max} frames"
            )));
        }
        let decode_bytes = header.decode_bytes;
        if decode_bytes > *decode_bytes_max {
            let detail = format!(
                "decoding would take {decode_bytes} bytes of memory; at most {decode_bytes_max} are given"
            );
            return Err(Failure::too_many_pixels(detail));
        }
        Ok(())
    }
}
