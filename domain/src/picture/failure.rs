//! Why a picture was refused, or could not be made.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A picture that was refused or could not be made: a code for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[error("{code}: {detail}")]
pub struct Failure {
    /// What kind of failure it is.
    pub code: Code,
    /// One sentence without a full stop. Never holds bytes or names that came with the upload.
    pub detail: String,
}

/// The kinds of failure, by their wire name in `snake_case`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The bytes are no picture of a kind that is taken here.
    UnsupportedFormat,
    /// The bytes are damaged, cut short, or contradict themselves.
    Corrupt,
    /// The header claims more pixels, a longer side, more frames or more memory than the limits allow.
    TooManyPixels,
    /// The file has more bytes than the limits allow.
    TooLarge,
    /// The work took longer than it may.
    Timeout,
    /// The work would have needed more memory than there is.
    OutOfMemory,
    /// Bytes could not be read from, or written to, where they are kept.
    Storage,
    /// Whoever asked for the work no longer wants it.
    Cancelled,
    /// The fault is ours.
    Internal,
}

impl Code {
    /// The name on the wire: that which serde gives.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnsupportedFormat => "unsupported_format",
            Self::Corrupt => "corrupt",
            Self::TooManyPixels => "too_many_pixels",
            Self::TooLarge => "too_large",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out_of_memory",
            Self::Storage => "storage",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }

    /// True when the same bytes would fail the same way again, so that a retry is useless.
    #[must_use]
    pub const fn is_permanent(self) -> bool {
        match self {
            Self::UnsupportedFormat
            | Self::Corrupt
            | Self::TooManyPixels
            | Self::TooLarge
            | Self::Cancelled => true,
            Self::Timeout | Self::OutOfMemory | Self::Storage | Self::Internal => false,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Failure {
    /// A failure of any kind.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// A failure by [`Code::UnsupportedFormat`].
    pub fn unsupported(detail: impl Into<String>) -> Self {
        Self::new(Code::UnsupportedFormat, detail)
    }

    /// A failure by [`Code::Corrupt`].
    pub fn corrupt(detail: impl Into<String>) -> Self {
        Self::new(Code::Corrupt, detail)
    }

    /// A failure by [`Code::TooManyPixels`].
    pub fn too_many_pixels(detail: impl Into<String>) -> Self {
        Self::new(Code::TooManyPixels, detail)
    }

    /// See [`Code::is_permanent`].
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        self.code.is_permanent()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Code; 9] = [
        Code::UnsupportedFormat,
        Code::Corrupt,
        Code::TooManyPixels,
        Code::TooLarge,
        Code::Timeout,
        Code::OutOfMemory,
        Code::Storage,
        Code::Cancelled,
        Code::Internal,
    ];

    #[test]
    fn a_code_is_displayed_and_serialised_by_the_same_name() {
        for code in ALL {
            let json = serde_json::to_value(code).unwrap();
            assert_eq!(json, code.to_string());
            assert_eq!(serde_json::from_value::<Code>(json).unwrap(), code);
        }
    }

    #[test]
    fn what_lies_in_the_bytes_is_permanent_and_what_lies_with_us_is_not() {
        let permanent: Vec<Code> = ALL.into_iter().filter(|code| code.is_permanent()).collect();
        assert_eq!(
            permanent,
            [
                Code::UnsupportedFormat,
                Code::Corrupt,
                Code::TooManyPixels,
                Code::TooLarge,
                Code::Cancelled
            ]
        );
    }
}
