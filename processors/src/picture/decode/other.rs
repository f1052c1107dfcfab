//! WebP, BMP and TIFF through the `image` crate.

use std::io::Cursor;

use domain::picture::{Failure, Format};
use image::{
    ColorType, DynamicImage, ImageDecoder, ImageError,
    codecs::{bmp::BmpDecoder, tiff::TiffDecoder, webp::WebPDecoder},
};

use super::{Decoded, Task, confirm};
use crate::picture::colour::PROFILE_BYTES_MAX;
use crate::picture::raster::{Channels, Raster, flatten};

pub(super) fn decode(task: &Task<'_>) -> Result<Decoded, Failure> {
    let file = Cursor::new(task.bytes);
    let decoded = match task.header.format {
        Format::Webp => WebPDecoder::new(file).map(|decoder| pixels(decoder, task)),
        Format::Bmp => BmpDecoder::new(file).map(|decoder| pixels(decoder, task)),
        Format::Tiff => TiffDecoder::new(file).map(|decoder| pixels(decoder, task)),
        Format::Jpeg | Format::Png | Format::Gif => {
            return Err(Failure::unsupported("this format has a decoder of its own"));
        }
    };
    decoded.map_err(|error| failure(&error, task.header.format))?
}

fn pixels(mut decoder: impl ImageDecoder, task: &Task<'_>) -> Result<Decoded, Failure> {
    let header = task.header;
    let (width, height) = decoder.dimensions();
    confirm(header, width, height)?;
    let mut bounds = image::Limits::no_limits();
    bounds.max_image_width = Some(width);
    bounds.max_image_height = Some(height);
    bounds.max_alloc = Some(task.limits.decode_bytes_max);
    let refused = |error| failure(&error, header.format);
    decoder.set_limits(bounds).map_err(refused)?;
    // A profile that cannot be read is as good as none.
    let profile = decoder.icc_profile().ok().flatten();
    let profile = profile.filter(|profile| profile.len() <= PROFILE_BYTES_MAX);
    let image = DynamicImage::from_decoder(decoder).map_err(refused)?;
    let (channels, pixels) = light(image);
    Ok(Decoded { raster: Raster::whole(width, height, channels, pixels), profile })
}

fn light(image: DynamicImage) -> (Channels, Vec<u8>) {
    match image.color() {
        ColorType::L8 | ColorType::L16 => (Channels::Grey, image.into_luma8().into_raw()),
        ColorType::La8 | ColorType::La16 => {
            (Channels::Grey, flatten(image.into_luma_alpha8().into_raw(), Channels::Grey))
        }
        colour if colour.has_alpha() => {
            (Channels::Colour, flatten(image.into_rgba8().into_raw(), Channels::Colour))
        }
        _ => (Channels::Colour, image.into_rgb8().into_raw()),
    }
}

fn failure(error: &ImageError, format: Format) -> Failure {
    let format = format.name();
    match error {
        ImageError::Limits(_) => {
            Failure::too_many_pixels(format!("decoding the {format} would take too much memory"))
        }
        ImageError::Unsupported(_) => {
            Failure::unsupported(format!("the file is a {format} of an unusual kind"))
        }
        _ => Failure::corrupt(format!("decoding the {format} failed")),
    }
}
