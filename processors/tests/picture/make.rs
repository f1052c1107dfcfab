//! Makes pictures to render.

use std::io::Cursor;

pub(crate) use crate::packed::png_chunk;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use turbojpeg::{Colorspace, Compressor, Image, PixelFormat, Subsamp};

/// All but JPEG are written by the `image` crate.
pub(crate) const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Jpeg,
    ImageFormat::Png,
    ImageFormat::WebP,
    ImageFormat::Gif,
    ImageFormat::Bmp,
    ImageFormat::Tiff,
];

/// The colours of the corners: top left, top right, bottom left, bottom right.
pub(crate) const CORNERS: [(char, [u8; 3]); 4] =
    [('a', [220, 40, 40]), ('b', [40, 180, 60]), ('c', [40, 60, 220]), ('d', [240, 230, 60])];

/// How a JPEG is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Baseline,
    Progressive,
    Grey,
    /// Cyan, magenta, yellow and black, as they are.
    Inks,
    /// The first three turned into brightness and colour.
    InksAsLight,
}

/// Four fields of one colour each.
pub(crate) fn corners(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let corner = usize::from(x >= width / 2) + 2 * usize::from(y >= height / 2);
        Rgb(CORNERS[corner].1)
    })
}

/// Waves of many lengths over a slope, as a photo has them: soft light, edges and texture.
pub(crate) fn scene(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
        let soft = 90.0 + 60.0 * u + 40.0 * (7.0 * v).sin();
        let hill = if v > 0.55 + 0.2 * (9.0 * u).sin() { -50.0 } else { 30.0 };
        let texture = 12.0 * (f64::from(x) * 0.31).sin() * (f64::from(y) * 0.23).cos();
        let tone = |shift: f64| (soft + hill + texture + shift * (u - v) * 60.0).clamp(0.0, 255.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to a byte"
        )]
        let byte = |shift: f64| tone(shift) as u8;
        Rgb([byte(1.0), byte(0.2), byte(-1.0)])
    })
}

pub(crate) fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), format).expect("the picture suits the format");
    bytes
}

/// A JPEG of high quality with full colour resolution.
pub(crate) fn jpeg(picture: &RgbImage, kind: Kind) -> Vec<u8> {
    let mut compressor = Compressor::new().expect("there is memory");
    compressor.set_quality(95).expect("95 is a quality");
    compressor.set_progressive(kind == Kind::Progressive).expect("progressive is a mode");
    compressor
        .set_subsamp(if kind == Kind::Grey { Subsamp::Gray } else { Subsamp::None })
        .expect("all are known");
    let (format, pixels) = match kind {
        Kind::Baseline | Kind::Progressive | Kind::Grey => {
            (PixelFormat::RGB, picture.as_raw().clone())
        }
        Kind::Inks | Kind::InksAsLight => (PixelFormat::CMYK, inks(picture)),
    };
    match kind {
        Kind::Inks => compressor.set_colorspace(Colorspace::CMYK).expect("inks stay inks"),
        Kind::InksAsLight => {
            compressor.set_colorspace(Colorspace::YCCK).expect("inks become light")
        }
        Kind::Baseline | Kind::Progressive | Kind::Grey => {}
    }
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let image =
        Image { pixels: pixels.as_slice(), width, pitch: width * format.size(), height, format };
    compressor.compress_to_vec(image).expect("the picture is sound")
}

/// Adobe's way, as libjpeg marks such files: paper left white instead of ink; and here no black ink at all.
fn inks(picture: &RgbImage) -> Vec<u8> {
    picture.pixels().flat_map(|Rgb([red, green, blue])| [*red, *green, *blue, 255]).collect()
}

/// A TIFF directory of one entry.
pub(crate) fn exif(orientation: u8) -> Vec<u8> {
    [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[orientation], &[0; 6]]
        .concat()
}

/// The JPEG with a segment that tells its orientation.
pub(crate) fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    with_segment(jpeg, 0xE1, &[b"Exif\0\0".as_slice(), &exif(orientation)].concat())
}

/// The JPEG with one more segment at its beginning.
pub(crate) fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).expect("the content is short");
    [&jpeg[..2], &[0xFF, marker], &length.to_be_bytes(), content, &jpeg[2..]].concat()
}

/// The PNG with a chunk that tells its orientation, after its header.
pub(crate) fn png_with_orientation(png: &[u8], orientation: u8) -> Vec<u8> {
    const HEADER_END: usize = 33;
    [&png[..HEADER_END], &png_chunk(b"eXIf", &exif(orientation)), &png[HEADER_END..]].concat()
}

/// A chunk of the container that WebP lies in.
pub(crate) fn riff_chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("the content is short");
    [kind.as_slice(), &length.to_le_bytes(), content, &[0][..content.len() % 2]].concat()
}

pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
