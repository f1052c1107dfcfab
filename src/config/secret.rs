//! A value that is compared in constant time and never printed.

use std::fmt;

use subtle::ConstantTimeEq;

/// A secret.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text`.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Whether `offered` is the secret. The time it takes tells nothing but whether the lengths agree.
    pub fn matches(&self, offered: &str) -> bool {
        self.0.as_bytes().ct_eq(offered.as_bytes()).into()
    }

    /// The text, to be handed to whoever must send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_matches_and_it_is_never_printed() {
        let secret = Secret::new("watch".to_owned());
        assert!(secret.matches("watch"));
        for other in ["", "w", "watcH", "watchwatch", "watch\0"] {
            assert!(!secret.matches(other), "{other}");
        }
        assert_eq!(format!("{secret:?}"), "(hidden)");
    }
}
