//! What a picture's first bytes tell, before anything decodes it: format, size, orientation, and whether we take it.
//!
//! Pure and total: no function here panics, allocates in proportion to what a header claims, or reads a pixel.
//! The upload endpoint asks [`inspect`] so that a bad file is refused at once; the image processor asks it
//! again, since what is stored may have come another way.

mod bytes;
mod directory;
mod failure;
mod header;
mod limits;
mod orientation;
mod preset;
mod sniff;

pub use failure::{Code, Failure};
pub use header::{Header, inspect, jpeg_profile, jpeg_profile_is_whole};
pub use limits::Limits;
pub use orientation::Orientation;
pub use preset::{Encoding, PRESETS, Preset, Presets, PresetsError};
pub use sniff::{Format, sniff};
