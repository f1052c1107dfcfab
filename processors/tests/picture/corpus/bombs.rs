//! Small files that would unpack to something very large.

use domain::picture::Code;

use super::gif::gif;
use super::png::{Kind, png};
use super::webp::{animation, extended, frame, lossless};
use super::{Entry, SCENE, refused, seen};
use crate::make::{self, jpeg, png_chunk, with_segment};
use crate::packed::{black_png, packed_zeros};

const GIGABYTE: usize = 1 << 30;

pub(super) fn entries() -> Vec<Entry> {
    [headers(), metadata(), frames()].into_iter().flatten().collect()
}

fn too_many(name: &str, bytes: Vec<u8>) -> Entry {
    refused(name, bytes, Code::TooManyPixels, "")
}

fn headers() -> Vec<Entry> {
    const SIDE: u32 = 20_000;
    let flat = black_png((SIDE, SIDE), (1, 0, false), SIDE as usize / 8);
    let greatest = jpeg_of(65_535, 65_535);
    let long = jpeg_of(1, 16_385);
    vec![
        too_many("png of 400 megapixels in a few bytes", flat),
        too_many("jpeg that claims the most it can", greatest),
        too_many("jpeg with a side too long", long),
        too_many("gif that claims the most it can", gif_of(65_535)),
        too_many("webp that claims the most it can", extended((1 << 24, 1 << 24), 0, &[])),
        refused("a body that is too long", vec![0xFF; 25_000_001], Code::TooLarge, "25000000"),
    ]
}

/// A sound GIF but for the size of its canvas.
fn gif_of(side: u16) -> Vec<u8> {
    const CANVAS: std::ops::Range<usize> = 6..10;
    let pixel = gif::Frame::from_indexed_pixels(1, 1, vec![0], None);
    let mut bytes = gif(&[0, 0, 0], (0, 0), &[pixel]);
    bytes[CANVAS].copy_from_slice(&[side.to_le_bytes(), side.to_le_bytes()].concat());
    bytes
}

/// A sound JPEG but for its size.
fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = jpeg(&SCENE, make::Kind::Baseline);
    let start = bytes.windows(2).position(|window| window == [0xFF, 0xC0]).expect("a size");
    bytes[start + 5..start + 7].copy_from_slice(&height.to_be_bytes());
    bytes[start + 7..start + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

fn metadata() -> Vec<Entry> {
    let text = png_chunk(b"zTXt", &packed_zeros(b"Comment\0\0", GIGABYTE));
    let profile = png_chunk(b"iCCP", &packed_zeros(b"name\0\0", GIGABYTE));
    let kind = Kind { depth_bits: 8, colour: 2, is_interlaced: false };
    let write = |more: &[Vec<u8>]| {
        let pixel = |x: u32, y: u32| SCENE.get_pixel(x, y).0.map(u16::from).to_vec();
        png(SCENE.dimensions(), &kind, more, &pixel)
    };
    let plain = jpeg(&SCENE, make::Kind::Baseline);
    let many = (0..300).fold(plain, |jpeg, _| with_segment(&jpeg, 0xE2, &[b'x'; 60_000]));
    vec![
        seen("png with a gigabyte of text", write(&[text]), &SCENE),
        seen("png with a gigabyte of profile", write(&[profile]), &SCENE),
        seen("jpeg with 18 megabytes of segments", many, &SCENE),
    ]
}

fn frames() -> Vec<Entry> {
    const COUNT: usize = 10_000;
    let dot = image::RgbImage::new(1, 1);
    let webp = animation((1, 1), &vec![frame((1, 1), &lossless(&dot)); COUNT]);
    let pixel = gif::Frame::from_indexed_pixels(1, 1, vec![0], None);
    let gif = gif(&[0, 0, 0], (0, 0), &vec![pixel; COUNT]);
    vec![
        too_many("webp of ten thousand frames", webp),
        too_many("gif of ten thousand frames", gif),
        refused("jpeg of a thousand scans", scans(), Code::Corrupt, ""),
    ]
}

/// A progressive JPEG with a thousand scans more, each of which refines nothing.
fn scans() -> Vec<u8> {
    let bytes = jpeg(&SCENE, make::Kind::Progressive);
    let end = bytes.len() - 2;
    let scan = b"\xFF\xDA\0\x08\x01\x01\0\x3F\x3F\0".as_slice();
    [&bytes[..end], scan.repeat(1_000).as_slice(), b"\xFF\xD9"].concat()
}
