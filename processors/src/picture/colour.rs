//! Makes what was decoded sRGB, by the profile that came with it.
//!
//! This comes after the resampling, when there are fewest pixels. A profile that cannot be read, or is for other
//! channels than the picture has counts as none: then light is taken for sRGB, and inks take light away.

use std::borrow::Cow;
use std::sync::Arc;

use moxcms::{
    ColorProfile, DataColorSpace, Layout, ParsingOptions, RenderingIntent, Transform8BitExecutor,
    TransformOptions,
};

use super::raster::{Channels, Raster};

/// Bytes of a profile. Those of printing presses, with their tables for four inks, take up to three million.
pub(super) const PROFILE_BYTES_MAX: usize = 4_000_000;
/// Entries in the tables of a profile, in all and for one tone curve.
const TABLE_BYTES_MAX: usize = 8_000_000;
const CURVE_ENTRIES_MAX: usize = 16_384;
/// A profile that moves no colour by more than this is sRGB under another name, and is not applied.
const SRGB_TOLERANCE: u8 = 1;
/// Between two colours that are tried to find that out.
const PROBE_STEP: usize = 15;

/// How the colours of one picture become sRGB.
pub(super) struct Colours {
    transform: Option<Arc<Transform8BitExecutor>>,
}

impl Colours {
    /// For pictures of `channels` that came with `profile`.
    pub(super) fn of(channels: Channels, profile: Option<&[u8]>) -> Self {
        let transform = profile.and_then(|profile| transform(channels, profile));
        Self { transform: transform.filter(|transform| !is_srgb(channels, transform)) }
    }

    /// The pixels in red, green and blue.
    pub(super) fn rgb<'a>(&self, raster: &'a Raster) -> Cow<'a, [u8]> {
        let applied = self.transform.as_ref().and_then(|transform| applied(transform, raster));
        applied.map_or_else(|| assumed(raster), Cow::Owned)
    }
}

fn transform(channels: Channels, profile: &[u8]) -> Option<Arc<Transform8BitExecutor>> {
    let bounds = ParsingOptions {
        max_profile_size: PROFILE_BYTES_MAX,
        max_allowed_clut_size: TABLE_BYTES_MAX,
        max_allowed_trc_size: CURVE_ENTRIES_MAX,
    };
    let profile = ColorProfile::new_from_slice_with_options(profile, bounds).ok()?;
    let (space, layout) = match channels {
        Channels::Grey => (DataColorSpace::Gray, Layout::Gray),
        Channels::Colour => (DataColorSpace::Rgb, Layout::Rgb),
        Channels::Inks { .. } => (DataColorSpace::Cmyk, Layout::Rgba),
    };
    if profile.color_space != space {
        return None;
    }
    // Photographers' and browsers' choice: white stays white, and what fits into sRGB stays as it is.
    let options = TransformOptions {
        rendering_intent: RenderingIntent::RelativeColorimetric,
        ..TransformOptions::default()
    };
    profile.create_transform_8bit(layout, &ColorProfile::new_srgb(), Layout::Rgb, options).ok()
}

fn applied(transform: &Arc<Transform8BitExecutor>, raster: &Raster) -> Option<Vec<u8>> {
    let count = raster.pixels.len() / raster.channels.count();
    let mut rgb = vec![0; count * Channels::Colour.count()];
    let done = match raster.channels {
        Channels::Grey | Channels::Colour | Channels::Inks { is_paper: false } => {
            transform.transform(&raster.pixels, &mut rgb)
        }
        Channels::Inks { is_paper: true } => {
            let inks: Vec<u8> = raster.pixels.iter().map(|paper| 255 - paper).collect();
            transform.transform(&inks, &mut rgb)
        }
    };
    done.ok().map(|()| rgb)
}

/// Tries the transform on colours all over the cube, or on all tones of grey.
fn is_srgb(channels: Channels, transform: &Arc<Transform8BitExecutor>) -> bool {
    let steps = || (0..=u8::MAX).step_by(PROBE_STEP);
    let probe: Vec<u8> = match channels {
        Channels::Grey => (0..=u8::MAX).collect(),
        Channels::Colour => steps()
            .flat_map(|red| steps().map(move |green| (red, green)))
            .flat_map(|(red, green)| steps().flat_map(move |blue| [red, green, blue]))
            .collect(),
        Channels::Inks { .. } => return false,
    };
    let side = u32::try_from(probe.len() / channels.count()).expect("the probe is small");
    let probe = Raster::whole(side, 1, channels, probe);
    let is_near = |(a, b): (&u8, &u8)| a.abs_diff(*b) <= SRGB_TOLERANCE;
    applied(transform, &probe).is_some_and(|rgb| rgb.iter().zip(&*assumed(&probe)).all(is_near))
}

/// The pixels in red, green and blue when nothing tells what they mean.
fn assumed(raster: &Raster) -> Cow<'_, [u8]> {
    match raster.channels {
        Channels::Grey => raster.pixels.iter().flat_map(|light| [*light; 3]).collect(),
        Channels::Colour => Cow::Borrowed(&raster.pixels),
        Channels::Inks { is_paper } => {
            let (inks, _) = raster.pixels.as_chunks::<4>();
            inks.iter().flat_map(|inks| lit(*inks, is_paper)).collect()
        }
    }
}

/// What four inks leave of white light, which is how browsers show pictures without a profile.
fn lit(inks: [u8; 4], is_paper: bool) -> [u8; 3] {
    let [cyan, magenta, yellow, black] =
        inks.map(|ink| u16::from(if is_paper { ink } else { 255 - ink }));
    [cyan, magenta, yellow].map(|paper| {
        let light = (paper * black + 127) / 255;
        u8::try_from(light).expect("a product of shares is a share")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(channels: Channels, profile: &ColorProfile, pixel: &[u8]) -> [u8; 3] {
        let profile = profile.encode().unwrap();
        let raster = Raster::whole(1, 1, channels, pixel.to_vec());
        (&*Colours::of(channels, Some(&profile)).rgb(&raster)).try_into().unwrap()
    }

    fn is_near(left: [u8; 3], right: [u8; 3], tolerance: u8) -> bool {
        left.iter().zip(right).all(|(a, b)| a.abs_diff(b) <= tolerance)
    }

    #[test]
    fn inks_take_light_away() {
        let cyan_black_half = [255, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 128];
        let expected = [0, 255, 255, 0, 0, 0, 127, 127, 127];
        let rgb = |is_paper, pixels: [u8; 12]| {
            assumed(&Raster::whole(3, 1, Channels::Inks { is_paper }, pixels.to_vec())).into_owned()
        };
        assert_eq!(rgb(false, cyan_black_half), expected);
        assert_eq!(rgb(true, cyan_black_half.map(|ink| 255 - ink)), expected);
    }

    #[test]
    fn srgb_under_any_name_is_not_applied() {
        let srgb = ColorProfile::new_srgb().encode().unwrap();
        assert!(Colours::of(Channels::Colour, Some(&srgb)).transform.is_none());
        let other = ColorProfile::new_display_p3().encode().unwrap();
        assert!(Colours::of(Channels::Colour, Some(&other)).transform.is_some());
    }

    #[test]
    fn colours_outside_srgb_become_what_they_look_like() {
        // Reckoned from the primaries of both spaces, in floating point.
        let p3 = ColorProfile::new_display_p3();
        assert!(is_near(shown(Channels::Colour, &p3, &[200, 100, 50]), [215, 93, 31], 2));
        let adobe = ColorProfile::new_adobe_rgb();
        assert!(is_near(shown(Channels::Colour, &adobe, &[100, 150, 200]), [66, 151, 203], 2));
        for white in [&p3, &adobe] {
            assert!(is_near(shown(Channels::Colour, white, &[255; 3]), [255; 3], 1));
        }
    }

    #[test]
    fn a_tone_curve_for_grey_is_followed() {
        let grey = ColorProfile::new_gray_with_gamma(1.0);
        // Half the light of white, in sRGB.
        assert!(is_near(shown(Channels::Grey, &grey, &[128]), [188; 3], 2));
    }

    #[test]
    fn a_profile_for_other_channels_or_for_none_counts_as_none() {
        let p3 = ColorProfile::new_display_p3();
        assert_eq!(shown(Channels::Grey, &p3, &[100]), [100; 3]);
        let grey = ColorProfile::new_gray_with_gamma(1.0);
        assert_eq!(shown(Channels::Colour, &grey, &[1, 2, 3]), [1, 2, 3]);
        let whole = p3.encode().unwrap();
        for cut in 0..whole.len() {
            let colours = Colours::of(Channels::Colour, Some(&whole[..cut]));
            let _ = colours.rgb(&Raster::whole(1, 1, Channels::Colour, vec![1, 2, 3]));
        }
        assert!(Colours::of(Channels::Colour, Some(b"no profile")).transform.is_none());
    }
}
