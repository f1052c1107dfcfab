//! Files that lie, end too early, or are something else.

use domain::picture::{Code, Failure, Limits, PRESETS};
use image::ImageFormat;
use processors::picture::{Variant, render};
use proptest::prelude::*;

use crate::make::{self, Kind, encoded, jpeg, png_chunk, scene, with_segment};

fn tried(bytes: &[u8]) -> Result<Vec<Variant>, Failure> {
    render(bytes, &Limits::default(), &PRESETS, &|| false)
}

fn code(bytes: &[u8]) -> Code {
    tried(bytes).expect_err("such a file is refused").code
}

/// A small picture in each format, and JPEG of each kind.
fn samples() -> Vec<Vec<u8>> {
    let picture = scene(96, 64);
    let kinds = [Kind::Baseline, Kind::Progressive, Kind::Grey, Kind::Inks]
        .map(|kind| jpeg(&picture, kind));
    let formats = make::FORMATS[1..].iter().map(|format| encoded(&picture.clone().into(), *format));
    kinds.into_iter().chain(formats).collect()
}

#[test]
fn a_file_that_ends_too_early_is_refused_or_whole_and_never_half_grey() {
    for bytes in samples() {
        let whole = tried(&bytes).expect("the sample is sound");
        for cut in (0..40).map(|part| bytes.len() * part / 40).chain(bytes.len() - 16..bytes.len())
        {
            match tried(&bytes[..cut]) {
                Ok(variants) => assert_eq!(variants, whole, "{cut} of {} bytes", bytes.len()),
                Err(failure) => {
                    let permitted = [Code::Corrupt, Code::UnsupportedFormat];
                    assert!(permitted.contains(&failure.code), "{failure}");
                    assert!(cut < 18 || failure.code == Code::Corrupt, "{failure} at {cut}");
                }
            }
        }
    }
}

#[test]
fn a_jpeg_that_lost_its_last_half_is_corrupt_even_with_an_end_put_to_it() {
    for kind in [Kind::Baseline, Kind::Progressive] {
        let whole = jpeg(&scene(1600, 1200), kind);
        let half = [&whole[..whole.len() / 2], b"\xFF\xD9".as_slice()].concat();
        assert_eq!(code(&half), Code::Corrupt, "{kind:?}");
    }
}

#[test]
fn what_is_no_picture_is_unsupported() {
    let strangers: [&[u8]; 9] = [
        b"",
        b"\0",
        &[0; 10_000],
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        b"%PDF-1.7\n",
        b"push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://example.org/x.jpg)'\npop graphic-context",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"\x13\x37 neither text nor picture \x00\xFF",
    ];
    for bytes in strangers {
        assert_eq!(code(bytes), Code::UnsupportedFormat, "{bytes:?}");
    }
}

#[test]
fn a_magic_number_with_garbage_behind_it_is_corrupt() {
    for sample in samples() {
        let garbage: Vec<u8> =
            (0..5_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        let bytes = [&sample[..sample.len() / 3], &garbage].concat();
        let code = code(&bytes);
        assert!(
            matches!(code, Code::Corrupt | Code::TooManyPixels | Code::UnsupportedFormat),
            "{code}"
        );
    }
}

#[test]
fn a_header_of_fifty_thousand_by_fifty_thousand_is_refused_by_its_header() {
    let mut bytes = jpeg(&scene(64, 64), Kind::Baseline);
    let size = bytes
        .windows(2)
        .position(|window| window == [0xFF, 0xC0])
        .expect("a baseline JPEG has a size")
        + 5;
    bytes[size..size + 4].copy_from_slice(&[0xC3, 0x50, 0xC3, 0x50]);
    let failure = tried(&bytes).expect_err("it is too great");
    assert_eq!(failure.code, Code::TooManyPixels);
    assert!(failure.detail.contains("50000 x 50000"), "{failure}");
    assert!(failure.is_permanent());
}

#[test]
fn a_header_that_promises_more_pixels_than_follow_is_corrupt() {
    let png = encoded(&scene(64, 64).into(), ImageFormat::Png);
    let mut first = png[16..29].to_vec();
    first[..8].copy_from_slice(&[0, 0, 0x1B, 0x58, 0, 0, 0x1B, 0x58]);
    let lie = [&png[..8], &png_chunk(b"IHDR", &first), &png[33..]].concat();
    assert_eq!(code(&lie), Code::Corrupt);
}

#[test]
fn a_colour_profile_that_unpacks_to_nothing_useful_is_dropped() {
    let png = encoded(&scene(64, 64).into(), ImageFormat::Png);
    let profile = png_chunk(b"iCCP", b"name\0\0\x78\x9C\x03\0\0\0\0\x01");
    let with_profile = [&png[..33], &profile, &png[33..]].concat();
    assert_eq!(tried(&with_profile), tried(&png));
}

#[test]
fn nothing_that_lay_beside_the_pixels_gets_into_a_variant() {
    let script = b"<script>alert(1)</script>";
    let picture = jpeg(&scene(200, 100), Kind::Baseline);
    let commented = with_segment(&with_segment(&picture, 0xFE, script), 0xE2, script);
    let polyglot = [commented.as_slice(), script, b"PK\x03\x04"].concat();
    let variants = tried(&polyglot).expect("the pixels are sound");
    assert_eq!(variants, tried(&picture).expect("the pixels are sound"));
    for variant in variants {
        assert!(!make::contains(&variant.bytes, b"script"));
        assert!(variant.bytes.ends_with(b"\xFF\xD9"));
        assert_eq!(markers(&variant.bytes), [0xE0, 0xDB, 0xC0, 0xC4, 0xDA]);
    }
}

/// The kinds of segments up to the first scan, in order, each told once.
fn markers(jpeg: &[u8]) -> Vec<u8> {
    let (mut at, mut markers) = (2, Vec::new());
    while markers.last() != Some(&0xDA) {
        assert_eq!(jpeg[at], 0xFF);
        markers.push(jpeg[at + 1]);
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
    markers.dedup();
    markers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_file_is_rendered_or_refused_but_never_panics(
        sample in 0..9_usize,
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = samples().swap_remove(sample);
        for (place, value) in mutations {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        bytes.truncate(cut.index(bytes.len() * 2).max(1));
        // A mutated header may claim much; small limits keep the test fast and are limits all the same.
        let limits = Limits { pixels_max: 1_000_000, ..Limits::default() };
        if let Ok(variants) = render(&bytes, &limits, &PRESETS, &|| false) {
            prop_assert!(variants.iter().all(|variant| variant.bytes.ends_with(b"\xFF\xD9")));
        }
    }
}
