//! JPEG: baseline that becomes much smaller through our own decoder, all else through libjpeg-turbo.

use domain::picture::{Code, Failure, Header, jpeg_profile};
use turbojpeg::{Colorspace, Decompressor, Error, Image, PixelFormat, ScalingFactor};

use super::{Decoded, Task, baseline, confirm};
use crate::picture::colour::PROFILE_BYTES_MAX;
use crate::picture::raster::{Channels, Raster};

/// The powers of two, from the least work to the most. Other eighths cost about as much as the next power.
const SCALES: [ScalingFactor; 3] =
    [ScalingFactor::ONE_EIGHTH, ScalingFactor::ONE_QUARTER, ScalingFactor::ONE_HALF];

pub(super) fn decode(task: &Task<'_>) -> Result<Decoded, Failure> {
    let raster = match baseline::decode(task)? {
        Some(raster) => raster,
        None => by_library(task)?,
    };
    Ok(Decoded { raster, profile: jpeg_profile(task.bytes, PROFILE_BYTES_MAX) })
}

fn by_library(task: &Task<'_>) -> Result<Raster, Failure> {
    let Task { bytes, header, .. } = *task;
    let mut decompressor = Decompressor::new().map_err(failure)?;
    decompressor.set_scan_limit(task.limits.scans_max).map_err(failure)?;
    let found = decompressor.read_header(bytes).map_err(failure)?;
    confirm(header, side(found.width), side(found.height))?;
    let scale = scale(header, task.to_cover());
    decompressor.set_scaling_factor(scale).map_err(failure)?;
    let scaled = found.scaled(scale);
    let (channels, format) = match found.colorspace {
        Colorspace::Gray => (Channels::Grey, PixelFormat::GRAY),
        Colorspace::CMYK | Colorspace::YCCK => {
            (Channels::Inks { is_paper: header.adobe }, PixelFormat::CMYK)
        }
        _ => (Channels::Colour, PixelFormat::RGB),
    };
    let pitch = scaled.width * channels.count();
    let mut pixels = vec![0; pitch * scaled.height];
    let image = Image {
        pixels: pixels.as_mut_slice(),
        width: scaled.width,
        pitch,
        height: scaled.height,
        format,
    };
    // Warnings come back as errors: what is cut short or damaged is filled with grey, and that is no picture.
    decompressor.decompress(bytes, image).map_err(failure)?;
    let covered = (exact(header.width, scale), exact(header.height, scale));
    Ok(Raster { width: side(scaled.width), height: side(scaled.height), channels, pixels, covered })
}

/// The smallest scale at which the picture covers `least`; if none does, it stays whole.
fn scale(header: &Header, least: (u32, u32)) -> ScalingFactor {
    let covers = |scale: &ScalingFactor| {
        exact(header.width, *scale) >= f64::from(least.0)
            && exact(header.height, *scale) >= f64::from(least.1)
    };
    SCALES.into_iter().find(covers).unwrap_or(ScalingFactor::ONE)
}

#[expect(clippy::cast_precision_loss, reason = "scales are eighths")]
fn exact(side: u32, scale: ScalingFactor) -> f64 {
    f64::from(side) * scale.num() as f64 / scale.denom() as f64
}

pub(super) fn side(side: usize) -> u32 {
    u32::try_from(side).expect("a side of a JPEG has sixteen bits")
}

fn failure(error: Error) -> Failure {
    match error {
        Error::TurboJpegError(why) if is_short_of_memory(&why) => {
            Failure::new(Code::OutOfMemory, format!("decoding the JPEG failed: {why}"))
        }
        Error::TurboJpegError(why) => Failure::corrupt(format!("decoding the JPEG failed: {why}")),
        other => Failure::corrupt(format!("decoding the JPEG failed: {other}")),
    }
}

/// How the library says that it was given no memory: `jerror.h` and its own wrapper.
fn is_short_of_memory(why: &str) -> bool {
    why.contains("Insufficient memory") || why.contains("Memory allocation failure")
}
