//! PNG, WebP, GIF, BMP and TIFF through the `image` crate.

use std::io::Cursor;

use domain::picture::{Failure, Format, Header, Limits};
use image::{
    DynamicImage, ImageDecoder, ImageError,
    codecs::{
        bmp::BmpDecoder, gif::GifDecoder, png::PngDecoder, tiff::TiffDecoder, webp::WebPDecoder,
    },
};

use super::confirm;
use crate::picture::raster::{Raster, flatten};

/// What a PNG's colour profile and texts may take once unpacked. The pixels are counted elsewhere.
const PNG_METADATA_BYTES_MAX: u64 = 64_000_000;

pub(super) fn decode(bytes: &[u8], header: &Header, limits: &Limits) -> Result<Raster, Failure> {
    let image = match header.format {
        Format::Png => {
            PngDecoder::with_limits(Cursor::new(bytes), bounds(header, PNG_METADATA_BYTES_MAX))
                .map(|decoder| pixels(decoder, header, limits))
        }
        Format::Webp => {
            WebPDecoder::new(Cursor::new(bytes)).map(|decoder| pixels(decoder, header, limits))
        }
        Format::Gif => {
            GifDecoder::new(Cursor::new(bytes)).map(|decoder| pixels(decoder, header, limits))
        }
        Format::Bmp => {
            BmpDecoder::new(Cursor::new(bytes)).map(|decoder| pixels(decoder, header, limits))
        }
        Format::Tiff => {
            TiffDecoder::new(Cursor::new(bytes)).map(|decoder| pixels(decoder, header, limits))
        }
        Format::Jpeg => return Err(Failure::unsupported("JPEG has a decoder of its own")),
    };
    let image = image.map_err(|error| failure(&error, header.format))??;
    Ok(Raster::whole(header.width, header.height, rgb(image)))
}

fn bounds(header: &Header, alloc_bytes_max: u64) -> image::Limits {
    let mut bounds = image::Limits::no_limits();
    bounds.max_image_width = Some(header.width);
    bounds.max_image_height = Some(header.height);
    bounds.max_alloc = Some(alloc_bytes_max);
    bounds
}

fn pixels(
    mut decoder: impl ImageDecoder,
    header: &Header,
    limits: &Limits,
) -> Result<DynamicImage, Failure> {
    let (width, height) = decoder.dimensions();
    confirm(header, width, height)?;
    let image = decoder
        .set_limits(bounds(header, limits.decode_bytes_max))
        .and_then(|()| DynamicImage::from_decoder(decoder));
    image.map_err(|error| failure(&error, header.format))
}

fn rgb(image: DynamicImage) -> Vec<u8> {
    if image.color().has_alpha() {
        flatten(image.into_rgba8().into_raw())
    } else {
        image.into_rgb8().into_raw()
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
