//! Pictures whose numbers mean other colours than sRGB's, and tell so.

use std::io::Write;

use domain::picture::Code;
use flate2::{Compression, write::ZlibEncoder};
use image::{Rgb, RgbImage};
use moxcms::ColorProfile;

use super::png::{Kind, png};
use super::{Entry, SCENE, refused, seen};
use crate::make::{self, jpeg, png_chunk, riff_chunk, with_segment};

/// From linear Display P3 to linear sRGB, by the primaries of both and one white.
const P3_TO_SRGB: [[f64; 3]; 3] =
    [[1.224_94, -0.224_94, 0.0], [-0.042_06, 1.042_06, 0.0], [-0.019_64, -0.078_64, 1.098_28]];
/// The same from Adobe RGB.
const ADOBE_TO_SRGB: [[f64; 3]; 3] =
    [[1.398_36, -0.398_36, 0.0], [0.0, 1.0, 0.0], [0.0, -0.042_93, 1.042_93]];
const ADOBE_GAMMA: f64 = 563.0 / 256.0;

pub(super) fn entries() -> Vec<Entry> {
    let p3 = profile(&ColorProfile::new_display_p3());
    let adobe = profile(&ColorProfile::new_adobe_rgb());
    let srgb = profile(&ColorProfile::new_srgb());
    let plain = jpeg(&SCENE, make::Kind::Baseline);
    let large = jpeg(&make::scene(4_096, 512), make::Kind::Baseline);
    let from_p3 = converted(&P3_TO_SRGB, srgb_to_linear);
    let from_adobe = converted(&ADOBE_TO_SRGB, |light| light.powf(ADOBE_GAMMA));
    let half = adobe.len() / 2;
    let in_two = with_part(&with_part(&plain, 2, 2, &adobe[half..]), 1, 2, &adobe[..half]);
    vec![
        seen("jpeg in Display P3", with_part(&plain, 1, 1, &p3), &from_p3),
        seen("jpeg in Adobe RGB, in two parts", in_two, &from_adobe),
        seen("jpeg in sRGB", with_part(&plain, 1, 1, &srgb), &SCENE),
        refused("jpeg with half a profile", with_part(&plain, 1, 2, &p3), Code::Corrupt, "ICC"),
        // So large that our own decoder is asked first.
        refused("large, half a profile", with_part(&large, 1, 2, &p3), Code::Corrupt, "ICC"),
        seen("jpeg with a profile of noise", with_part(&plain, 1, 1, &[7; 500]), &SCENE),
        seen("jpeg with a profile for grey", with_part(&plain, 1, 1, &grey_gamma()), &SCENE),
        seen("jpeg grey in light", with_part(&grey_jpeg(), 1, 1, &grey_gamma()), &lit_grey()),
        seen("png in Display P3", png_with(&p3), &from_p3),
        seen("webp in Display P3", webp_with(&p3), &from_p3),
    ]
}

fn profile(profile: &ColorProfile) -> Vec<u8> {
    profile.encode().expect("the profile can be written")
}

/// For grey that counts light, not brightness.
fn grey_gamma() -> Vec<u8> {
    profile(&ColorProfile::new_gray_with_gamma(1.0))
}

fn with_part(jpeg: &[u8], number: u8, count: u8, part: &[u8]) -> Vec<u8> {
    with_segment(jpeg, 0xE2, &[b"ICC_PROFILE\0", [number, count].as_slice(), part].concat())
}

fn grey_jpeg() -> Vec<u8> {
    jpeg(&SCENE, make::Kind::Grey)
}

fn lit_grey() -> RgbImage {
    let grey = image::DynamicImage::from(SCENE.clone()).into_luma8();
    RgbImage::from_fn(grey.width(), grey.height(), |x, y| {
        Rgb([byte(linear_to_srgb(f64::from(grey.get_pixel(x, y).0[0]) / 255.0)); 3])
    })
}

fn png_with(profile: &[u8]) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(b"P3\0\0".to_vec(), Compression::fast());
    packed.write_all(profile).expect("memory takes all");
    let packed = packed.finish().expect("memory takes all");
    let kind = Kind { depth_bits: 8, colour: 2, is_interlaced: false };
    let pixel = |x: u32, y: u32| SCENE.get_pixel(x, y).0.map(u16::from).to_vec();
    png(SCENE.dimensions(), &kind, &[png_chunk(b"iCCP", &packed)], &pixel)
}

fn webp_with(profile: &[u8]) -> Vec<u8> {
    const PROFILE_FLAG: u8 = 0x20;
    super::webp::extended(
        SCENE.dimensions(),
        PROFILE_FLAG,
        &[riff_chunk(b"ICCP", profile), super::webp::lossless(&SCENE)],
    )
}

/// The scene as it looks when its numbers are of another space.
fn converted(matrix: &[[f64; 3]; 3], to_linear: fn(f64) -> f64) -> RgbImage {
    RgbImage::from_fn(SCENE.width(), SCENE.height(), |x, y| {
        let linear = SCENE.get_pixel(x, y).0.map(|light| to_linear(f64::from(light) / 255.0));
        Rgb(matrix.map(|row| {
            let light: f64 = row.iter().zip(linear).map(|(weight, light)| weight * light).sum();
            byte(linear_to_srgb(light))
        }))
    })
}

fn srgb_to_linear(light: f64) -> f64 {
    if light <= 0.040_45 { light / 12.92 } else { ((light + 0.055) / 1.055).powf(2.4) }
}

fn linear_to_srgb(light: f64) -> f64 {
    let light = light.clamp(0.0, 1.0);
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 255")]
fn byte(light: f64) -> u8 {
    (light * 255.0).round() as u8
}
