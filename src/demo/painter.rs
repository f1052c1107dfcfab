//! Paints a motor: no photograph, but a picture that a person recognises.

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};

const WIDTH: u32 = 1_600;
const HEIGHT: u32 = 1_200;
const JPEG_QUALITY: u8 = 90;

type Colour = [f64; 3];

/// Body colours as paint shops offer them: one per motor.
const PAINTS: [Colour; 8] = [
    [0.16, 0.38, 0.60],
    [0.20, 0.47, 0.36],
    [0.58, 0.30, 0.20],
    [0.42, 0.44, 0.48],
    [0.72, 0.52, 0.16],
    [0.35, 0.28, 0.52],
    [0.13, 0.42, 0.48],
    [0.55, 0.20, 0.30],
];

/// A JPEG of motor number `index`; `turn` moves the light.
pub(super) fn picture(index: usize, turn: u64) -> Vec<u8> {
    let paint = PAINTS[index % PAINTS.len()];
    let light = 0.35 + 0.3 * ((turn as f64) * 0.7).sin();
    let canvas = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let at = (f64::from(x) / f64::from(WIDTH), f64::from(y) / f64::from(HEIGHT));
        Rgb(shade(at, paint, light).map(|channel| (channel.clamp(0.0, 1.0) * 255.0).round() as u8))
    });
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .encode_image(&canvas)
        .expect("a canvas of this size can be encoded into memory");
    bytes
}

/// The colour at a point; both coordinates run from 0 to 1.
fn shade(at: (f64, f64), paint: Colour, light: f64) -> Colour {
    let mut colour = room(at, light);
    let steel = [0.62, 0.64, 0.67];
    colour = over(colour, bar(at, (0.07, 0.24), (0.49, 0.53)), round(steel, at.1, 0.49, 0.53));
    colour = over(colour, bar(at, (0.28, 0.38), (0.70, 0.77)), scale(paint, 0.55));
    colour = over(colour, bar(at, (0.64, 0.74), (0.70, 0.77)), scale(paint, 0.55));
    colour = over(colour, bar(at, (0.22, 0.80), (0.29, 0.73)), body(at, paint));
    colour = over(
        colour,
        bar(at, (0.20, 0.27), (0.33, 0.69)),
        round(scale(paint, 0.8), at.1, 0.33, 0.69),
    );
    colour = over(
        colour,
        bar(at, (0.77, 0.86), (0.32, 0.70)),
        round(scale(paint, 0.7), at.1, 0.32, 0.70),
    );
    colour = over(colour, bar(at, (0.44, 0.62), (0.19, 0.31)), scale(paint, 0.9 - at.1));
    over(colour, bar(at, (0.46, 0.60), (0.46, 0.55)), plate(at))
}

fn room(at: (f64, f64), light: f64) -> Colour {
    let glow = 0.35 * (-((at.0 - light).powi(2) * 4.0 + (at.1 - 0.2).powi(2) * 6.0)).exp();
    if at.1 < 0.72 {
        scale([0.72, 0.74, 0.76], 0.6 + glow)
    } else {
        let shadow = 0.3 * (-((at.0 - 0.52) / 0.32).powi(2) - ((at.1 - 0.77) / 0.05).powi(2)).exp();
        scale([0.46, 0.45, 0.43], 0.85 + glow - shadow)
    }
}

/// A ribbed cylinder, lit from above.
fn body(at: (f64, f64), paint: Colour) -> Colour {
    let rib = 0.86 + 0.14 * (at.1 * 180.0).sin();
    scale(round(paint, at.1, 0.29, 0.73), rib)
}

fn plate(at: (f64, f64)) -> Colour {
    let line = ((at.1 - 0.46) * 55.0).fract() < 0.4 && (0.475..0.585).contains(&at.0);
    if line { [0.35, 0.35, 0.36] } else { [0.86, 0.86, 0.83] }
}

/// A colour on the face of a level cylinder that reaches from `top` to `bottom`.
fn round(colour: Colour, y: f64, top: f64, bottom: f64) -> Colour {
    let across = (y - top) / (bottom - top) * 2.0 - 1.0;
    let facing = (1.0 - (across + 0.35).powi(2)).max(0.0).sqrt();
    scale(colour, 0.35 + 0.9 * facing)
}

/// How much of a point lies within a rectangle: soft at its edges, over about a pixel.
fn bar(at: (f64, f64), x: (f64, f64), y: (f64, f64)) -> f64 {
    let inside = (at.0 - x.0).min(x.1 - at.0).min(at.1 - y.0).min(y.1 - at.1);
    (inside * f64::from(HEIGHT) + 0.5).clamp(0.0, 1.0)
}

fn over(below: Colour, cover: f64, above: Colour) -> Colour {
    std::array::from_fn(|i| below[i] * (1.0 - cover) + above[i] * cover)
}

fn scale(colour: Colour, by: f64) -> Colour {
    colour.map(|channel| channel * by)
}
