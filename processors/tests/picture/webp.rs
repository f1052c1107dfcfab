//! Variants as WebP, beside the same as JPEG.

use domain::picture::{Limits, Preset};
use processors::picture::{Variant, recipe, render};

use crate::make::{Kind, contains, corners, encoded, jpeg, riff_chunk, scene, with_exif};
use crate::quality::likeness;
use crate::seen::Seen;

const BOTH: [Preset; 2] =
    [Preset::new("1024x1024.jpg", 1_024), Preset::new("1024x1024.webp", 1_024)];
/// Below the JPEG's: libwebp spends less on texture than on edges, and this is a picture full of texture.
const LIKENESS_LESS_MAX: f64 = 0.03;

fn both(picture: &[u8]) -> [Variant; 2] {
    let made = render(picture, &Limits::default(), &BOTH, &|| false);
    made.expect("the picture is sound").try_into().expect("two presets are two variants")
}

#[test]
fn a_webp_is_nearly_as_like_the_picture_as_the_jpeg_and_shorter() {
    for (width, height) in [(2725, 2225), (1500, 1126), (640, 480)] {
        let original = jpeg(&scene(width, height), Kind::Baseline);
        let [as_jpeg, as_webp] = both(&original);
        assert_eq!((as_jpeg.width, as_jpeg.height), (as_webp.width, as_webp.height));
        let [jpeg_is, webp_is] = [&as_jpeg, &as_webp].map(|variant| likeness(variant, &original));
        assert!(webp_is >= jpeg_is - LIKENESS_LESS_MAX, "{webp_is} beside {jpeg_is}");
        let (jpeg_bytes, webp_bytes) = (as_jpeg.bytes.len(), as_webp.bytes.len());
        assert!(webp_bytes < jpeg_bytes, "{webp_bytes} bytes beside {jpeg_bytes}");
    }
}

#[test]
fn a_jpeg_is_the_same_with_a_webp_beside_it() {
    let original = jpeg(&scene(1500, 1126), Kind::Baseline);
    let alone = render(&original, &Limits::default(), &BOTH[..1], &|| false);
    assert_eq!(alone.as_deref(), Ok(&both(&original)[..1]));
    assert!(recipe(&BOTH).starts_with(&recipe(&BOTH[..1])));
}

/// In every run, and on every machine that was tried.
#[test]
fn the_same_webp_comes_out_each_time() {
    let original = encoded(&scene(900, 700).into(), image::ImageFormat::Png);
    let [_, first] = both(&original);
    assert_eq!(both(&original)[1], first);
    insta::assert_snapshot!("webp", first.sha256);
}

#[test]
fn a_webp_is_upright_and_holds_nothing_but_the_picture() {
    let picture = jpeg(&corners(1300, 900), Kind::Baseline);
    let [_, turned] = both(&with_exif(&picture, 6));
    assert_eq!((Seen::of(&turned).corners(), turned.width < turned.height), ("cadb".into(), true));
    let pixels = &turned.bytes[20..];
    let content = [b"WEBP".as_slice(), &riff_chunk(b"VP8 ", pixels)].concat();
    assert_eq!(turned.bytes, riff_chunk(b"RIFF", &content), "one chunk, and all of it");
    assert!(!contains(&turned.bytes, b"Exif"));
}

#[test]
fn the_smallest_and_the_longest_can_be_written() {
    for (width, height) in [(1, 1), (2, 3), (16_384, 1), (1, 3_000), (1025, 1023)] {
        let [as_jpeg, as_webp] =
            both(&encoded(&scene(width, height).into(), image::ImageFormat::Png));
        let seen = Seen::of(&as_webp);
        let size = (as_jpeg.width as usize, as_jpeg.height as usize);
        assert_eq!((seen.width(), seen.height()), size, "{width} x {height}");
    }
}
