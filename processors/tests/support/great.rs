//! Great black pictures that ask for memory, each in its own way.

use bytes::Bytes;
use gif::{Encoder, Frame};
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use crate::packed::black_png;

pub(crate) const GREAT: (u32, u32) = (10_000, 5_000);
pub(crate) const FIVE: usize = 5;

/// A great black picture in each form that asks for memory of its own kind.
pub(crate) fn forms() -> [Bytes; FIVE] {
    let row = GREAT.0 as usize;
    [
        jpeg(GREAT, true),
        jpeg(GREAT, false),
        black_png(GREAT, (16, 6, false), row * 8),
        black_png(GREAT, (8, 6, true), row * 4),
        gif(GREAT),
    ]
    .map(Bytes::from)
}

fn jpeg((width, height): (u32, u32), is_progressive: bool) -> Vec<u8> {
    let mut compressor = Compressor::new().expect("there is memory");
    compressor.set_subsamp(Subsamp::None).expect("4:4:4 is known");
    compressor.set_progressive(is_progressive).expect("both are modes");
    let (width, height) = (width as usize, height as usize);
    let pixels = vec![0; width * height * 3];
    let pixels = pixels.as_slice();
    let image = Image { pixels, width, pitch: width * 3, height, format: PixelFormat::RGB };
    compressor.compress_to_vec(image).expect("the picture is sound")
}

fn gif((width, height): (u32, u32)) -> Vec<u8> {
    let side = |side| u16::try_from(side).expect("a side of a GIF has sixteen bits");
    let places = vec![0; width as usize * height as usize];
    let frame = Frame::from_indexed_pixels(side(width), side(height), places, None);
    let mut bytes = Vec::new();
    let encoder = Encoder::new(&mut bytes, side(width), side(height), &[0, 0, 0]);
    encoder.and_then(|mut encoder| encoder.write_frame(&frame)).expect("memory takes all");
    bytes
}
