//! Sound files, damaged in thousands of ways, the same in every run: no decoder may panic, hang, or blame us for it.

use domain::picture::{Code, Limits, Preset};
use image::ImageFormat;
use moxcms::ColorProfile;
use processors::picture::render;

use crate::make::{
    FORMATS, Kind, encoded, jpeg, png_with_orientation, scene, with_exif, with_segment,
};
use crate::packed::black_png;

/// Of each file so many; a fuzzer does the rest.
const MUTANTS: u32 = 120;
const CHANGES_MAX: u32 = 6;
/// No mutated header may keep this test busy with a great picture.
const PIXELS_MAX: u64 = 200_000;
const PRESETS: [Preset; 2] = [Preset::new("48x48.jpg", 48), Preset::new("20x20.jpg", 20)];

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

fn seeds() -> Vec<Vec<u8>> {
    let picture = scene(96, 64);
    let mut seeds: Vec<_> =
        FORMATS.iter().map(|format| encoded(&picture.clone().into(), *format)).collect();
    let kinds = [Kind::Baseline, Kind::Progressive, Kind::Grey, Kind::Inks, Kind::InksAsLight];
    seeds.extend(kinds.map(|kind| jpeg(&picture, kind)));
    seeds.extend([
        include_bytes!("samples/lossy.webp").to_vec(),
        include_bytes!("samples/lossy-alpha.webp").to_vec(),
        include_bytes!("samples/lossless-alpha.webp").to_vec(),
        include_bytes!("samples/animation.webp").to_vec(),
        black_png((64, 48), (16, 6, true), 64 * 8),
        black_png((64, 48), (1, 0, false), 8),
    ]);
    let png = encoded(&picture.clone().into(), ImageFormat::Png);
    let profile = ColorProfile::new_display_p3().encode().expect("the profile can be written");
    let part = [b"ICC_PROFILE\0\x01\x01".as_slice(), &profile].concat();
    let plain = jpeg(&picture, Kind::Baseline);
    seeds.extend([
        png_with_orientation(&png, 6),
        with_exif(&plain, 6),
        with_segment(&plain, 0xE2, &part),
    ]);
    seeds
}

fn mutant(seeds: &[Vec<u8>], seed: usize, numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seeds[seed].clone();
    for _ in 0..=numbers.below(CHANGES_MAX as usize) {
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

#[test]
fn thousands_of_damaged_files_are_rendered_or_refused_and_no_fault_of_ours() {
    let seeds = seeds();
    let limits = Limits { pixels_max: PIXELS_MAX, ..Limits::default() };
    let mut numbers = Numbers(0x9E37_79B9);
    let (mut taken, mut refused) = (0, 0);
    for seed in 0..seeds.len() {
        for _ in 0..MUTANTS {
            let bytes = mutant(&seeds, seed, &mut numbers);
            match render(&bytes, &limits, &PRESETS, &|| false) {
                Ok(_) => taken += 1,
                Err(failure) => {
                    assert!(failure.is_permanent(), "seed {seed}: {failure}");
                    assert_ne!(failure.code, Code::Cancelled);
                    refused += 1;
                }
            }
        }
    }
    // If all were refused at once, or none, nothing would have been tried.
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
}
