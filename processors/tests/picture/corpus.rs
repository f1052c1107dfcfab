//! Files of every kind that may come in, made here: each is rendered right, or refused for the right reason.

mod bombs;
mod broken;
mod flat;
mod gif;
mod jpeg;
mod png;
mod profile;
mod strangers;
mod webp;

use std::{fs, io::Write, sync::LazyLock};

use domain::picture::{Code, Limits, Preset};
use image::RgbImage;
use processors::picture::render;

use crate::{make::scene, quality::likeness_to};

/// That many kinds are promised.
const FILES_MIN: usize = 60;
const LIKENESS_MIN: f64 = 0.98;
/// Colour is kept at half the resolution, so single pixels may be further off than this.
const DISTANCE_MAX: f64 = 3.0;
/// The tests beside this one share its process, so this is more than the corpus takes.
const PEAK_BYTES_MAX: u64 = 512 << 20;

/// A file, and what is to become of it.
pub(crate) struct Entry {
    name: String,
    pub(crate) bytes: Vec<u8>,
    expected: Expected,
}

enum Expected {
    /// Upright, in sRGB, at full size.
    Seen(RgbImage),
    /// With this code, and a detail that holds these words.
    Refused(Code, &'static str),
}

fn seen(name: impl Into<String>, bytes: Vec<u8>, picture: &RgbImage) -> Entry {
    Entry { name: name.into(), bytes, expected: Expected::Seen(picture.clone()) }
}

fn refused(name: impl Into<String>, bytes: Vec<u8>, code: Code, words: &'static str) -> Entry {
    Entry { name: name.into(), bytes, expected: Expected::Refused(code, words) }
}

/// What most of the files hold.
static SCENE: LazyLock<RgbImage> = LazyLock::new(|| scene(WIDTH, HEIGHT));
const WIDTH: u32 = 660;
const HEIGHT: u32 = 456;
/// Of half the sides that are the default, so that many files take little time.
const PRESETS: [Preset; 2] = [Preset::new("512x512.jpg", 512), Preset::new("400x400.jpg", 400)];

pub(crate) static CORPUS: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let kinds: [fn() -> Vec<Entry>; 9] = [
        jpeg::entries,
        profile::entries,
        png::entries,
        webp::entries,
        gif::entries,
        flat::entries,
        strangers::entries,
        broken::entries,
        bombs::entries,
    ];
    kinds.into_iter().flat_map(|entries| entries()).collect()
});

/// What is wrong with how an entry was treated, if anything; and the hashes of what was made of it.
fn judge(entry: &Entry) -> Result<String, String> {
    let rendered = render(&entry.bytes, &Limits::default(), &PRESETS, &|| false);
    match (&entry.expected, rendered) {
        (Expected::Seen(picture), Ok(variants)) => {
            for variant in &variants {
                let (likeness, distances) = likeness_to(variant, picture);
                let is_near = distances.iter().all(|distance| *distance <= DISTANCE_MAX);
                if likeness < LIKENESS_MIN || !is_near {
                    return Err(format!("{}: {likeness:.4}, {distances:?}", variant.name));
                }
            }
            Ok(variants.iter().map(|variant| &variant.sha256[..16]).collect::<Vec<_>>().join(" "))
        }
        (Expected::Refused(code, words), Err(failure)) => {
            let is_right = failure.code == *code && failure.detail.contains(words);
            let told = failure.to_string();
            if is_right { Ok(told) } else { Err(told) }
        }
        (Expected::Seen(_), Err(failure)) => Err(failure.to_string()),
        (Expected::Refused(..), Ok(_)) => Err("it was taken".to_owned()),
    }
}

/// The most memory that this process has ever had.
fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

#[test]
fn every_file_is_rendered_right_or_refused_for_the_right_reason() {
    assert!(CORPUS.len() >= FILES_MIN, "there are {} files", CORPUS.len());
    let mut lines = Vec::new();
    let mut wrong = Vec::new();
    for entry in CORPUS.iter() {
        match judge(entry) {
            Ok(told) => lines.push(format!("{}: {told}", entry.name)),
            Err(why) => wrong.push(format!("{}: {why}", entry.name)),
        }
    }
    let taken = CORPUS.iter().filter(|entry| matches!(entry.expected, Expected::Seen(_))).count();
    let peak = peak_bytes();
    let told = format!("{} files, {taken} of them pictures; peak {peak:?} bytes", CORPUS.len());
    let _ = writeln!(std::io::stderr(), "{told}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(peak.is_none_or(|peak| peak <= PEAK_BYTES_MAX), "{told}");
    insta::assert_snapshot!("golden", lines.join("\n"));
}

#[test]
fn every_file_has_a_name_of_its_own() {
    let mut names: Vec<_> = CORPUS.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn a_wrong_picture_would_be_seen() {
    let bytes = crate::make::encoded(&SCENE.clone().into(), image::ImageFormat::Png);
    let judged = |picture: &RgbImage| judge(&seen("", bytes.clone(), picture));
    assert!(judged(&SCENE).is_ok());
    assert!(judged(&image::imageops::flip_horizontal(&*SCENE)).is_err());
    let mut pale = SCENE.clone();
    pale.pixels_mut().for_each(|pixel| pixel.0[2] = pixel.0[2].saturating_add(12));
    assert!(judged(&pale).is_err());
}
