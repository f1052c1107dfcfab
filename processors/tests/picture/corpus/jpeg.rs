//! JPEG: every coding, sampling and number of channels, every orientation, and what else may stand in one.

use image::{RgbImage, imageops};
use turbojpeg::{Colorspace, Compressor, Image, PixelFormat, Subsamp};

use super::{Entry, HEIGHT, SCENE, WIDTH, seen};
use crate::make::{Kind, contains, jpeg, scene, with_exif, with_segment};

pub(super) fn entries() -> Vec<Entry> {
    [codings(), channels(), orientations(), surroundings()].into_iter().flatten().collect()
}

/// Of a quality at which only what is tested makes a difference.
fn written(picture: &RgbImage, set: fn(&mut Compressor) -> turbojpeg::Result<()>) -> Vec<u8> {
    let mut compressor = Compressor::new().expect("there is memory");
    compressor.set_quality(97).expect("97 is a quality");
    set(&mut compressor).expect("the setting is known");
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = picture.as_raw().as_slice();
    let image = Image { pixels, width, pitch: width * 3, height, format: PixelFormat::RGB };
    compressor.compress_to_vec(image).expect("the picture is sound")
}

fn codings() -> Vec<Entry> {
    type Set = fn(&mut Compressor) -> turbojpeg::Result<()>;
    let settings: [(&str, Set); 9] = [
        ("jpeg 4:4:4", |it| it.set_subsamp(Subsamp::None)),
        ("jpeg 4:2:2", |it| it.set_subsamp(Subsamp::Sub2x1)),
        ("jpeg 4:4:0", |it| it.set_subsamp(Subsamp::Sub1x2)),
        ("jpeg 4:2:0", |it| it.set_subsamp(Subsamp::Sub2x2)),
        ("jpeg of optimised tables", |it| it.set_optimize(true)),
        ("jpeg progressive", |it| it.set_progressive(true)),
        ("jpeg arithmetic", |it| it.set_arithmetic(true)),
        ("jpeg arithmetic progressive", |it| {
            it.set_arithmetic(true)?;
            it.set_progressive(true)
        }),
        ("jpeg of red, green and blue", |it| {
            it.set_subsamp(Subsamp::None)?;
            it.set_colorspace(Colorspace::RGB)
        }),
    ];
    let mut entries: Vec<_> =
        settings.into_iter().map(|(name, set)| seen(name, written(&SCENE, set), &SCENE)).collect();
    let odd = scene(WIDTH + 1, HEIGHT + 1);
    entries.push(seen(
        "jpeg of odd sides",
        written(&odd, |it| it.set_subsamp(Subsamp::Sub2x2)),
        &odd,
    ));
    entries
}

fn channels() -> Vec<Entry> {
    let grey: RgbImage = image::DynamicImage::from(SCENE.clone()).into_luma8().convert_to_rgb();
    vec![
        seen("jpeg grey", jpeg(&grey, Kind::Grey), &grey),
        seen("jpeg of inks by Adobe", jpeg(&SCENE, Kind::Inks), &SCENE),
        seen("jpeg of inks as light by Adobe", jpeg(&SCENE, Kind::InksAsLight), &SCENE),
        seen("jpeg of inks by nobody", inks_by_nobody(&SCENE), &SCENE),
    ]
}

trait ToRgb {
    fn convert_to_rgb(self) -> RgbImage;
}

impl ToRgb for image::GrayImage {
    fn convert_to_rgb(self) -> RgbImage {
        image::DynamicImage::from(self).into_rgb8()
    }
}

/// Ink is ink here, since there is no mark of Adobe's to say otherwise.
fn inks_by_nobody(picture: &RgbImage) -> Vec<u8> {
    let mut negative = picture.clone();
    imageops::invert(&mut negative);
    let pixels: Vec<u8> =
        negative.pixels().flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2], 0]).collect();
    let mut compressor = Compressor::new().expect("there is memory");
    compressor.set_quality(97).expect("97 is a quality");
    compressor.set_subsamp(Subsamp::None).expect("4:4:4 is known");
    compressor.set_colorspace(Colorspace::CMYK).expect("inks stay inks");
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = pixels.as_slice();
    let image = Image { pixels, width, pitch: width * 4, height, format: PixelFormat::CMYK };
    let mut bytes = compressor.compress_to_vec(image).expect("the picture is sound");
    let mark = b"\xFF\xEE\0\x0EAdobe";
    let at = bytes.windows(mark.len()).position(|window| window == mark).expect("it is marked");
    bytes.drain(at..at + 16);
    assert!(!contains(&bytes, b"Adobe"));
    bytes
}

/// The picture as it has to be stored so that the orientation turns it upright.
pub(super) fn stored(picture: &RgbImage, orientation: u8) -> RgbImage {
    use imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    match orientation {
        2 => flip_horizontal(picture),
        3 => rotate180(picture),
        4 => flip_vertical(picture),
        5 => flip_horizontal(&rotate90(picture)),
        6 => rotate270(picture),
        7 => flip_horizontal(&rotate270(picture)),
        8 => rotate90(picture),
        _ => picture.clone(),
    }
}

fn orientations() -> Vec<Entry> {
    (1..=8)
        .map(|orientation| {
            let stored = jpeg(&stored(&SCENE, orientation), Kind::Baseline);
            let bytes = with_exif(&stored, orientation);
            seen(format!("jpeg of orientation {orientation}"), bytes, &SCENE)
        })
        .collect()
}

fn surroundings() -> Vec<Entry> {
    let plain = jpeg(&SCENE, Kind::Baseline);
    let html = b"<!DOCTYPE html><script>alert(1)</script>";
    let fill = [&plain[..2], b"\xFF\xFF\xFF", &plain[2..]].concat();
    vec![
        seen("jpeg with an unknown orientation", with_exif(&plain, 9), &SCENE),
        seen("jpeg with a page in its comment", with_segment(&plain, 0xFE, html), &SCENE),
        seen("jpeg with an archive behind it", [&plain, b"PK\x03\x04".as_slice()].concat(), &SCENE),
        seen("jpeg with fill bytes", fill, &SCENE),
    ]
}
