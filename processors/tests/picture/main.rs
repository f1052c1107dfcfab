//! Whole pictures through the door: made here, rendered, and looked at.

mod corpus;
mod hostile;
mod make;
mod mutated;
#[path = "../support/packed.rs"]
mod packed;
mod photos;
mod quality;
mod seeds;
mod seen;
mod webp;

use domain::picture::{Code, Limits, PRESETS, Preset};
use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use make::{CORNERS, Kind, corners, encoded, jpeg, png_with_orientation, scene, with_exif};
use processors::picture::{Variant, render};
use seen::Seen;

fn rendered(bytes: &[u8]) -> Vec<Variant> {
    render(bytes, &Limits::default(), &PRESETS, &|| false).expect("the picture is sound")
}

fn sizes(bytes: &[u8]) -> [(u32, u32); 2] {
    let variants = rendered(bytes);
    assert_eq!(
        variants.iter().map(|variant| &*variant.name).collect::<Vec<_>>(),
        ["1024x1024.jpg", "800x800.jpg"]
    );
    [(variants[0].width, variants[0].height), (variants[1].width, variants[1].height)]
}

#[test]
fn each_format_becomes_two_jpegs_that_look_like_it() {
    let picture = corners(1200, 900);
    for format in make::FORMATS {
        for variant in rendered(&encoded(&picture.clone().into(), format)) {
            let seen = Seen::of(&variant);
            assert_eq!(seen.width() * 3, seen.height() * 4, "{format:?}");
            assert_eq!(seen.corners(), "abcd", "{format:?}");
        }
    }
    assert_eq!(sizes(&encoded(&picture.into(), ImageFormat::Png)), [(1024, 768), (800, 600)]);
}

#[test]
fn a_lossy_webp_is_read() {
    let one_white_pixel = b"RIFF\x22\0\0\0WEBPVP8 \x16\0\0\0\x30\x01\0\x9D\x01\x2A\x01\0\x01\0\
        \x0E\xC0\xFE\x25\xA4\0\x03\x70\0\0\0\0";
    assert_eq!(sizes(one_white_pixel), [(1, 1), (1, 1)]);
}

/// Which stored corner is seen top left, top right, bottom left and bottom right.
const TURNS: [&str; 8] = ["abcd", "badc", "dcba", "cdab", "acbd", "cadb", "dbca", "bdac"];

#[test]
fn each_orientation_of_a_jpeg_is_applied_and_leaves_no_trace() {
    let stored = jpeg(&corners(1200, 900), Kind::Baseline);
    for (orientation, corners) in (1..).zip(TURNS) {
        for variant in rendered(&with_exif(&stored, orientation)) {
            let seen = Seen::of(&variant);
            assert_eq!(seen.corners(), corners, "orientation {orientation}");
            assert_eq!(seen.width() > seen.height(), orientation < 5, "orientation {orientation}");
            assert!(!make::contains(&variant.bytes, b"Exif"));
        }
    }
}

#[test]
fn each_orientation_of_a_png_is_applied() {
    let stored = encoded(&corners(120, 90).into(), ImageFormat::Png);
    for (orientation, corners) in (1..).zip(TURNS) {
        let seen = Seen::of(&rendered(&png_with_orientation(&stored, orientation))[0]);
        assert_eq!(seen.corners(), corners, "orientation {orientation}");
    }
}

#[test]
fn grey_stays_grey() {
    let grey = jpeg(&scene(1300, 700), Kind::Grey);
    let grey_png = encoded(
        &image::DynamicImage::from(scene(1300, 700)).into_luma16().into(),
        ImageFormat::Png,
    );
    for bytes in [grey, grey_png] {
        let seen = Seen::of(&rendered(&bytes)[1]);
        assert_eq!((seen.width(), seen.height()), (800, 431));
        assert!(
            seen.pixels()
                .all(|[red, green, blue]| red.abs_diff(green) <= 1 && green.abs_diff(blue) <= 1)
        );
    }
}

#[test]
fn four_inks_become_colour() {
    for kind in [Kind::Inks, Kind::InksAsLight] {
        let seen = Seen::of(&rendered(&jpeg(&corners(2600, 1300), kind))[0]);
        assert_eq!(seen.corners(), "abcd", "{kind:?}");
    }
}

#[test]
fn progressive_jpegs_look_the_same() {
    let picture = scene(1500, 1100);
    let baseline = rendered(&jpeg(&picture, Kind::Baseline));
    let progressive = rendered(&jpeg(&picture, Kind::Progressive));
    assert_eq!(baseline, progressive);
}

#[test]
fn alpha_lies_on_white_and_hidden_colour_does_not_bleed() {
    // Left half opaque blue, right half fully transparent red; in between a column that is half there.
    let picture = RgbaImage::from_fn(1200, 600, |x, _| match x {
        0..600 => Rgba([0, 0, 255, 255]),
        600..606 => Rgba([0, 0, 255, 128]),
        _ => Rgba([255, 0, 0, 0]),
    });
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Tiff] {
        let seen = Seen::of(&rendered(&encoded(&picture.clone().into(), format))[1]);
        assert!(seen.is_near(100, 200, [0, 0, 255], 6), "{format:?}");
        assert!(seen.is_near(700, 200, [255, 255, 255], 2), "{format:?}");
        assert!(
            seen.pixels().all(|[red, green, _]| red.abs_diff(green) < 40),
            "red bleeds from {format:?}"
        );
    }
}

#[test]
fn sixteen_bits_become_eight() {
    let deep = image::ImageBuffer::<Rgb<u16>, _>::from_fn(900, 30, |x, _| {
        let x = u16::try_from(x).expect("900 fits");
        Rgb([x * 72, 65_535 - x * 72, 32_768])
    });
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        let seen = Seen::of(&rendered(&encoded(&deep.clone().into(), format))[0]);
        assert!(seen.is_near(450, 15, [126, 129, 128], 3), "{format:?}");
        assert!(seen.is_near(850, 15, [238, 17, 128], 3), "{format:?}");
    }
}

#[test]
fn odd_and_extreme_sizes_are_fitted() {
    let fitted = [
        ((1, 1), [(1, 1), (1, 1)]),
        ((3, 5), [(3, 5), (3, 5)]),
        ((1, 3000), [(1, 1024), (1, 800)]),
        ((3000, 1), [(1024, 1), (800, 1)]),
        ((4095, 9), [(1024, 2), (800, 2)]),
        ((801, 799), [(801, 799), (800, 798)]),
        ((1023, 1025), [(1022, 1024), (798, 800)]),
        ((2725, 2225), [(1024, 836), (800, 653)]),
    ];
    for ((width, height), sizes_expected) in fitted {
        assert_eq!(
            sizes(&jpeg(&scene(width, height), Kind::Baseline)),
            sizes_expected,
            "{width} x {height} JPEG"
        );
        let png = encoded(&scene(width, height).into(), ImageFormat::Png);
        assert_eq!(sizes(&png), sizes_expected, "{width} x {height} PNG");
    }
}

#[test]
fn nothing_is_enlarged() {
    let variants = rendered(&jpeg(&scene(500, 300), Kind::Baseline));
    assert_eq!((variants[0].width, variants[0].height), (500, 300));
    assert_eq!(variants[0].bytes, variants[1].bytes);
    assert_eq!(variants[0].sha256, variants[1].sha256);
}

#[test]
fn the_same_bytes_come_out_each_time() {
    let picture = jpeg(&scene(1700, 1300), Kind::Baseline);
    assert_eq!(rendered(&picture), rendered(&picture));
}

#[test]
fn presets_are_answered_in_their_order() {
    let presets = [("s", 10), ("l", 300), ("m", 40)]
        .map(|(name, side_pixels_max)| Preset::new(name, side_pixels_max));
    let picture = jpeg(&scene(600, 400), Kind::Baseline);
    let variants =
        render(&picture, &Limits::default(), &presets, &|| false).expect("the picture is sound");
    let seen: Vec<_> =
        variants.iter().map(|variant| (&*variant.name, variant.width, variant.height)).collect();
    assert_eq!(seen, [("s", 10, 7), ("l", 300, 200), ("m", 40, 27)]);
}

#[test]
fn work_stops_between_any_two_stages() {
    let picture = jpeg(&scene(900, 900), Kind::Baseline);
    let asked = std::cell::Cell::new(0);
    let run = |stop_at: u32| {
        asked.set(0);
        render(&picture, &Limits::default(), &PRESETS, &|| {
            asked.set(asked.get() + 1);
            asked.get() == stop_at
        })
    };
    run(u32::MAX).expect("nobody stops it");
    let stages = asked.get();
    assert!(stages >= 6, "asked only {stages} times");
    for stop_at in 1..=stages {
        assert_eq!(run(stop_at).map_err(|failure| failure.code), Err(Code::Cancelled));
        assert_eq!(asked.get(), stop_at, "it went on after being stopped");
    }
}

#[test]
fn the_limits_that_are_given_count() {
    let picture = jpeg(&scene(600, 400), Kind::Baseline);
    let code = |limits: Limits| {
        render(&picture, &limits, &PRESETS, &|| false).map_err(|failure| failure.code)
    };
    assert_eq!(code(Limits { pixels_max: 239_999, ..Limits::default() }), Err(Code::TooManyPixels));
    assert_eq!(
        code(Limits { side_pixels_max: 599, ..Limits::default() }),
        Err(Code::TooManyPixels)
    );
    assert_eq!(code(Limits { body_bytes_max: 1_000, ..Limits::default() }), Err(Code::TooLarge));
    let progressive = jpeg(&scene(600, 400), Kind::Progressive);
    let few_scans = Limits { scans_max: 2, ..Limits::default() };
    let refused =
        render(&progressive, &few_scans, &PRESETS, &|| false).map_err(|failure| failure.code);
    assert_eq!(refused, Err(Code::Corrupt));
}

#[test]
fn the_four_corners_are_told_apart() {
    // The other tests lean on this.
    assert_eq!(CORNERS.map(|(name, _)| name), ['a', 'b', 'c', 'd']);
    let one_colour = RgbImage::from_pixel(64, 64, Rgb(CORNERS[2].1));
    assert_eq!(
        Seen::of(&rendered(&encoded(&one_colour.into(), ImageFormat::Bmp))[0]).corners(),
        "cccc"
    );
}
