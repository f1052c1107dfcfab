//! Baseline JPEG that becomes much smaller, through our own decoder, which reads no more than that needs.

use std::ops::ControlFlow;

use domain::picture::{Failure, jpeg_profile_is_whole};
use scaled_jpeg::{Band, Decoder, Error, Scale};

use super::{Task, confirm, jpeg::side};
use crate::picture::raster::{Channels, Raster};

/// Up to this scale our decoder takes less time than the library; beyond it, most coefficients are needed, and the
/// library's arithmetic is the faster one.
const EIGHTHS_MAX: u8 = 3;

/// None if the library should be asked: the file is of another kind, hardly becomes smaller, or is damaged, and then the
/// library says how.
pub(super) fn decode(task: &Task<'_>) -> Result<Option<Raster>, Failure> {
    let Ok(decoder) = Decoder::new(task.bytes) else {
        return Ok(None);
    };
    // Our decoder does not look at profiles.
    if !jpeg_profile_is_whole(task.bytes) {
        return Ok(None);
    }
    let whole = decoder.size(Scale::WHOLE);
    confirm(task.header, side(whole.width), side(whole.height))?;
    let (width, height) = task.to_cover();
    let scale = decoder.scale_to_cover(width, height);
    if scale.eighths() > EIGHTHS_MAX {
        return Ok(None);
    }
    let size = decoder.size(scale);
    let channels = if decoder.is_grey() { Channels::Grey } else { Channels::Colour };
    let mut pixels = vec![0; size.width * size.height * channels.count()];
    let mut rest = pixels.as_mut_slice();
    let mut stopped = Ok(());
    let decoded = decoder.bands(scale, |band| {
        let length = band.len() * size.width * channels.count();
        let (rows, after) = std::mem::take(&mut rest).split_at_mut(length);
        write(band, rows);
        rest = after;
        stopped = (task.go_on)();
        if stopped.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    match decoded {
        Err(Error::Stopped) => stopped.map(|()| None),
        Err(_) => Ok(None),
        Ok(()) => Ok(Some(Raster {
            width: side(size.width),
            height: side(size.height),
            channels,
            pixels,
            covered: size.covered,
        })),
    }
}

/// Grey stays one byte a pixel.
fn write(band: &Band<'_>, pixels: &mut [u8]) {
    if !band.is_grey() {
        return band.write_rgb(pixels);
    }
    let mut rest = pixels;
    for row in 0..band.len() {
        let (out, after) = rest.split_at_mut(band.y(row).len());
        out.copy_from_slice(band.y(row));
        rest = after;
    }
}
