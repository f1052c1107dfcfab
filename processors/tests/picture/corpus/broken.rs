//! Pictures that end too early, were damaged on their way, or contradict themselves.

use domain::picture::Code;
use image::ImageFormat;

use super::webp::{animation, extended, frame, lossless};
use super::{Entry, SCENE, refused};
use crate::make::{Kind, encoded, jpeg, png_chunk, with_segment};

pub(super) fn entries() -> Vec<Entry> {
    [halves(), damages(), lies()].into_iter().flatten().collect()
}

fn corrupt(name: impl Into<String>, bytes: Vec<u8>) -> Entry {
    refused(name, bytes, Code::Corrupt, "")
}

fn halves() -> Vec<Entry> {
    let mut entries: Vec<_> = [
        ("PNG", ImageFormat::Png),
        ("WebP", ImageFormat::WebP),
        ("GIF", ImageFormat::Gif),
        ("BMP", ImageFormat::Bmp),
        ("TIFF", ImageFormat::Tiff),
    ]
    .into_iter()
    .map(|(name, format)| {
        let whole = encoded(&SCENE.clone().into(), format);
        corrupt(format!("half a {name}"), whole[..whole.len() / 2].to_vec())
    })
    .collect();
    for kind in [Kind::Baseline, Kind::Progressive, Kind::Grey, Kind::Inks] {
        let whole = jpeg(&SCENE, kind);
        entries.push(corrupt(format!("half a JPEG, {kind:?}"), whole[..whole.len() / 2].to_vec()));
    }
    let whole = jpeg(&SCENE, Kind::Baseline);
    let ended = [&whole[..whole.len() / 2], b"\xFF\xD9"].concat();
    entries.push(corrupt("half a JPEG with an end put to it", ended));
    entries
}

fn damages() -> Vec<Entry> {
    let mut flipped = encoded(&SCENE.clone().into(), ImageFormat::Png);
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    let plain = jpeg(&SCENE, Kind::Baseline);
    let huffman =
        plain.windows(2).position(|window| window == [0xFF, 0xC4]).expect("it has tables");
    let mut counts = plain.clone();
    counts[huffman + 5..huffman + 21].fill(255);
    let mut scan = plain;
    let middle = scan.len() / 2;
    scan[middle..middle + 4].copy_from_slice(&[0xFF, 0xD9, 0xFF, 0xDA]);
    vec![
        corrupt("png with a bit flipped", flipped),
        corrupt("jpeg with impossible tables", counts),
        corrupt("jpeg with its end in its middle", scan),
    ]
}

fn lies() -> Vec<Entry> {
    let size = SCENE.dimensions();
    let png = encoded(&SCENE.clone().into(), ImageFormat::Png);
    let mut first = png[16..29].to_vec();
    first[4..8].copy_from_slice(&5_000_u32.to_be_bytes());
    let taller = [&png[..8], &png_chunk(b"IHDR", &first), &png[33..]].concat();
    let plain = jpeg(&SCENE, Kind::Baseline);
    let of_sixty_four = with_segment(&plain, 0xC0, &[8, 0, 64, 0, 64, 1, 1, 0x11, 0]);
    let mut taller_jpeg = plain;
    let start = taller_jpeg.windows(2).position(|window| window == [0xFF, 0xC0]).expect("a size");
    taller_jpeg[start + 5..start + 7].copy_from_slice(&5_000_u16.to_be_bytes());
    let small = (10, 10);
    vec![
        corrupt("png that promises more rows than follow", taller),
        corrupt("jpeg that promises more rows than follow", taller_jpeg),
        corrupt("jpeg of two sizes", of_sixty_four),
        corrupt("webp greater than its canvas", extended(small, 0, &[lossless(&SCENE)])),
        corrupt(
            "webp whose frame is greater than it says",
            animation(size, &[frame(small, &lossless(&SCENE))]),
        ),
        corrupt("gif without a picture", b"GIF89a\x0A\0\x0A\0\0\0\0\x3B".to_vec()),
        corrupt("jpeg without a picture", b"\xFF\xD8\xFF\xD9".to_vec()),
        corrupt("png without pixels", [&png[..33], &png_chunk(b"IEND", &[])].concat()),
        refused(
            "jpeg of twelve bits",
            with_segment(b"\xFF\xD8", 0xC1, &[12, 0, 64, 0, 64, 1, 1, 0x11, 0]),
            Code::UnsupportedFormat,
            "eight bits",
        ),
        refused(
            "jpeg without loss",
            with_segment(b"\xFF\xD8", 0xC3, &[8, 0, 64, 0, 64, 1, 1, 0x11, 0]),
            Code::UnsupportedFormat,
            "lossless",
        ),
    ]
}
