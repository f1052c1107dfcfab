//! How long a picture takes to become red, green and blue: ours, and libjpeg-turbo at the same scale.
//!
//! `PHOTOS` may name a folder; its JPEG files are then measured as well, recoded without loss to baseline.

use std::{path::Path, sync::LazyLock};

use divan::{Bencher, black_box, counter::ItemsCount};
use scaled_jpeg::{Decoder, Scale};
use turbojpeg::{
    Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp, Transform, transform,
};

const QUALITY: i32 = 90;
const SCALES: [u8; 5] = [8, 4, 3, 2, 1];

static PHOTOS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let mut photos = vec![
        ("2 MP 4:2:0".to_owned(), photo(1632, 1224, Subsamp::Sub2x2)),
        ("12 MP 4:2:0".to_owned(), photo(4000, 3000, Subsamp::Sub2x2)),
        ("12 MP 4:4:4".to_owned(), photo(4000, 3000, Subsamp::None)),
        ("24 MP 4:2:0".to_owned(), photo(6000, 4000, Subsamp::Sub2x2)),
    ];
    if let Some(folder) = std::env::var_os("PHOTOS") {
        photos.extend(baseline(Path::new(&folder)));
    }
    photos
});

fn main() {
    divan::main();
}

fn cases() -> Vec<String> {
    let name = |(name, _): &(String, Vec<u8>)| SCALES.map(|scale| format!("{name} at {scale}/8"));
    PHOTOS.iter().flat_map(name).collect()
}

fn case(name: &str) -> (&'static [u8], u8) {
    let (photo, scale) = name.split_once(" at ").expect("a case has a scale");
    let scale = SCALES.into_iter().find(|eighths| scale == format!("{eighths}/8"));
    let (_, bytes) = PHOTOS.iter().find(|(name, _)| name == photo).expect("it was listed");
    (bytes, scale.expect("it was listed"))
}

#[divan::bench(args = cases())]
fn ours(bencher: Bencher<'_, '_>, name: &str) {
    let (bytes, eighths) = case(name);
    let scale = Scale::new(eighths).expect("up to eight");
    let size = Decoder::new(bytes).expect("a baseline photo").size(scale);
    let mut rgb = vec![0; 3 * size.width * size.height];
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        let decoder = Decoder::new(black_box(bytes)).expect("a baseline photo");
        decoder.rgb(scale, &mut rgb).expect("a sound photo");
    });
}

#[divan::bench(args = cases())]
fn turbo(bencher: Bencher<'_, '_>, name: &str) {
    let (bytes, eighths) = case(name);
    let mut decompressor = Decompressor::new().expect("there is memory");
    let divisor = [8, 4, 2, 1].into_iter().find(|part| eighths.is_multiple_of(*part)).unwrap_or(1);
    let scale = ScalingFactor::new(usize::from(eighths / divisor), usize::from(8 / divisor));
    decompressor.set_scaling_factor(scale).expect("an eighth");
    let size = decompressor.read_header(bytes).expect("a photo").scaled(scale);
    let (width, height) = (size.width, size.height);
    let mut rgb = vec![0; 3 * width * height];
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        let pixels = rgb.as_mut_slice();
        let image = Image { pixels, width, pitch: 3 * width, height, format: PixelFormat::RGB };
        decompressor.decompress(black_box(bytes), image).expect("a sound photo");
    });
}

/// The same coefficients in baseline coding.
fn baseline(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "jpg")).collect();
    paths.sort();
    let recoded = |path: &Path| {
        let bytes = std::fs::read(path).expect("the photo can be read");
        let recoded = transform(&Transform::default(), &bytes).expect("the photo is sound");
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        (name, recoded.to_vec())
    };
    paths.iter().map(|path| recoded(path)).collect()
}

/// Slopes, edges, texture and the noise of a sensor, so that there is as much to decode as in a photo.
fn photo(width: usize, height: usize, sampling: Subsamp) -> Vec<u8> {
    let mut noise = 0x9E37_79B9_u32;
    let mut pixels = Vec::with_capacity(3 * width * height);
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x as f32, y as f32))) {
        let (u, v) = (x / width as f32, y / height as f32);
        let hill = if v > 0.55 + 0.2 * (9.0 * u).sin() { 60.0 } else { 150.0 };
        let texture = 20.0 * (x * 0.11).sin() * (y * 0.07).cos();
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        let grain = (noise % 13) as f32 - 6.0;
        let tone = |shift: f32| hill + 50.0 * u + texture + grain + shift * v * 40.0;
        pixels.extend([1.0, 0.2, -1.0].map(|shift| tone(shift) as u8));
    }
    let mut compressor = Compressor::new().expect("there is memory");
    compressor.set_quality(QUALITY).expect("90 is a quality");
    compressor.set_subsamp(sampling).expect("all samplings are known");
    let image = Image {
        pixels: pixels.as_slice(),
        width,
        pitch: 3 * width,
        height,
        format: PixelFormat::RGB,
    };
    compressor.compress_to_vec(image).expect("the picture is sound")
}
