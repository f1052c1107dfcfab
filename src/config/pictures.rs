//! What is made of pictures, and what a picture may ask of us.

use domain::picture::{Limits, Presets, PresetsError};

use super::{ConfigError, Settings};

/// The settings of pictures. All processes of an installation are given the same: one refuses what another makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pictures {
    /// How long the work on a picture may take, in seconds.
    pub s_max: u32,
    /// What is made of every picture.
    pub presets: Presets,
    /// How long a finished image task is kept with its pictures; 0: for ever.
    pub retention_hours: u32,
    /// What a picture may ask of us. What it may ask of memory is what all that are decoded at a time may.
    pub limits: Limits,
}

const MEGA: u64 = 1_000_000;
/// A picture is sent to its decoder with a length of 32 bits, and held in memory as a whole.
const BODY_MB_MAX: u64 = 1_000;
const MEGAPIXELS_MAX: u64 = 1_000;
/// What a JPEG can say.
const SIDE_PIXELS_MAX: u32 = 65_535;
const FRAMES_MAX: u32 = 1_000_000;
const SCANS_MAX: u32 = 100_000;
/// Below this not even a photo of a few megapixels would be taken.
const MEMORY_MB_MIN: u64 = 16;
const MEMORY_MB_MAX: u64 = 64_000;

impl Settings<'_> {
    pub(super) fn pictures(&self) -> Result<Pictures, ConfigError> {
        Ok(Pictures {
            s_max: self.number("IMAGE_S_MAX", 30, 1..=3_600)?,
            presets: self.presets()?,
            retention_hours: self.number("IMAGE_RETENTION_HOURS", 0, 0..=876_000)?,
            limits: self.picture_limits()?,
        })
    }

    fn picture_limits(&self) -> Result<Limits, ConfigError> {
        let limits = Limits::default();
        let mega = |name: &str, default: u64, range| {
            Ok(self.number(name, default / MEGA, range)?.saturating_mul(MEGA))
        };
        let Limits { body_bytes_max, pixels_max, decode_bytes_max, .. } = limits;
        let sides = 1..=SIDE_PIXELS_MAX;
        Ok(Limits {
            body_bytes_max: mega("IMAGE_MB_MAX", body_bytes_max, 1..=BODY_MB_MAX)?,
            pixels_max: mega("IMAGE_MEGAPIXELS_MAX", pixels_max, 1..=MEGAPIXELS_MAX)?,
            side_pixels_max: self.number("IMAGE_SIDE_MAX", limits.side_pixels_max, sides)?,
            frames_max: self.number("IMAGE_FRAMES_MAX", limits.frames_max, 1..=FRAMES_MAX)?,
            scans_max: self.number("IMAGE_SCANS_MAX", limits.scans_max, 1..=SCANS_MAX)?,
            decode_bytes_max: mega(
                "IMAGE_MEMORY_MB_MAX",
                decode_bytes_max,
                MEMORY_MB_MIN..=MEMORY_MB_MAX,
            )?,
        })
    }

    fn presets(&self) -> Result<Presets, ConfigError> {
        let Some(text) = self.text("IMAGE_PRESETS")? else { return Ok(Presets::default()) };
        text.parse()
            .map_err(|error: PresetsError| ConfigError::new("IMAGE_PRESETS", error.to_string()))
    }
}

impl Pictures {
    pub(super) fn describe(&self) -> [(&'static str, String); 9] {
        let Self { s_max, presets, retention_hours, limits } = self;
        [
            ("IMAGE_S_MAX", s_max.to_string()),
            ("IMAGE_PRESETS", presets.to_string()),
            ("IMAGE_RETENTION_HOURS", retention_hours.to_string()),
            ("IMAGE_MB_MAX", (limits.body_bytes_max / MEGA).to_string()),
            ("IMAGE_MEGAPIXELS_MAX", (limits.pixels_max / MEGA).to_string()),
            ("IMAGE_SIDE_MAX", limits.side_pixels_max.to_string()),
            ("IMAGE_FRAMES_MAX", limits.frames_max.to_string()),
            ("IMAGE_SCANS_MAX", limits.scans_max.to_string()),
            ("IMAGE_MEMORY_MB_MAX", (limits.decode_bytes_max / MEGA).to_string()),
        ]
    }
}
