//! What a picture takes to become red, green and blue: ours, and libjpeg-turbo at the same scale, by turns.
//!
//! The table tells processor time, because wall time depends on who else is there. `PHOTOS` may name a folder: its
//! JPEG files are then measured as well, recoded without loss to baseline. `ROUNDS` is how often each is decoded.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    sync::LazyLock,
    time::{Duration, Instant},
};

use scaled_jpeg::{Decoder, Scale};
use turbojpeg::{
    Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp, Transform, transform,
};

const QUALITY: i32 = 90;
const EIGHTHS: [u8; 5] = [1, 2, 3, 4, 8];
const ROUNDS: usize = 9;

fn main() -> io::Result<()> {
    let rounds = std::env::var("ROUNDS").ok().and_then(|count| count.parse().ok());
    let rounds: usize = rounds.unwrap_or(ROUNDS).max(1);
    let mut out = io::stdout().lock();
    writeln!(out, "| photo | scale | ours | libjpeg-turbo | ours to it |")?;
    writeln!(out, "| --- | --- | --: | --: | --: |")?;
    for (name, file) in photos() {
        for eighths in EIGHTHS {
            let (ours, turbo) = medians(&file, eighths, rounds);
            let ratio = ours / turbo;
            writeln!(out, "| {name} | {eighths}/8 | {ours:.1} ms | {turbo:.1} ms | {ratio:.2} |")?;
        }
    }
    Ok(())
}

fn photos() -> Vec<(String, Vec<u8>)> {
    let made = [
        ("2 MP 4:2:0", photo(1632, 1224, Subsamp::Sub2x2)),
        ("12 MP 4:2:0", photo(4000, 3000, Subsamp::Sub2x2)),
        ("12 MP 4:4:4", photo(4000, 3000, Subsamp::None)),
        ("24 MP 4:2:0", photo(6000, 4000, Subsamp::Sub2x2)),
    ];
    let mut photos: Vec<_> = made.map(|(name, file)| (name.to_owned(), file)).to_vec();
    if let Some(folder) = std::env::var_os("PHOTOS") {
        photos.extend(baseline(Path::new(&folder)));
    }
    photos
}

/// In milliseconds: ours, and the library's.
fn medians(file: &[u8], eighths: u8, rounds: usize) -> (f64, f64) {
    let scale = Scale::new(eighths).expect("up to eight");
    let size = Decoder::new(file).expect("a baseline photo").size(scale);
    let mut rgb = vec![0; 3 * size.width * size.height];
    let mut decompressor = Decompressor::new().expect("there is memory");
    let common = [8, 4, 2, 1].into_iter().find(|part| eighths.is_multiple_of(*part)).unwrap_or(1);
    let factor = ScalingFactor::new(usize::from(eighths / common), usize::from(8 / common));
    decompressor.set_scaling_factor(factor).expect("an eighth");
    let (mut ours, mut turbo) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(taken(|| {
            let decoder = Decoder::new(file).expect("a baseline photo");
            decoder.rgb(scale, &mut rgb).expect("a sound photo");
        }));
        turbo.push(taken(|| {
            let (width, height) = (size.width, size.height);
            let pixels = rgb.as_mut_slice();
            let image = Image { pixels, width, pitch: 3 * width, height, format: PixelFormat::RGB };
            decompressor.decompress(file, image).expect("a sound photo");
        }));
    }
    (median(ours), median(turbo))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn taken(work: impl FnOnce()) -> f64 {
    let before = processor_time();
    work();
    (processor_time() - before).as_secs_f64() * 1e3
}

/// Of this thread; where the kernel does not tell, the time of day must do.
fn processor_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// The same coefficients in baseline coding.
fn baseline(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "jpg")).collect();
    paths.sort();
    let recoded = |path: &Path| {
        let bytes = fs::read(path).expect("the photo can be read");
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
