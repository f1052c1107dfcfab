//! Where pictures are kept when not in folders.

use super::{ConfigError, Secret, Settings};

/// A bucket of an S3-compatible store.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// In front of every object's name, with `/` at its end unless it is empty.
    pub prefix: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The address of a store that is not Amazon's.
    pub endpoint: Option<String>,
    /// Who asks, by name and secret; without it, whatever the machine itself may do.
    pub access_key: Option<(String, Secret)>,
}

const BUCKET: &str = "STORAGE_S3_BUCKET";
const PREFIX_CHARACTERS_MAX: usize = 200;

impl Settings<'_> {
    /// `None`: pictures are kept in folders.
    pub(super) fn bucket(&self) -> Result<Option<Bucket>, ConfigError> {
        let Some(name) = self.text(BUCKET)? else { return Ok(None) };
        let id = self.text("STORAGE_S3_ACCESS_KEY_ID")?;
        let secret = self.text("STORAGE_S3_SECRET_ACCESS_KEY")?.map(Secret::new);
        let lacks = |name| Err(ConfigError::new(name, "the other half of the key is there"));
        let access_key = match (id, secret) {
            (Some(id), Some(secret)) => Some((id, secret)),
            (None, None) => None,
            (Some(_), None) => return lacks("STORAGE_S3_SECRET_ACCESS_KEY"),
            (None, Some(_)) => return lacks("STORAGE_S3_ACCESS_KEY_ID"),
        };
        Ok(Some(Bucket {
            name,
            prefix: self.prefix()?,
            region: self.text("STORAGE_S3_REGION")?.unwrap_or_else(|| "us-east-1".to_owned()),
            endpoint: self.text("STORAGE_S3_ENDPOINT")?,
            access_key,
        }))
    }

    /// Folders of one process are all that the embedded profile has.
    pub(super) fn require_no_bucket(&self) -> Result<(), ConfigError> {
        match self.text(BUCKET)? {
            None => Ok(()),
            Some(_) => {
                Err(ConfigError::new(BUCKET, "the embedded profile keeps pictures in folders"))
            }
        }
    }

    fn prefix(&self) -> Result<String, ConfigError> {
        let name = "STORAGE_S3_PREFIX";
        let prefix = self.text(name)?.unwrap_or_default();
        let prefix = prefix.trim_matches('/');
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
        if prefix.len() > PREFIX_CHARACTERS_MAX || !prefix.chars().all(fits) {
            let expected = "expected at most 200 letters, digits, `-`, `_` and `/`";
            return Err(ConfigError::new(name, format!("{expected}, not {prefix:?}")));
        }
        Ok(if prefix.is_empty() { String::new() } else { format!("{prefix}/") })
    }
}

impl Bucket {
    /// Names and values, secrets hidden.
    pub(super) fn describe(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![
            (BUCKET, self.name.clone()),
            ("STORAGE_S3_PREFIX", self.prefix.clone()),
            ("STORAGE_S3_REGION", self.region.clone()),
        ];
        lines.extend(self.endpoint.clone().map(|endpoint| ("STORAGE_S3_ENDPOINT", endpoint)));
        if let Some((id, _)) = &self.access_key {
            lines.push(("STORAGE_S3_ACCESS_KEY_ID", id.clone()));
            lines.push(("STORAGE_S3_SECRET_ACCESS_KEY", "(hidden)".to_owned()));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(settings: &[(&str, &str)]) -> Result<Option<Bucket>, ConfigError> {
        let get = |name: &str| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings { get: &get }.bucket()
    }

    #[test]
    fn without_a_bucket_there_is_none() {
        assert!(bucket(&[("STORAGE_S3_REGION", "eu-central-1")]).unwrap().is_none());
    }

    #[test]
    fn a_prefix_is_a_folder_however_it_is_written() {
        for (written, prefix) in [("", ""), ("/", ""), ("plant", "plant/"), ("/a/b/", "a/b/")] {
            let settings = [(BUCKET, "pictures"), ("STORAGE_S3_PREFIX", written)];
            assert_eq!(bucket(&settings).unwrap().unwrap().prefix, prefix, "{written}");
        }
        let message =
            bucket(&[(BUCKET, "b"), ("STORAGE_S3_PREFIX", "a b")]).unwrap_err().to_string();
        assert!(message.starts_with("STORAGE_S3_PREFIX: "), "{message}");
    }

    #[test]
    fn half_a_key_is_a_mistake_and_a_whole_one_is_not_described() {
        let half = [(BUCKET, "pictures"), ("STORAGE_S3_ACCESS_KEY_ID", "ams")];
        let message = bucket(&half).unwrap_err().to_string();
        assert!(message.starts_with("STORAGE_S3_SECRET_ACCESS_KEY: "), "{message}");
        let secret = ("STORAGE_S3_SECRET_ACCESS_KEY", "hush");
        let whole = bucket(&[half[0], half[1], secret]).unwrap().unwrap();
        let described = format!("{:?} {whole:?}", whole.describe());
        assert!(!described.contains("hush"), "{described}");
    }
}
