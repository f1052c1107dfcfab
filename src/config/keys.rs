//! Who may ask, and for what: API keys by name.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{ConfigError, Settings};

/// The name of the key in `API_KEY`, which has none of its own.
const UNNAMED: &str = "api-key";
/// What a secret begins with of which only the hash is known here.
const HASHED: &str = "sha256:";
const NAME_CHARACTERS_MAX: usize = 64;
/// A shorter secret of `API_KEYS` could be guessed.
const SECRET_CHARACTERS_MIN: usize = 16;
const KEYS_MAX: usize = 256;
const HASH_BYTES: usize = 32;

/// What the holder of a key may do; each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Look.
    Read,
    /// Send commands, samples and pictures.
    Write,
    /// Change how the system runs.
    Admin,
}

impl Access {
    /// As `API_KEYS` takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Access {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::Read, Self::Write, Self::Admin];
        all.into_iter().find(|access| access.name() == text).ok_or(())
    }
}

/// Somebody who has a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Goes with every event that the holder causes.
    pub name: String,
    /// What the holder may do.
    pub access: Access,
}

/// All keys. Of a secret no more is kept than its hash.
#[derive(Clone, Default)]
pub struct ApiKeys {
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    holder: Holder,
    hash: [u8; HASH_BYTES],
}

impl ApiKeys {
    /// Whether anybody may ask.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whose key it is. Every key is compared, by its hash: the time it takes tells nothing of any of them.
    pub fn holder(&self, offered: &str) -> Option<&Holder> {
        let offered = hash(offered);
        let mut found = None;
        for Key { holder, hash } in &self.keys {
            if hash.as_slice().ct_eq(&offered).into() {
                found = Some(holder);
            }
        }
        found
    }

    /// The same keys and one more.
    #[must_use]
    pub fn and(mut self, name: &str, access: Access, secret: &str) -> Self {
        let holder = Holder { name: name.to_owned(), access };
        self.keys.push(Key { holder, hash: hash(secret) });
        self
    }

    /// `name:role` of each key, with commas between.
    pub(super) fn describe(&self) -> String {
        let named = |Key { holder, .. }: &Key| format!("{}:{}", holder.name, holder.access.name());
        self.keys.iter().map(named).collect::<Vec<_>>().join(",")
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

impl Settings<'_> {
    /// `API_KEY` is one secret that may do everything. `API_KEYS` has a `name:role:secret` per line, or with commas
    /// between; lines that begin with `#` are for people. A name may come twice, so that a new secret can be handed
    /// out before the old one is taken back.
    pub(super) fn api_keys(&self) -> Result<ApiKeys, ConfigError> {
        let mut keys = ApiKeys::default();
        if let Some(secret) = self.text("API_KEY")? {
            keys = keys.and(UNNAMED, Access::Admin, &secret);
        }
        let listed = self.text("API_KEYS")?.unwrap_or_default();
        let lines = listed.split(['\n', ',']).map(str::trim);
        for (n, line) in lines.filter(|line| !line.is_empty() && !line.starts_with('#')).enumerate()
        {
            // What is wrong is told without the line: there may be a secret in it.
            let wrong =
                |reason: &str| ConfigError::new("API_KEYS", format!("key {}: {reason}", n + 1));
            let key = line.parse::<Key>().map_err(wrong)?;
            let same_name = |other: &&Key| other.holder.name == key.holder.name;
            if keys.keys.iter().find(same_name).is_some_and(|other| other.holder != key.holder) {
                return Err(wrong("its name has another role already"));
            }
            keys.keys.push(key);
        }
        if keys.keys.len() > KEYS_MAX {
            return Err(ConfigError::new("API_KEYS", format!("more than {KEYS_MAX} keys")));
        }
        Ok(keys)
    }
}

impl FromStr for Key {
    type Err = &'static str;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let mut parts = line.splitn(3, ':');
        let (Some(name), Some(role), Some(secret)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err("expected name:role:secret");
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > NAME_CHARACTERS_MAX || !name.chars().all(fits) {
            return Err("its name is not 1 to 64 letters, digits, `-`, `_` and `.`");
        }
        let access = role.parse().map_err(|()| "its role is not read, write or admin")?;
        let hash = match secret.strip_prefix(HASHED) {
            Some(digits) => from_hex(digits).ok_or("its hash is not 64 hexadecimal digits")?,
            None if secret.len() < SECRET_CHARACTERS_MIN => {
                return Err("its secret has fewer than 16 characters");
            }
            None => hash(secret),
        };
        Ok(Self { holder: Holder { name: name.to_owned(), access }, hash })
    }
}

fn hash(secret: &str) -> [u8; HASH_BYTES] {
    Sha256::digest(secret.as_bytes()).into()
}

fn from_hex(digits: &str) -> Option<[u8; HASH_BYTES]> {
    let mut bytes = [0; HASH_BYTES];
    if digits.len() != 2 * HASH_BYTES || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (n, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "an old secret of the gateway";
    const NEW: &str = "a new secret: with a colon";

    fn keys(settings: &[(&str, &str)]) -> Result<ApiKeys, ConfigError> {
        let get = |name: &str| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings { get: &get }.api_keys()
    }

    fn holder<'a>(keys: &'a ApiKeys, secret: &str) -> Option<(&'a str, Access)> {
        keys.holder(secret).map(|holder| (holder.name.as_str(), holder.access))
    }

    #[test]
    fn each_key_has_a_name_and_a_role_and_the_one_alone_may_do_everything() {
        let digits = hash("known to its holder only").map(|byte| format!("{byte:02x}"));
        let hashed = format!("sha256:{}", digits.concat());
        let listed =
            format!("# the plant\ngateway:write:{OLD}\n\nwall:read:{NEW},ops:admin:{hashed}");
        let keys = keys(&[("API_KEY", "hush"), ("API_KEYS", &listed)]).unwrap();
        assert_eq!(holder(&keys, "hush"), Some(("api-key", Access::Admin)));
        assert_eq!(holder(&keys, OLD), Some(("gateway", Access::Write)));
        assert_eq!(holder(&keys, NEW), Some(("wall", Access::Read)));
        assert_eq!(holder(&keys, "known to its holder only"), Some(("ops", Access::Admin)));
        for stranger in ["", "hus", "hush ", "gateway", &hashed] {
            assert_eq!(keys.holder(stranger), None, "{stranger}");
        }
    }

    #[test]
    fn while_a_key_is_changed_the_old_and_the_new_secret_are_good() {
        let both = keys(&[("API_KEYS", &format!("gateway:write:{OLD},gateway:write:{NEW}"))]);
        let both = both.unwrap();
        assert_eq!(holder(&both, OLD), holder(&both, NEW));
        assert!(holder(&both, NEW).is_some());
        let other = format!("gateway:write:{OLD},gateway:admin:{NEW}");
        let message = keys(&[("API_KEYS", &other)]).unwrap_err().to_string();
        assert_eq!(message, "API_KEYS: key 2: its name has another role already");
    }

    #[test]
    fn what_is_wrong_with_a_key_is_told_and_no_secret_is() {
        for wrong in [
            "hush",
            "gateway:hush hush hush hush",
            "gateway:king:hush hush hush hush",
            ":read:hush hush hush hush",
            "the gate:read:hush hush hush hush",
            "gateway:read:hush",
            "gateway:read:sha256:hush",
        ] {
            let message = keys(&[("API_KEYS", wrong)]).unwrap_err().to_string();
            assert!(message.starts_with("API_KEYS: key 1: "), "{message}");
            assert!(!message.contains("hush"), "{message}");
        }
        let sound = keys(&[("API_KEY", "hush"), ("API_KEYS", &format!("g:read:{OLD}"))]).unwrap();
        assert_eq!(format!("{sound:?}"), "api-key:admin,g:read");
    }
}
