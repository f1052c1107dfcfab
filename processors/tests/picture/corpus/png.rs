//! PNG: every kind of pixel, written row by row without filters, and interlaced.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};
use image::{Rgb, RgbImage};

use super::jpeg::stored;
use super::{Entry, SCENE, WIDTH, seen};
use crate::make::{encoded, png_chunk, png_with_orientation};

/// Where the columns and rows of each pass of an interlaced picture begin, and how far apart they are.
const PASSES: [(u32, u32, u32, u32); 7] = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
];

pub(super) struct Kind {
    pub(super) depth_bits: u8,
    pub(super) colour: u8,
    pub(super) is_interlaced: bool,
}

/// A PNG whose samples are asked for, in the depth of the kind.
pub(super) fn png(
    size: (u32, u32),
    kind: &Kind,
    more: &[Vec<u8>],
    pixel: &dyn Fn(u32, u32) -> Vec<u16>,
) -> Vec<u8> {
    let whole = [(0, 0, 1, 1)];
    let passes = if kind.is_interlaced { PASSES.as_slice() } else { whole.as_slice() };
    let mut rows = ZlibEncoder::new(Vec::new(), Compression::fast());
    for (left, top, across, down) in passes {
        for y in (*top..size.1).step_by(*down as usize) {
            let samples: Vec<u16> =
                (*left..size.0).step_by(*across as usize).flat_map(|x| pixel(x, y)).collect();
            if !samples.is_empty() {
                rows.write_all(&[0]).expect("memory takes all");
                rows.write_all(&packed(&samples, kind.depth_bits)).expect("memory takes all");
            }
        }
    }
    let rows = rows.finish().expect("memory takes all");
    let look = [kind.depth_bits, kind.colour, 0, 0, u8::from(kind.is_interlaced)];
    let first = [&size.0.to_be_bytes(), &size.1.to_be_bytes(), look.as_slice()];
    [
        b"\x89PNG\r\n\x1A\n".to_vec(),
        png_chunk(b"IHDR", &first.concat()),
        more.concat(),
        png_chunk(b"IDAT", &rows),
        png_chunk(b"IEND", &[]),
    ]
    .concat()
}

fn packed(samples: &[u16], depth_bits: u8) -> Vec<u8> {
    let byte = |sample: &u16| u8::try_from(*sample).expect("the sample has eight bits");
    match depth_bits {
        16 => samples.iter().flat_map(|sample| sample.to_be_bytes()).collect(),
        8 => samples.iter().map(byte).collect(),
        bits => samples
            .chunks(usize::from(8 / bits))
            .map(|samples| {
                let row = samples.iter().map(byte).fold((0, 8), |(row, left), sample| {
                    (row | sample << (left - bits), left - bits)
                });
                row.0
            })
            .collect(),
    }
}

pub(super) fn entries() -> Vec<Entry> {
    [colours(), greys(), palettes(), surroundings()].into_iter().flatten().collect()
}

const fn kind(depth_bits: u8, colour: u8) -> Kind {
    Kind { depth_bits, colour, is_interlaced: false }
}

const fn interlaced(depth_bits: u8, colour: u8) -> Kind {
    Kind { depth_bits, colour, is_interlaced: true }
}

/// Opaque at the left, and less so to the right.
fn alpha(x: u32) -> u8 {
    u8::try_from(255 - x * 200 / WIDTH).expect("between 55 and 255")
}

/// The scene as it looks through that alpha on white.
fn veiled(picture: &RgbImage) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let alpha = u32::from(alpha(x));
        let lay = |light: u8| (u32::from(light) * alpha + 255 * (255 - alpha) + 127) / 255;
        Rgb(picture.get_pixel(x, y).0.map(|light| u8::try_from(lay(light)).expect("a mean")))
    })
}

fn wide(light: u8) -> u16 {
    u16::from(light) * 257
}

fn colours() -> Vec<Entry> {
    let size = SCENE.dimensions();
    let rgb = |x, y| SCENE.get_pixel(x, y).0.to_vec();
    let rgba = |x, y| [rgb(x, y), vec![alpha(x)]].concat();
    let eight = |bytes: Vec<u8>| bytes.into_iter().map(u16::from).collect::<Vec<_>>();
    let deep = |bytes: Vec<u8>| bytes.into_iter().map(wide).collect::<Vec<_>>();
    let veiled = veiled(&SCENE);
    vec![
        seen("png colour 8", png(size, &kind(8, 2), &[], &|x, y| eight(rgb(x, y))), &SCENE),
        seen("png colour 16", png(size, &kind(16, 2), &[], &|x, y| deep(rgb(x, y))), &SCENE),
        seen("png alpha 8", png(size, &kind(8, 6), &[], &|x, y| eight(rgba(x, y))), &veiled),
        seen("png alpha 16", png(size, &kind(16, 6), &[], &|x, y| deep(rgba(x, y))), &veiled),
        seen(
            "png interlaced 8",
            png(size, &interlaced(8, 2), &[], &|x, y| eight(rgb(x, y))),
            &SCENE,
        ),
        seen(
            "png interlaced alpha 16",
            png(size, &interlaced(16, 6), &[], &|x, y| deep(rgba(x, y))),
            &veiled,
        ),
    ]
}

fn greys() -> Vec<Entry> {
    let size = SCENE.dimensions();
    let light = |x: u32, y: u32| SCENE.get_pixel(x, y).0[1];
    let grey = RgbImage::from_fn(size.0, size.1, |x, y| Rgb([light(x, y); 3]));
    // Few tones make steps, which a JPEG does not like; so they lie in wide bands.
    let banded = |tones: u32| move |x: u32| u16::try_from(x * tones / WIDTH).expect("few tones");
    let bands = |tones: u32, step: u8| {
        RgbImage::from_fn(size.0, size.1, |x, _| {
            Rgb([u8::try_from(banded(tones)(x)).expect("few tones") * step; 3])
        })
    };
    let few =
        |bits: u8, tones: u32| png(size, &kind(bits, 0), &[], &move |x, _| vec![banded(tones)(x)]);
    vec![
        seen("png grey 1", few(1, 2), &bands(2, 255)),
        seen("png grey 2", few(2, 4), &bands(4, 85)),
        seen("png grey 4", few(4, 16), &bands(16, 17)),
        seen("png grey 8", png(size, &kind(8, 0), &[], &|x, y| vec![light(x, y).into()]), &grey),
        seen("png grey 16", png(size, &kind(16, 0), &[], &|x, y| vec![wide(light(x, y))]), &grey),
        seen(
            "png grey with alpha",
            png(size, &kind(8, 4), &[], &|x, y| vec![light(x, y).into(), alpha(x).into()]),
            &veiled(&grey),
        ),
    ]
}

fn palettes() -> Vec<Entry> {
    let size = SCENE.dimensions();
    let place = |x: u32, y: u32| SCENE.get_pixel(x, y).0[1];
    let colour = |place: u8| [place, 255 - place / 2, 128];
    let palette = png_chunk(b"PLTE", &(0..=255).flat_map(colour).collect::<Vec<_>>());
    let picture = RgbImage::from_fn(size.0, size.1, |x, y| Rgb(colour(place(x, y))));
    let clear = png_chunk(b"tRNS", &[0; 100]);
    let holed = RgbImage::from_fn(size.0, size.1, |x, y| match place(x, y) {
        0..100 => Rgb([255; 3]),
        place => Rgb(colour(place)),
    });
    let write = |more: &[Vec<u8>]| png(size, &kind(8, 3), more, &|x, y| vec![place(x, y).into()]);
    let bands = RgbImage::from_fn(size.0, size.1, |x, _| {
        Rgb(if x < WIDTH / 2 { [9, 90, 200] } else { [240, 200, 9] })
    });
    let two = png_chunk(b"PLTE", &[9, 90, 200, 240, 200, 9]);
    vec![
        seen("png palette", write(std::slice::from_ref(&palette)), &picture),
        seen("png palette with holes", write(&[palette, clear]), &holed),
        seen(
            "png palette of two",
            png(size, &kind(1, 3), &[two], &|x, _| vec![u16::from(x >= WIDTH / 2)]),
            &bands,
        ),
    ]
}

fn surroundings() -> Vec<Entry> {
    let size = SCENE.dimensions();
    let plain = encoded(&SCENE.clone().into(), image::ImageFormat::Png);
    let turned = encoded(&stored(&SCENE, 6).into(), image::ImageFormat::Png);
    let of_the_scene = |x: u32, y: u32| SCENE.get_pixel(x, y).0.map(u16::from).to_vec();
    let control =
        [[0_u32, size.0, size.1, 0, 0].map(u32::to_be_bytes).concat(), vec![0, 1, 0, 10, 0, 0]];
    let moving =
        [png_chunk(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]), png_chunk(b"fcTL", &control.concat())];
    vec![
        seen("png of orientation 6", png_with_orientation(&turned, 6), &SCENE),
        seen("png that moves", png(size, &kind(8, 2), &moving, &of_the_scene), &SCENE),
        seen("png with bytes behind it", [plain, vec![0; 100]].concat(), &SCENE),
    ]
}
