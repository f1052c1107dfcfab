//! What is wrong with an input, field by field.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One fault of an input: where (a JSON pointer, RFC 6901) and what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// Where in the input, as a JSON pointer: `/bearings/0/rolling_elements`.
    pub pointer: String,
    /// What is wrong there and what would be right, for a person to read.
    pub detail: String,
}

impl FieldError {
    /// A fault at `pointer`.
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// Gathers the faults of one input, so that a client learns of all of them at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

/// What [`Faults::require_text`] takes, but for the length, as schemas say it.
pub(crate) const TEXT_PATTERN: &str =
    r"^[^\x00-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F][^\x00-\x1F\x7F-\x9F]*$";

impl Faults {
    /// Notes a fault at `pointer` unless `holds`.
    pub fn require(&mut self, holds: bool, pointer: &str, detail: &str) {
        if !holds {
            self.0.push(FieldError::at(pointer, detail));
        }
    }

    /// Notes a fault unless `text` has 1 to `characters_max` characters and no control characters.
    pub fn require_text(&mut self, text: &str, characters_max: usize, pointer: &str) {
        let fits = !text.trim().is_empty() && text.chars().count() <= characters_max;
        let printable = !text.chars().any(char::is_control);
        self.require(
            fits && printable,
            pointer,
            &format!("must be 1 to {characters_max} printable characters"),
        );
    }

    /// Notes a fault unless `value` is a number from `min` to `max`.
    pub fn require_range(&mut self, value: f64, min: f64, max: f64, pointer: &str) {
        // NaN lies in no range.
        self.require(
            (min..=max).contains(&value),
            pointer,
            &format!("must be a number from {min} to {max}"),
        );
    }

    /// `Ok` when nothing was noted, else all of it.
    ///
    /// # Errors
    /// The faults, in the order in which they were noted.
    pub fn into_result(self) -> Result<(), Vec<FieldError>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
