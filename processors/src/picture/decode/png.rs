//! PNG row by row, unless its rows are interlaced: then it must be whole before the first is known.

use std::io::Cursor;

use domain::picture::Failure;
use png::{BitDepth, ColorType, Decoder, DecodingError, Reader, Transformations};

use super::{Decoded, Task, confirm};
use crate::picture::colour::PROFILE_BYTES_MAX;
use crate::picture::raster::{Channels, on_white};
use crate::picture::reduce::Reducer;

/// What a PNG's profile may take packed and unpacked, and what lies beside it. Texts are never unpacked, and the pixels
/// are counted elsewhere.
const METADATA_BYTES_MAX: usize = 4 * PROFILE_BYTES_MAX;

pub(super) fn decode(task: &Task<'_>) -> Result<Decoded, Failure> {
    let limits = png::Limits { bytes: METADATA_BYTES_MAX };
    let mut decoder = Decoder::new_with_limits(Cursor::new(task.bytes), limits);
    decoder.set_ignore_text_chunk(true);
    // Palettes become colour, transparent colours become alpha, and no channel has fewer than eight bits.
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(failure)?;
    let info = reader.info();
    confirm(task.header, info.width, info.height)?;
    let profile = info.icc_profile.as_ref().map(|profile| profile.to_vec());
    let is_interlaced = info.interlaced;
    let (colour, depth) = reader.output_color_type();
    let sample = Sample::of(colour, depth)?;
    let mut reducer =
        Reducer::new(task.header.width, task.header.height, sample.channels, task.target);
    if is_interlaced {
        feed_whole(&mut reader, &mut reducer, sample, task)?;
    } else {
        feed_rows(&mut reader, &mut reducer, sample, task)?;
    }
    let raster = reducer.finish().ok_or_else(|| Failure::corrupt("rows of the PNG are missing"))?;
    Ok(Decoded { raster, profile })
}

type Source<'a> = Reader<Cursor<&'a [u8]>>;

fn feed_rows(
    reader: &mut Source<'_>,
    reducer: &mut Reducer,
    sample: Sample,
    task: &Task<'_>,
) -> Result<(), Failure> {
    let mut light = Vec::new();
    while let Some(row) = reader.next_row().map_err(failure)? {
        (task.go_on)()?;
        reducer.push(sample.light(row.data(), &mut light));
    }
    Ok(())
}

fn feed_whole(
    reader: &mut Source<'_>,
    reducer: &mut Reducer,
    sample: Sample,
    task: &Task<'_>,
) -> Result<(), Failure> {
    let size = reader.output_buffer_size();
    let size = size.ok_or_else(|| Failure::too_many_pixels("the PNG is greater than memory"))?;
    let mut whole = vec![0; size];
    let found = reader.next_frame(&mut whole).map_err(failure)?;
    confirm(task.header, found.width, found.height)?;
    let mut light = Vec::new();
    for row in whole.chunks_exact(found.line_size) {
        (task.go_on)()?;
        reducer.push(sample.light(row, &mut light));
    }
    Ok(())
}

/// How the bytes of a row are to be read.
#[derive(Clone, Copy)]
struct Sample {
    channels: Channels,
    has_alpha: bool,
    is_deep: bool,
}

impl Sample {
    fn of(colour: ColorType, depth: BitDepth) -> Result<Self, Failure> {
        let (channels, has_alpha) = match colour {
            ColorType::Grayscale => (Channels::Grey, false),
            ColorType::GrayscaleAlpha => (Channels::Grey, true),
            ColorType::Rgb => (Channels::Colour, false),
            ColorType::Rgba => (Channels::Colour, true),
            ColorType::Indexed => return Err(Failure::corrupt("the PNG has no palette")),
        };
        Ok(Self { channels, has_alpha, is_deep: depth == BitDepth::Sixteen })
    }

    /// The row in eight bits and without alpha, in `light` unless it is already so.
    fn light<'a>(self, row: &'a [u8], light: &'a mut Vec<u8>) -> &'a [u8] {
        let count = self.channels.count();
        light.clear();
        match (self.is_deep, self.has_alpha) {
            (false, false) => return row,
            (false, true) => {
                for pixel in row.chunks_exact(count + 1) {
                    light.extend(pixel[..count].iter().map(|it| on_white(*it, pixel[count])));
                }
            }
            (true, false) => light.extend(row.as_chunks().0.iter().map(|it| shallow(deep(*it)))),
            (true, true) => {
                for pixel in row.as_chunks().0.chunks_exact(count + 1) {
                    let alpha = deep(pixel[count]);
                    light
                        .extend(pixel[..count].iter().map(|it| shallow_on_white(deep(*it), alpha)));
                }
            }
        }
        light
    }
}

fn deep(bytes: [u8; 2]) -> u32 {
    u32::from(u16::from_be_bytes(bytes))
}

/// Sixteen bits as eight, rounded.
fn shallow(light: u32) -> u8 {
    u8::try_from((light + 128) / 257).expect("sixteen bits over 257 are eight")
}

fn shallow_on_white(light: u32, alpha: u32) -> u8 {
    const WHITE: u64 = 65_535;
    let (light, alpha) = (u64::from(light), u64::from(alpha));
    let sum = light * alpha + WHITE * (WHITE - alpha) + WHITE / 2;
    shallow(u32::try_from(sum / WHITE).expect("a weighted mean of sixteen bits has sixteen bits"))
}

fn failure(error: DecodingError) -> Failure {
    match error {
        DecodingError::LimitsExceeded => {
            Failure::too_many_pixels("what lies beside the pixels of the PNG takes too much memory")
        }
        _ => Failure::corrupt("decoding the PNG failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn light(colour: ColorType, depth: BitDepth, row: &[u8]) -> Vec<u8> {
        Sample::of(colour, depth).unwrap().light(row, &mut Vec::new()).to_vec()
    }

    #[test]
    fn sixteen_bits_are_rounded_and_alpha_lies_on_white() {
        use BitDepth::{Eight, Sixteen};
        use ColorType::{Grayscale, GrayscaleAlpha, Rgba};
        assert_eq!(
            light(Grayscale, Sixteen, &[0xFF, 0xFF, 0, 128, 0, 129, 0x80, 0]),
            [255, 0, 1, 128]
        );
        assert_eq!(light(GrayscaleAlpha, Eight, &[9, 255, 9, 0]), [9, 255]);
        assert_eq!(light(GrayscaleAlpha, Sixteen, &[0, 0, 0x80, 0, 7, 7, 0, 0]), [127, 255]);
        assert_eq!(light(Rgba, Eight, &[1, 2, 3, 255, 1, 2, 3, 0]), [1, 2, 3, 255, 255, 255]);
    }
}
