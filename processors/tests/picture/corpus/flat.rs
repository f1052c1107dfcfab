//! BMP and TIFF: rows as they are, or nearly so.

use std::io::Write;

use domain::picture::Code;
use flate2::{Compression, write::ZlibEncoder};
use image::{DynamicImage, ImageBuffer, ImageFormat, Rgb, RgbImage};

use super::jpeg::stored;
use super::{Entry, SCENE, refused, seen};
use crate::make::encoded;
use crate::packed::packed_zeros;

pub(super) fn entries() -> Vec<Entry> {
    [bitmaps(), tiffs(), bombs()].into_iter().flatten().collect()
}

fn bitmaps() -> Vec<Entry> {
    let grey = DynamicImage::from(SCENE.clone()).into_luma8();
    let grey_seen = DynamicImage::from(grey.clone()).into_rgb8();
    let rgba = DynamicImage::from(SCENE.clone()).into_rgba8();
    vec![
        seen("bmp of 24 bits", encoded(&SCENE.clone().into(), ImageFormat::Bmp), &SCENE),
        seen("bmp of 32 bits", encoded(&rgba.into(), ImageFormat::Bmp), &SCENE),
        seen("bmp of 8 bits", encoded(&grey.into(), ImageFormat::Bmp), &grey_seen),
        seen("bmp from the top down", downward(&SCENE), &SCENE),
        seen("bmp of runs", runs(), &stripes()),
    ]
}

fn bitmap(size: (i32, i32), bits: u16, packing: u32, palette: &[u8], rows: &[u8]) -> Vec<u8> {
    const HEADERS_BYTES: u32 = 54;
    let palette_bytes = u32::try_from(palette.len()).expect("a palette is small");
    let start = HEADERS_BYTES + palette_bytes;
    let total = start + u32::try_from(rows.len()).expect("the picture is small");
    [
        b"BM".to_vec(),
        [total, 0, start, 40].map(u32::to_le_bytes).concat(),
        [size.0, size.1].map(i32::to_le_bytes).concat(),
        [1, bits].map(u16::to_le_bytes).concat(),
        [packing, 0, 2_835, 2_835, palette_bytes / 4, 0].map(u32::to_le_bytes).concat(),
        palette.to_vec(),
        rows.to_vec(),
    ]
    .concat()
}

fn downward(picture: &RgbImage) -> Vec<u8> {
    let rows: Vec<u8> =
        picture.pixels().flat_map(|Rgb([red, green, blue])| [*blue, *green, *red]).collect();
    let (width, height) = (picture.width().cast_signed(), picture.height().cast_signed());
    assert_eq!(width % 4, 0, "rows are padded to four bytes, and these need none");
    bitmap((width, -height), 24, 0, &[], &rows)
}

/// Ten upright stripes, each a run of one colour in every row.
fn stripes() -> RgbImage {
    RgbImage::from_fn(1000, 600, |x, _| Rgb(stripe(u8::try_from(x / 100).expect("ten of them"))))
}

fn stripe(number: u8) -> [u8; 3] {
    [number * 25, 200 - number * 20, 90]
}

fn runs() -> Vec<u8> {
    const RUN_LENGTH_8: u32 = 1;
    let palette: Vec<u8> = (0..10)
        .flat_map(|number| {
            let [red, green, blue] = stripe(number);
            [blue, green, red, 0]
        })
        .collect();
    let row: Vec<u8> = (0..10).flat_map(|number| [100, number]).chain([0, 0]).collect();
    let rows = [row.repeat(600), vec![0, 1]].concat();
    bitmap((1000, 600), 8, RUN_LENGTH_8, &palette, &rows)
}

fn tiffs() -> Vec<Entry> {
    let size = SCENE.dimensions();
    let deep = ImageBuffer::<Rgb<u16>, _>::from_fn(size.0, size.1, |x, y| {
        Rgb(SCENE.get_pixel(x, y).0.map(|light| u16::from(light) * 257))
    });
    let turned = stored(&SCENE, 6);
    vec![
        seen("tiff", encoded(&SCENE.clone().into(), ImageFormat::Tiff), &SCENE),
        seen("tiff of 16 bits", encoded(&deep.into(), ImageFormat::Tiff), &SCENE),
        seen("tiff packed", tiff(&SCENE, DEFLATE, 1), &SCENE),
        seen("tiff of orientation 6", tiff(&turned, UNPACKED, 6), &SCENE),
        seen("tiff of inks", tiff_of_inks(), &SCENE),
    ]
}

fn bombs() -> Vec<Entry> {
    const LIGHT: u32 = 2;
    let size = SCENE.dimensions();
    let too_many = |name, bytes| refused(name, bytes, Code::TooManyPixels, "pixels");
    let black = RgbImage::new(size.0, size.1);
    let zeros = packed_zeros(&[], 1 << 30);
    vec![
        too_many("bmp that claims the most it can", bitmap((i32::MAX, i32::MIN), 24, 0, &[], &[])),
        too_many("tiff that claims the most it can", claiming((u32::MAX, u32::MAX))),
        too_many("tiff with a side too long", claiming((16_385, 1))),
        seen(
            "tiff with a gigabyte in its strip",
            directory(size, (3, LIGHT), DEFLATE, 1, &zeros),
            &black,
        ),
    ]
}

fn claiming(size: (u32, u32)) -> Vec<u8> {
    directory(size, (3, 2), UNPACKED, 1, &[])
}

const UNPACKED: u32 = 1;
const DEFLATE: u32 = 8;

fn tiff(picture: &RgbImage, packing: u32, orientation: u32) -> Vec<u8> {
    const LIGHT: u32 = 2;
    let pixels = if packing == DEFLATE {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(picture.as_raw()).expect("memory takes all");
        packed.finish().expect("memory takes all")
    } else {
        picture.as_raw().clone()
    };
    directory(picture.dimensions(), (3, LIGHT), packing, orientation, &pixels)
}

fn tiff_of_inks() -> Vec<u8> {
    const INKS: u32 = 5;
    let inks: Vec<u8> = SCENE
        .pixels()
        .flat_map(|Rgb([red, green, blue])| [255 - red, 255 - green, 255 - blue, 0])
        .collect();
    directory(SCENE.dimensions(), (4, INKS), UNPACKED, 1, &inks)
}

/// A little-endian TIFF of one strip of eight-bit samples.
fn directory(
    size: (u32, u32),
    (samples, meaning): (u32, u32),
    packing: u32,
    orientation: u32,
    pixels: &[u8],
) -> Vec<u8> {
    const ENTRIES: u32 = 11;
    let depths_at = 8 + 2 + ENTRIES * 12 + 4;
    let pixels_at = depths_at + 2 * samples;
    let length = u32::try_from(pixels.len()).expect("the picture is small");
    let entries: [(u16, u16, u32, u32); ENTRIES as usize] = [
        (256, 4, 1, size.0),
        (257, 4, 1, size.1),
        (258, 3, samples, depths_at),
        (259, 3, 1, packing),
        (262, 3, 1, meaning),
        (273, 4, 1, pixels_at),
        (274, 3, 1, orientation),
        (277, 3, 1, samples),
        (278, 4, 1, size.1),
        (279, 4, 1, length),
        (284, 3, 1, 1),
    ];
    let mut bytes = b"II*\0\x08\0\0\0\x0B\0".to_vec();
    for (tag, kind, count, value) in entries {
        bytes.extend([tag, kind].map(u16::to_le_bytes).concat());
        bytes.extend([count, value].map(u32::to_le_bytes).concat());
    }
    bytes.extend([0; 4]);
    bytes.extend((0..samples).flat_map(|_| 8_u16.to_le_bytes()));
    bytes.extend(pixels);
    bytes
}
