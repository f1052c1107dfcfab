//! Makes the variants of a picture: bytes in, bytes out; no IO, no clock.
//!
//! ```text
//!  bytes ─inspect─▶ header ─decode─▶ pixels at some eighths
//!                                        ├─resample─▶ 1024 ─colour─▶ sRGB ─turn─▶ encode ─▶ 1024x1024.jpg
//!                                        └─resample─▶  800 ─colour─▶ sRGB ─turn─▶ encode ─▶ 800x800.jpg
//! ```
//!
//! A variant is a JPEG of quality 80 and 4:2:0, or a WebP, that fits inside its square: aspect kept, never enlarged,
//! upright, without any metadata, and of the same bytes each time. Alpha lies on white, sixteen bits become eight, grey and
//! four inks become colour, and of an animation or a file of many pages the first picture counts.
//! Colours become sRGB by the profile that came with them; without one they are taken for it.
//!
//! A fault in a decoder may be a panic. [`render`] does not catch it; whoever calls it must, and count it as
//! [`Code::Internal`].

mod colour;
mod decode;
mod encode;
mod orient;
mod raster;
mod reduce;
mod resample;

use std::borrow::Cow;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use domain::picture::{Code, Encoding, Failure, Header, Limits, Preset, inspect};
use sha2::{Digest, Sha256};

use colour::Colours;
use decode::Decoded;
use orient::Sheet;
use raster::Raster;

/// A variant that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// That of its preset.
    pub name: Cow<'static, str>,
    /// In pixels, as seen.
    pub width: u32,
    /// In pixels, as seen.
    pub height: u32,
    /// The file, of the kind that its name tells.
    pub bytes: Vec<u8>,
    /// The hash of `bytes`, in lower-case hexadecimal.
    pub sha256: String,
}

/// Goes up whenever the same bytes are rendered to others than before by the same presets.
const EDITION: u32 = 2;

/// Tells apart what becomes of the same picture: by which edition of this code, to which presets, of which quality.
#[must_use]
pub fn recipe(presets: &[Preset]) -> String {
    presets.iter().fold(format!("{EDITION}"), |recipe, preset| {
        let Preset { name, side_pixels_max } = preset;
        format!("{recipe}/{name}:{side_pixels_max}:{}", encode::quality(preset.encoding()))
    })
}

/// True when the JPEG codec was built with SIMD; without it, pictures take several times longer.
#[must_use]
pub const fn simd() -> bool {
    cfg!(picture_simd)
}

/// Makes a variant of the picture `bytes` for each preset, in the order of the presets.
///
/// `cancel` is asked between the stages; once it says true, the answer is [`Code::Cancelled`]. Whoever stopped
/// the work because of a deadline makes [`Code::Timeout`] of it. It is asked for each row of a PNG and a GIF, and for
/// each row of blocks of a baseline JPEG that becomes much smaller; else, the stage in hand is always finished: with the
/// default limits, at most the decoding of 50 megapixels.
pub fn render(
    bytes: &[u8],
    limits: &Limits,
    presets: &[Preset],
    cancel: &dyn Fn() -> bool,
) -> Result<Vec<Variant>, Failure> {
    let header = inspect(bytes, limits)?;
    go_on(cancel)?;
    let side_pixels_max = presets.iter().map(|preset| preset.side_pixels_max).max().unwrap_or(1);
    let target = fit(&header, side_pixels_max);
    let source = decode::decode(&decode::Task {
        bytes,
        header: &header,
        target,
        limits,
        go_on: &|| go_on(cancel),
    })?;
    go_on(cancel)?;
    make(&source, &header, presets, cancel)
}

/// From the greatest size to the smallest, so that one may be made of another; presets that come to the same size share
/// its pixels, and those of the same kind a file.
///
/// While one is resampled, those before it are encoded on threads of their own, which end before this returns: on an
/// idle machine a picture is there sooner, and on a busy one it costs no more.
fn make(
    source: &Decoded,
    header: &Header,
    presets: &[Preset],
    cancel: &dyn Fn() -> bool,
) -> Result<Vec<Variant>, Failure> {
    let Decoded { raster: source, profile } = source;
    let colours = &Colours::of(source.channels, profile.as_deref());
    let mut order: Vec<(usize, (u32, u32))> =
        presets.iter().map(|preset| fit(header, preset.side_pixels_max)).enumerate().collect();
    order.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let mut variants = thread::scope(|scope| {
        let mut greater: Option<Arc<Raster>> = None;
        let mut finishing = Vec::with_capacity(order.len());
        for same in order.chunk_by(|(_, one), (_, other)| one == other) {
            let size = same[0].1;
            let from = greater
                .as_deref()
                .filter(|greater| resample::suffices(greater, source, size))
                .unwrap_or(source);
            let raster = Arc::new(resample::resample(from, size)?);
            go_on(cancel)?;
            for encoding in Encoding::ALL {
                let places: Vec<_> = same
                    .iter()
                    .map(|(place, _)| *place)
                    .filter(|place| presets[*place].encoding() == encoding)
                    .collect();
                if places.is_empty() {
                    continue;
                }
                let shared = Arc::clone(&raster);
                let finished = scope.spawn(move || finish(&shared, colours, header, encoding));
                finishing.push((places, finished));
            }
            greater = Some(raster);
        }
        let mut variants = Vec::with_capacity(presets.len());
        for (places, finished) in finishing {
            let finished = finished.join().unwrap_or_else(|panic| resume_unwind(panic))?;
            go_on(cancel)?;
            variants.extend(places.into_iter().map(|place| {
                let name = presets[place].name.clone();
                (place, Variant { name, ..finished.clone() })
            }));
        }
        Ok(variants)
    })?;
    variants.sort_by_key(|(place, _)| *place);
    Ok(variants.into_iter().map(|(_, variant)| variant).collect())
}

/// A variant that has no name yet.
fn finish(
    raster: &Raster,
    colours: &Colours,
    header: &Header,
    encoding: Encoding,
) -> Result<Variant, Failure> {
    let sheet = Sheet { width: raster.width, height: raster.height, rgb: colours.rgb(raster) };
    let upright = orient::turn(sheet, header.orientation);
    let bytes = encode::encode(&upright, encoding)?;
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let (width, height) = (upright.width, upright.height);
    Ok(Variant { name: Cow::Borrowed(""), width, height, bytes, sha256 })
}

/// The stored size of a variant: the longer side at most `side_pixels_max`, the other in proportion, rounded.
fn fit(header: &Header, side_pixels_max: u32) -> (u32, u32) {
    let long = header.width.max(header.height);
    if long <= side_pixels_max {
        return (header.width, header.height);
    }
    let shrink = |side: u32| {
        let (side, long) = (u64::from(side), u64::from(long));
        let rounded = (2 * side * u64::from(side_pixels_max) + long) / (2 * long);
        u32::try_from(rounded.max(1)).expect("a side does not grow")
    };
    (shrink(header.width), shrink(header.height))
}

fn go_on(cancel: &dyn Fn() -> bool) -> Result<(), Failure> {
    if cancel() {
        return Err(Failure::new(Code::Cancelled, "the work was stopped"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::picture::{Format, Orientation};

    fn fitted(width: u32, height: u32) -> (u32, u32) {
        let header = Header {
            format: Format::Png,
            width,
            height,
            orientation: Orientation::Upright,
            frames: 1,
            decode_bytes: 0,
            adobe: false,
        };
        fit(&header, 1024)
    }

    #[test]
    fn a_size_is_fitted_by_its_longer_side_and_rounded() {
        assert_eq!(fitted(4000, 3000), (1024, 768));
        assert_eq!(fitted(3000, 4000), (768, 1024));
        assert_eq!(fitted(2725, 2225), (1024, 836));
        assert_eq!(fitted(2048, 1025), (1024, 513));
        assert_eq!(fitted(16_384, 1), (1024, 1));
        assert_eq!(fitted(1025, 1025), (1024, 1024));
    }

    #[test]
    fn a_small_picture_keeps_its_size() {
        assert_eq!(fitted(1024, 1024), (1024, 1024));
        assert_eq!(fitted(1, 1), (1, 1));
    }
}
