//! How much memory the worker takes for pictures: five great ones at once no more than half a gigabyte.
//!
//! A process of its own, whose peak the system tells; where it does not tell it, only the work is done.

#[path = "../support/packed.rs"]
mod packed;
mod peak;
mod worker;

use std::io::Write;

use bytes::Bytes;
use gif::{Encoder, Frame};
use packed::black_png;
use peak::megabytes;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

const GREAT: (u32, u32) = (10_000, 5_000);
const FIVE: usize = 5;
const RESIDENT_BYTES_MAX: u64 = 512 << 20;

/// A great black picture in each form that asks for memory of its own kind.
fn forms() -> [Bytes; FIVE] {
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

fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn five_pictures_of_fifty_megapixels_at_once_stay_inside_half_a_gigabyte() {
    let each = forms();
    // Of all forms that are taken at this size, a progressive JPEG uses the most of what it asks for.
    let alike = [(); FIVE].map(|()| each[0].clone());
    for (name, pictures) in [("five progressive JPEGs", alike), ("one of each form", each)] {
        peak::begin();
        assert_eq!(worker::work_on(&pictures), FIVE, "{name}");
        let Some(peak) = peak::bytes() else { continue };
        tell(&format!("{name}: {} MB resident at the most", megabytes(peak)));
        assert!(peak <= RESIDENT_BYTES_MAX, "{name}: {} MB", megabytes(peak));
    }
}
