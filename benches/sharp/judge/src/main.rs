//! Tells the SSIMULACRA2 of JPEG and WebP files against the photo that they were made of: the first argument, upright.
//!
//! What it holds them against is the photo decoded wholly, and made smaller by Lanczos in floating point.

use std::{env, error::Error, fs, io, io::Write};

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use image_webp::WebPDecoder;
use ssimulacra2::{
    ColorPrimaries, Rgb, TransferCharacteristic, compute_frame_ssimulacra2,
};
use turbojpeg::PixelFormat;

/// Red, green and blue, from zero to one.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[f32; 3]>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = env::args().skip(1);
    let photo = read(&paths.next().ok_or("which photo?")?)?;
    for path in paths {
        let made = read(&path)?;
        let ideal = resampled(&photo, made.width, made.height)?;
        let score = compute_frame_ssimulacra2(frame(ideal)?, frame(made)?)?;
        writeln!(io::stdout(), "{score:.3}")?;
    }
    Ok(())
}

fn read(path: &str) -> Result<Picture, Box<dyn Error>> {
    if path.ends_with(".webp") {
        return read_webp(path);
    }
    let decoded = turbojpeg::decompress(&fs::read(path)?, PixelFormat::RGB)?;
    let rows = decoded.pixels.chunks_exact(decoded.pitch);
    let pixels = rows.flat_map(|row| row[..decoded.width * 3].as_chunks::<3>().0);
    let pixels = pixels.map(|rgb| rgb.map(|light| f32::from(light) / 255.0)).collect();
    Ok(Picture { width: decoded.width, height: decoded.height, pixels })
}

fn read_webp(path: &str) -> Result<Picture, Box<dyn Error>> {
    let mut decoder = WebPDecoder::new(io::Cursor::new(fs::read(path)?))?;
    let (width, height) = decoder.dimensions();
    let mut rgb = vec![0; decoder.output_buffer_size().ok_or("it is too great")?];
    decoder.read_image(&mut rgb)?;
    let pixels = rgb.as_chunks::<3>().0.iter();
    let pixels = pixels.map(|rgb| rgb.map(|light| f32::from(light) / 255.0)).collect();
    Ok(Picture { width: width.try_into()?, height: height.try_into()?, pixels })
}

fn resampled(photo: &Picture, width: usize, height: usize) -> Result<Picture, Box<dyn Error>> {
    let bytes: Vec<u8> =
        photo.pixels.as_flattened().iter().flat_map(|light| light.to_ne_bytes()).collect();
    let (from, to) = ((photo.width, photo.height), (width, height));
    let source = ImageRef::new(from.0.try_into()?, from.1.try_into()?, &bytes, PixelType::F32x3)?;
    let mut target = Image::new(to.0.try_into()?, to.1.try_into()?, PixelType::F32x3);
    let lanczos = ResizeAlg::Convolution(FilterType::Lanczos3);
    Resizer::new().resize(&source, &mut target, &ResizeOptions::new().resize_alg(lanczos))?;
    let (lights, _) = target.buffer().as_chunks::<4>();
    let lights: Vec<f32> =
        lights.iter().map(|light| f32::from_ne_bytes(*light).clamp(0.0, 1.0)).collect();
    Ok(Picture { width, height, pixels: lights.as_chunks::<3>().0.to_vec() })
}

fn frame(picture: Picture) -> Result<Rgb, Box<dyn Error>> {
    let Picture { width, height, pixels } = picture;
    let (curve, primaries) = (TransferCharacteristic::SRGB, ColorPrimaries::BT709);
    Rgb::new(pixels, width, height, curve, primaries).map_err(|error| error.to_string().into())
}
