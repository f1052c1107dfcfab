//! How long a picture takes: ours, and a peer that uses the `image` crate alone, on the same generated photos.

use std::{io::Cursor, sync::LazyLock};

use divan::{Bencher, black_box, counter::ItemsCount};
use domain::picture::{Limits, PRESETS};
use image::{
    DynamicImage, ImageFormat, Rgb, RgbImage, codecs::jpeg::JpegEncoder, imageops::FilterType,
};
use processors::picture::render;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

const PEER_QUALITY: u8 = 80;

/// As a camera makes them: 4:2:0, quality 90.
static PHOTOS: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| [photo(1632, 1224), photo(4000, 3000)]);

#[derive(Debug, Clone, Copy)]
enum Photo {
    TwoMegapixels,
    TwelveMegapixels,
}

const ALL: [Photo; 2] = [Photo::TwoMegapixels, Photo::TwelveMegapixels];

fn main() {
    divan::main();
}

#[divan::bench(args = ALL)]
fn ours(bencher: Bencher<'_, '_>, photo: Photo) {
    let bytes = &PHOTOS[photo as usize];
    bencher.counter(ItemsCount::new(1_usize)).bench(|| {
        render(black_box(bytes), &Limits::default(), &PRESETS, &|| false)
            .expect("the photo is sound")
    });
}

#[divan::bench(args = ALL)]
fn image_crate_alone(bencher: Bencher<'_, '_>, photo: Photo) {
    let bytes = &PHOTOS[photo as usize];
    bencher.counter(ItemsCount::new(1_usize)).bench(|| {
        let source = image::load_from_memory_with_format(black_box(bytes), ImageFormat::Jpeg)
            .expect("a sound photo");
        PRESETS.map(|preset| peer_variant(&source, preset.side_pixels_max))
    });
}

fn peer_variant(source: &DynamicImage, side_pixels_max: u32) -> Vec<u8> {
    let smaller = source.resize(side_pixels_max, side_pixels_max, FilterType::Lanczos3);
    let mut bytes = Cursor::new(Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut bytes, PEER_QUALITY);
    smaller.write_with_encoder(encoder).expect("memory takes all");
    bytes.into_inner()
}

/// Slopes, edges, texture and the noise of a sensor, so that there is as much to decode as in a photo.
fn photo(width: u32, height: u32) -> Vec<u8> {
    let mut noise = 0x9E37_79B9_u32;
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
        let hill = if v > 0.55 + 0.2 * (9.0 * u).sin() { 60.0 } else { 150.0 };
        let texture = 20.0 * (f64::from(x) * 0.11).sin() * (f64::from(y) * 0.07).cos();
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        let grain = f64::from(noise % 17) - 8.0;
        let tone =
            |shift: f64| (hill + 50.0 * u + texture + grain + shift * v * 40.0).clamp(0.0, 255.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to a byte"
        )]
        let byte = |shift: f64| tone(shift) as u8;
        Rgb([byte(1.0), byte(0.2), byte(-1.0)])
    });
    let mut compressor = Compressor::new().expect("there is memory");
    compressor.set_quality(90).expect("90 is a quality");
    compressor.set_subsamp(Subsamp::Sub2x2).expect("4:2:0 is known");
    let (width, height) = (width as usize, height as usize);
    let image = Image {
        pixels: picture.as_raw().as_slice(),
        width,
        pitch: width * 3,
        height,
        format: PixelFormat::RGB,
    };
    compressor.compress_to_vec(image).expect("the picture is sound")
}
