//! Signs messages as Standard Webhooks has it: HMAC-SHA256 over id, time and body.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What the text of a key begins with; the rest is base64.
const PREFIX: &str = "whsec_";
/// Shorter keys can be guessed.
const KEY_BYTES_MIN: usize = 24;
const KEY_BYTES_MAX: usize = 64;

/// A secret that a receiver shares with us. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Vec<u8>);

/// The text is no key. It is not repeated, since it may be one after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected whsec_ and 24 to 64 bytes in base64")]
pub struct KeyError;

impl FromStr for SigningKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(KeyError)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| KeyError)?;
        let fits = (KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&bytes.len());
        fits.then_some(Self(bytes)).ok_or(KeyError)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// The value of `webhook-signature`: one signature per key, with spaces between.
pub(super) fn signatures(keys: &[SigningKey], id: &str, unix_s: i64, body: &str) -> String {
    let signed = keys.iter().map(|key| {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key.0)
            .expect("HMAC takes keys of every length");
        mac.update(format!("{id}.{unix_s}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    });
    signed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_standard_webhooks_is_signed_as_they_do() {
        let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let body = r#"{"test": 2432232314}"#;
        let signed = signatures(&[key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_repeated() {
        let short = format!("{PREFIX}{}", STANDARD.encode([7; KEY_BYTES_MIN - 1]));
        let long = format!("{PREFIX}{}", STANDARD.encode([7; KEY_BYTES_MAX + 1]));
        for text in ["", "whsec_", "a long one without its beginning", &short, &long] {
            let error = text.parse::<SigningKey>().unwrap_err();
            assert!(text.len() <= PREFIX.len() || !error.to_string().contains(text), "{error}");
        }
        let key: SigningKey = format!("{PREFIX}{}", STANDARD.encode([7; 24])).parse().unwrap();
        assert_eq!(format!("{key:?}"), "(hidden)");
    }
}
