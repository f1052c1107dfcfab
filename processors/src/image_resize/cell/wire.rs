//! What a cell is asked, and what it answers.
//!
//! ```text
//!  ask:     length ─ picture                      length: four bytes, little-endian
//!  answer:  length ─ head ─ variant ─ variant …   head: JSON, the variants' lengths in it
//! ```

use std::borrow::Cow;
use std::io::{self, Write};

use domain::picture::{Failure, Limits};
use serde::{Deserialize, Serialize};

use crate::picture::Variant;

/// The head of an answer. A failure's sentence and what is told of eight variants are far below it.
pub(super) const HEAD_BYTES_MAX: usize = 64 << 10;
/// All variants of an answer: eight of 2,048 pixels, were they not compressed at all.
pub(super) const VARIANTS_BYTES_MAX: usize = 8 * 3 * 2_048 * 2_048;

/// What a cell is told when it is started.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    pub(super) limits: Limits,
    /// As in the settings.
    pub(super) presets: String,
    /// What it may take, beyond which nothing is given to it.
    pub(super) memory_bytes_max: u64,
}

/// What became of a picture, but for the bytes of its variants.
pub(super) type Head = Result<Vec<Made>, Failure>;

/// A variant whose bytes follow.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Made {
    name: String,
    width: u32,
    height: u32,
    sha256: String,
    bytes: usize,
}

impl Made {
    fn of(variant: &Variant) -> Self {
        Self {
            name: variant.name.clone().into_owned(),
            width: variant.width,
            height: variant.height,
            sha256: variant.sha256.clone(),
            bytes: variant.bytes.len(),
        }
    }
}

/// Writes an answer. In the cell.
pub(super) fn write(answer: &Result<Vec<Variant>, Failure>, to: &mut impl Write) -> io::Result<()> {
    let variants = answer.as_deref().unwrap_or_default();
    let head: Head = match answer {
        Ok(variants) => Ok(variants.iter().map(Made::of).collect()),
        Err(failure) => Err(failure.clone()),
    };
    let head = serde_json::to_vec(&head)?;
    to.write_all(&length(head.len())?)?;
    to.write_all(&head)?;
    for variant in variants {
        to.write_all(&variant.bytes)?;
    }
    to.flush()
}

pub(super) fn length(bytes: usize) -> io::Result<[u8; 4]> {
    let bytes = u32::try_from(bytes).map_err(|_| garbled("it is too long"))?;
    Ok(bytes.to_le_bytes())
}

pub(super) fn head(bytes: &[u8]) -> io::Result<Head> {
    let head: Head = serde_json::from_slice(bytes)?;
    let lengths = head.iter().flatten().map(|made| made.bytes);
    if lengths.fold(0, usize::saturating_add) > VARIANTS_BYTES_MAX {
        return Err(garbled("its variants are too long"));
    }
    Ok(head)
}

/// The variants of which `made` tells, from the bytes that followed.
pub(super) fn variants(made: Vec<Made>, bytes: &[u8]) -> io::Result<Vec<Variant>> {
    let mut rest = bytes;
    let mut variants = Vec::with_capacity(made.len());
    for Made { name, width, height, sha256, bytes } in made {
        let (bytes, after) =
            rest.split_at_checked(bytes).ok_or_else(|| garbled("its variants are too short"))?;
        rest = after;
        let (name, bytes) = (Cow::Owned(name), bytes.to_vec());
        variants.push(Variant { name, width, height, bytes, sha256 });
    }
    Ok(variants)
}

/// How many bytes follow a head.
pub(super) fn following(made: &[Made]) -> usize {
    made.iter().map(|made| made.bytes).sum()
}

pub(super) fn garbled(how: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, how.to_owned())
}
