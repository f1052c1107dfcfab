//! What was asked, in 32 bytes.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// SHA-256 in hex, of each part with its length, so that no two lists of parts run together.
pub(super) fn fingerprint(parts: &[&str]) -> String {
    let digest = parts.iter().fold(Sha256::new(), |digest, part| {
        digest.chain_update(part.len().to_be_bytes()).chain_update(part)
    });
    hex(&digest.finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_wishes_run_together() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_eq!(hex(&[0x0f, 0xa0]), "0fa0");
    }
}
