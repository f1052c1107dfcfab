//! WebP: lossless ones written here, lossy ones kept as files, and containers of both put together by hand.

use image::{ImageFormat, Rgb, RgbImage, RgbaImage};

use super::jpeg::stored;
use super::{Entry, SCENE, WIDTH, seen};
use crate::make::{corners, encoded, exif, riff_chunk};

const RIFF_HEADER_BYTES: usize = 12;
const ANIMATION_FLAG: u8 = 0x02;
const EXIF_FLAG: u8 = 0x08;

pub(super) fn entries() -> Vec<Entry> {
    [lossless_ones(), lossy_ones(), containers()].into_iter().flatten().collect()
}

/// The chunk that holds the pixels of a lossless WebP.
pub(super) fn lossless(picture: &RgbImage) -> Vec<u8> {
    encoded(&picture.clone().into(), ImageFormat::WebP)[RIFF_HEADER_BYTES..].to_vec()
}

/// A file of chunks behind one that tells the size of the canvas.
pub(super) fn extended(size: (u32, u32), flags: u8, chunks: &[Vec<u8>]) -> Vec<u8> {
    let canvas = [[flags, 0, 0, 0].as_slice(), &side(size.0), &side(size.1)].concat();
    let content = [b"WEBP".to_vec(), riff_chunk(b"VP8X", &canvas), chunks.concat()];
    riff_chunk(b"RIFF", &content.concat())
}

fn side(side: u32) -> Vec<u8> {
    (side - 1).to_le_bytes()[..3].to_vec()
}

/// A frame of an animation, in the corner of its canvas.
pub(super) fn frame(size: (u32, u32), pixels: &[u8]) -> Vec<u8> {
    let place = [0; 6].to_vec();
    let content = [place, side(size.0), side(size.1), vec![100, 0, 0, 0], pixels.to_vec()];
    riff_chunk(b"ANMF", &content.concat())
}

pub(super) fn animation(size: (u32, u32), frames: &[Vec<u8>]) -> Vec<u8> {
    let loops = riff_chunk(b"ANIM", &[255, 255, 255, 255, 0, 0]);
    extended(size, ANIMATION_FLAG, &[loops, frames.concat()])
}

fn lossless_ones() -> Vec<Entry> {
    let picture = &*SCENE;
    let veil = |x: u32| if x < WIDTH / 2 { 255 } else { 0 };
    let rgba = RgbaImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue] = picture.get_pixel(x, y).0;
        image::Rgba([red, green, blue, veil(x)])
    });
    let half = RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        if veil(x) == 0 { Rgb([255; 3]) } else { *picture.get_pixel(x, y) }
    });
    vec![
        seen("webp lossless", encoded(&picture.clone().into(), ImageFormat::WebP), picture),
        seen("webp lossless with alpha", encoded(&rgba.into(), ImageFormat::WebP), &half),
    ]
}

/// Four fields, of which the right two are half and wholly transparent.
fn veiled_corners() -> RgbImage {
    let mut picture = corners(240, 180);
    for (_, y, pixel) in picture.enumerate_pixels_mut().filter(|(x, _, _)| *x >= 120) {
        let halved = |light: u8| u8::try_from((u32::from(light) * 128 + 255 * 127 + 127) / 255);
        let veil = |light| if y >= 90 { 255 } else { halved(light).expect("a mean") };
        pixel.0 = pixel.0.map(veil);
    }
    picture
}

fn lossy_ones() -> Vec<Entry> {
    let whole = corners(240, 180);
    vec![
        seen("webp lossy", include_bytes!("../samples/lossy.webp").to_vec(), &whole),
        seen(
            "webp lossy of odd sides",
            include_bytes!("../samples/lossy-odd.webp").to_vec(),
            &corners(241, 181),
        ),
        seen(
            "webp lossy with alpha",
            include_bytes!("../samples/lossy-alpha.webp").to_vec(),
            &veiled_corners(),
        ),
        seen(
            "webp lossless with half alpha",
            include_bytes!("../samples/lossless-alpha.webp").to_vec(),
            &veiled_corners(),
        ),
        seen("webp lossy that moves", include_bytes!("../samples/animation.webp").to_vec(), &whole),
    ]
}

fn containers() -> Vec<Entry> {
    let size = SCENE.dimensions();
    let black = RgbImage::new(size.0, size.1);
    let frames = [frame(size, &lossless(&SCENE)), frame(size, &lossless(&black))];
    let turned = stored(&SCENE, 8);
    let orientation = [lossless(&turned), riff_chunk(b"EXIF", &exif(8))];
    vec![
        seen("webp lossless that moves", animation(size, &frames), &SCENE),
        seen(
            "webp of orientation 8",
            extended(turned.dimensions(), EXIF_FLAG, &orientation),
            &SCENE,
        ),
    ]
}
