//! Pictures, and what the library makes of them.

use turbojpeg::{Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp};

use crate::writer::Spec;

pub(crate) const SAMPLINGS: [Subsamp; 5] =
    [Subsamp::None, Subsamp::Sub2x1, Subsamp::Sub1x2, Subsamp::Sub2x2, Subsamp::Gray];

/// Waves of many lengths over a slope, and edges, in colour.
pub(crate) fn scene(width: usize, height: usize) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(3 * width * height);
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x as f32, y as f32))) {
        let (u, v) = (x / width as f32, y / height as f32);
        let hill = if v > 0.55 + 0.2 * (9.0 * u).sin() { 60.0 } else { 150.0 };
        let texture = 20.0 * (x * 0.31).sin() * (y * 0.23).cos();
        let tone = |shift: f32| hill + 50.0 * u + texture + shift * (u - v) * 60.0;
        pixels.extend([1.0, 0.2, -1.0].map(|shift| tone(shift) as u8));
    }
    pixels
}

pub(crate) struct Making {
    pub(crate) quality: i32,
    pub(crate) sampling: Subsamp,
    pub(crate) is_progressive: bool,
}

pub(crate) fn jpeg(pixels: &[u8], width: usize, height: usize, making: &Making) -> Vec<u8> {
    let mut compressor = Compressor::new().expect("there is memory");
    compressor.set_quality(making.quality).expect("a quality");
    compressor.set_subsamp(making.sampling).expect("all samplings are known");
    compressor.set_progressive(making.is_progressive).expect("progressive is a mode");
    let image = Image { pixels, width, pitch: 3 * width, height, format: PixelFormat::RGB };
    compressor.compress_to_vec(image).expect("the picture is sound")
}

/// What libjpeg-turbo makes of a file at some eighths.
pub(crate) fn library(file: &[u8], eighths: u8) -> Result<Vec<u8>, turbojpeg::Error> {
    let mut decompressor = Decompressor::new()?;
    let common = [8, 4, 2, 1].into_iter().find(|part| eighths.is_multiple_of(*part)).unwrap_or(1);
    let scale = ScalingFactor::new((eighths / common).into(), (8 / common).into());
    decompressor.set_scaling_factor(scale)?;
    let size = decompressor.read_header(file)?.scaled(scale);
    let (width, height) = (size.width, size.height);
    let mut pixels = vec![0; 3 * width * height];
    let image = Image {
        pixels: pixels.as_mut_slice(),
        width,
        pitch: 3 * width,
        height,
        format: PixelFormat::RGB,
    };
    decompressor.decompress(file, image)?;
    Ok(pixels)
}

/// The greatest difference, and the mean one.
pub(crate) fn differences(ours: &[u8], theirs: &[u8]) -> (u8, f64) {
    assert_eq!(ours.len(), theirs.len());
    let each = || ours.iter().zip(theirs).map(|(ours, theirs)| ours.abs_diff(*theirs));
    let sum: u64 = each().map(u64::from).sum();
    (each().max().unwrap_or(0), sum as f64 / ours.len() as f64)
}

pub(crate) fn spec(samplings: &[(usize, usize)]) -> Spec {
    Spec {
        width: 83,
        height: 61,
        samplings: samplings.to_vec(),
        quantisation: 4,
        restart_interval: 0,
        seed: 0x5EED,
    }
}
