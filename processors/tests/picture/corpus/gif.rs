//! GIF: whole frames and small ones, interlaced, with holes, moving, and with something else behind.

use gif::{Encoder, Frame};
use image::{Rgb, RgbImage};

use super::{Entry, HEIGHT, SCENE, WIDTH, seen};

const WHITE: [u8; 3] = [255; 3];

pub(super) fn entries() -> Vec<Entry> {
    let picture = coloured();
    let mut interlaced = frame();
    interlaced.interlaced = true;
    rows_interlaced(&mut interlaced);
    let own_palette = Frame { palette: Some(palette()), ..frame() };
    let small = Frame { left: 100, top: 60, ..frame() };
    let black = Frame { buffer: vec![0; frame().buffer.len()].into(), ..frame() };
    let plain = gif(&palette(), (0, 0), &[frame()]);
    let archive = [plain.as_slice(), b"PK\x03\x04 and classes"].concat();
    let old = [b"GIF87a", &plain[6..]].concat();
    vec![
        seen("gif", plain, &picture),
        seen("gif of the old kind", old, &picture),
        seen("gif interlaced", gif(&palette(), (0, 0), &[interlaced]), &picture),
        seen("gif with a hole", gif(&palette(), (0, 0), &[holed_frame()]), &holed(&picture)),
        seen("gif with a palette for its frame", gif(&[], (0, 0), &[own_palette]), &picture),
        seen("gif on a greater canvas", gif(&palette(), (200, 130), &[small]), &framed(&picture)),
        seen("gif that moves", gif(&palette(), (0, 0), &[frame(), black]), &picture),
        seen("gif that is an archive as well", archive, &picture),
    ]
}

fn colour(place: u8) -> [u8; 3] {
    [place, 255 - place / 2, 128]
}

fn palette() -> Vec<u8> {
    (0..=255).flat_map(colour).collect()
}

fn coloured() -> RgbImage {
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| Rgb(colour(SCENE.get_pixel(x, y).0[1])))
}

/// Columns from here on are seen through.
const HOLE_LEFT: u32 = 440;
/// No pixel of the scene is as bright as that.
const HOLE: u8 = 255;

fn holed_frame() -> Frame<'static> {
    let mut frame = frame();
    let columns = (0..WIDTH).cycle();
    let places = frame.buffer.to_mut();
    for (_, place) in columns.zip(places).filter(|(column, _)| *column >= HOLE_LEFT) {
        *place = HOLE;
    }
    frame.transparent = Some(HOLE);
    frame
}

fn holed(picture: &RgbImage) -> RgbImage {
    let see = |x, y| if x < HOLE_LEFT { *picture.get_pixel(x, y) } else { Rgb(WHITE) };
    RgbImage::from_fn(WIDTH, HEIGHT, see)
}

/// The picture at 100 and 60 of a white canvas.
fn framed(picture: &RgbImage) -> RgbImage {
    let (width, height) = (picture.width() + 200, picture.height() + 130);
    let mut canvas = RgbImage::from_pixel(width, height, Rgb(WHITE));
    image::imageops::replace(&mut canvas, picture, 100, 60);
    canvas
}

fn short(side: u32) -> u16 {
    u16::try_from(side).expect("a side of a GIF has sixteen bits")
}

fn frame() -> Frame<'static> {
    let places: Vec<u8> = SCENE.pixels().map(|pixel| pixel.0[1]).collect();
    Frame::from_indexed_pixels(short(SCENE.width()), short(SCENE.height()), places, None)
}

/// Every eighth row, those in the middle between, and so on.
fn rows_interlaced(frame: &mut Frame<'_>) {
    let (width, height) = (usize::from(frame.width), usize::from(frame.height));
    let order = [(0, 8), (4, 8), (2, 4), (1, 2)];
    let rows = order.iter().flat_map(|(first, step)| (*first..height).step_by(*step));
    let row = |y: usize| &frame.buffer[y * width..(y + 1) * width];
    let buffer: Vec<u8> = rows.flat_map(|y| row(y).to_vec()).collect();
    frame.buffer = buffer.into();
}

/// A GIF whose canvas is that much greater than its frames.
pub(super) fn gif(palette: &[u8], margin: (u32, u32), frames: &[Frame<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height) = (short(SCENE.width() + margin.0), short(SCENE.height() + margin.1));
    let mut encoder = Encoder::new(&mut bytes, width, height, palette).expect("memory takes all");
    for frame in frames {
        encoder.write_frame(frame).expect("memory takes all");
    }
    drop(encoder);
    bytes
}
