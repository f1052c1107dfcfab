//! Sound files, damaged in thousands of ways, the same in every run: no decoder may panic, hang, or blame us for it.
//!
//! What a fuzzer finds in half an hour (`tests/fuzz`) is more; this is for every run of the tests, each way through the
//! decoders by name.

use std::fmt::Write as _;
use std::io::Write as _;

use domain::picture::{Code, Format, Limits, Preset, inspect};
use image::ImageFormat;
use moxcms::ColorProfile;
use processors::picture::render;

use crate::make::{
    Kind, encoded, jpeg, png_chunk, png_with_orientation, scene, with_exif, with_segment,
};
use crate::packed::black_png;

/// Of each file so many; a fuzzer does the rest.
const MUTANTS: u32 = 150;
const CHANGES_MAX: usize = 6;
/// No mutated header may keep this test busy with a great picture.
const PIXELS_MAX: u64 = 200_000;
/// So small that our own JPEG decoder is asked: it takes pictures down to three eighths and less.
static SMALL: [Preset; 1] = [Preset::new("20x20.jpg", 20)];
static LARGE: [Preset; 2] = [Preset::new("48x48.jpg", 48), Preset::new("20x20.jpg", 20)];

const PROFILE: &str = "a colour profile";

/// Numbers that programs stumble over.
const BAD_BYTES: [u8; 8] = [0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF, 0xD9, 0xDA];

/// Xorshift, by Marsaglia: the same numbers in every run.
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % bound.max(1)
    }
}

/// A way through the decoders, and sound files that take it.
struct Way {
    name: &'static str,
    presets: &'static [Preset],
    seeds: Vec<Vec<u8>>,
    /// Makes a whole file of what was damaged.
    whole: fn(Vec<u8>) -> Vec<u8>,
}

fn ways() -> Vec<Way> {
    let picture = scene(96, 64);
    let of = |format| encoded(&picture.clone().into(), format);
    let kind = |kind| jpeg(&picture, kind);
    let way = |name, seeds| Way { name, presets: &LARGE, seeds, whole: |bytes| bytes };
    let baseline = kind(Kind::Baseline);
    let profile = ColorProfile::new_display_p3().encode().expect("the profile can be written");
    let ours = vec![baseline.clone(), kind(Kind::Grey), with_exif(&baseline, 6)];
    let others = [Kind::Progressive, Kind::Inks, Kind::InksAsLight].map(kind);
    let rows = vec![
        of(ImageFormat::Png),
        black_png((64, 48), (1, 0, false), 8),
        png_with_orientation(&of(ImageFormat::Png), 6),
    ];
    let lossy = [
        include_bytes!("samples/lossy.webp").as_slice(),
        include_bytes!("samples/lossy-alpha.webp"),
        include_bytes!("samples/lossless-alpha.webp"),
    ];
    vec![
        Way { presets: &SMALL, ..way("JPEG, our decoder", ours.clone()) },
        way("JPEG, the library, baseline", ours),
        way("JPEG, the library, other kinds", others.to_vec()),
        Way { whole: sealed, ..way("PNG, row by row", rows) },
        Way {
            whole: sealed,
            ..way("PNG, interlaced", vec![black_png((64, 48), (16, 6, true), 64 * 8)])
        },
        way("WebP, lossless", vec![of(ImageFormat::WebP)]),
        way("WebP, lossy and with alpha", lossy.map(<[u8]>::to_vec).to_vec()),
        way("WebP, animation", vec![include_bytes!("samples/animation.webp").to_vec()]),
        way("GIF", vec![of(ImageFormat::Gif)]),
        way("BMP", vec![of(ImageFormat::Bmp)]),
        way("TIFF", vec![of(ImageFormat::Tiff)]),
        Way { whole: coloured, ..way(PROFILE, vec![profile]) },
    ]
}

/// The PNG with the right checksums, without which nothing but them would be tried.
fn sealed(png: Vec<u8>) -> Vec<u8> {
    const HEAD_BYTES: usize = 8;
    let Some((head, mut rest)) = png.split_at_checked(HEAD_BYTES) else { return png };
    let mut whole = head.to_vec();
    while let Some((length, after)) = rest.split_first_chunk::<4>()
        && let Some((kind, after)) = after.split_first_chunk::<4>()
        && let Some((content, after)) = after.split_at_checked(u32::from_be_bytes(*length) as usize)
        && let Some((_, after)) = after.split_first_chunk::<4>()
    {
        whole.extend(png_chunk(kind, content));
        rest = after;
    }
    whole.extend(rest);
    whole
}

/// A sound JPEG with this profile.
fn coloured(profile: Vec<u8>) -> Vec<u8> {
    let part = [b"ICC_PROFILE\0\x01\x01".as_slice(), &profile].concat();
    with_segment(&jpeg(&scene(16, 16), Kind::Baseline), 0xE2, &part)
}

fn mutant(seeds: &[Vec<u8>], seed: usize, numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seeds[seed].clone();
    for _ in 0..=numbers.below(CHANGES_MAX) {
        let at = numbers.below(bytes.len());
        // Most of what can be misread stands at the beginning.
        let at = if numbers.below(2) == 0 { at % 600.min(bytes.len().max(1)) } else { at };
        let span = 1 + numbers.below(64);
        let end = (at + span).min(bytes.len());
        match numbers.below(7) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
            2 | 3 if at < bytes.len() => bytes[at] = BAD_BYTES[numbers.below(BAD_BYTES.len())],
            4 => drop(bytes.drain(at..end)),
            5 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => {
                let other = &seeds[numbers.below(seeds.len())];
                let from = numbers.below(other.len());
                let part = other[from..(from + span).min(other.len())].to_vec();
                bytes.splice(at..end, part);
            }
        }
    }
    bytes
}

/// How many of a way's damaged files were rendered, and how many refused.
fn try_out(way: &Way, limits: &Limits) -> (u32, u32) {
    let mut numbers = Numbers(0x9E37_79B9);
    let (mut taken, mut refused) = (0, 0);
    for seed in 0..way.seeds.len() {
        for _ in 0..MUTANTS {
            let bytes = (way.whole)(mutant(&way.seeds, seed, &mut numbers));
            match render(&bytes, limits, way.presets, &|| false) {
                Ok(_) => taken += 1,
                Err(failure) => {
                    assert!(failure.is_permanent(), "{}: {failure}", way.name);
                    assert_ne!(failure.code, Code::Cancelled);
                    refused += 1;
                }
            }
        }
    }
    (taken, refused)
}

#[test]
fn thousands_of_damaged_files_are_rendered_or_refused_and_no_fault_of_ours() {
    let limits = Limits { pixels_max: PIXELS_MAX, ..Limits::default() };
    let mut told = String::new();
    for way in ways() {
        let (taken, refused) = try_out(&way, &limits);
        let tried = taken + refused;
        let name = way.name;
        writeln!(told, "{name}: {tried} damaged files, {taken} rendered, {refused} refused")
            .expect("a text takes all");
        // If all were refused at once, or none, nothing would have been tried. A profile that cannot be read counts as none.
        assert!(taken >= tried / 50, "{told}");
        assert!(refused >= tried / 50 || name == PROFILE, "{told}");
    }
    let _ = write!(std::io::stderr(), "{told}");
}

#[test]
fn each_way_is_the_one_that_it_is_called() {
    let limits = Limits::default();
    for way in ways() {
        for seed in way.seeds {
            let bytes = (way.whole)(seed);
            let format = inspect(&bytes, &limits).expect("the seed is sound").format;
            let expected = match way.name.split([' ', ',']).next() {
                Some("PNG") => Format::Png,
                Some("WebP") => Format::Webp,
                Some("GIF") => Format::Gif,
                Some("BMP") => Format::Bmp,
                Some("TIFF") => Format::Tiff,
                _ => Format::Jpeg,
            };
            assert_eq!(format, expected, "{}", way.name);
            assert!(render(&bytes, &limits, way.presets, &|| false).is_ok(), "{}", way.name);
        }
    }
}
