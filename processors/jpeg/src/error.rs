//! Why a picture was not decoded.

use std::fmt;

/// Why a picture was not decoded. Messages are lower case and have no full stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The file may well be sound, but it is of a kind that this decoder leaves to others.
    Unsupported(&'static str),
    /// The file is cut short or damaged. What was handed out before is not to be used.
    Corrupt(&'static str),
    /// The caller's buffer has another length than the picture.
    Buffer {
        /// What the picture takes.
        needed_bytes: usize,
    },
    /// The caller's visitor stopped the work.
    Stopped,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(what) => write!(formatter, "not a plain baseline jpeg: {what}"),
            Self::Corrupt(why) => write!(formatter, "the jpeg is corrupt: {why}"),
            Self::Buffer { needed_bytes } => {
                write!(formatter, "the buffer must have {needed_bytes} bytes")
            }
            Self::Stopped => formatter.write_str("the decoding was stopped"),
        }
    }
}

impl std::error::Error for Error {}
