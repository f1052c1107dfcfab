//! Keeps the bytes of pictures.

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use crate::PortError;

/// Whole files under typed keys: no text of a client ever becomes a path.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Stores the bytes. Durable when it returns; a reader sees the old bytes, or all of the new ones.
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), PortError>;

    /// The bytes, if there are any.
    async fn get(&self, key: &BlobKey) -> Result<Option<Bytes>, PortError>;

    /// Removes the bytes; that they are not there is no error.
    async fn delete(&self, key: &BlobKey) -> Result<(), PortError>;

    /// The tasks after `after` of which there is an original, by id; at most `originals_max`. Fewer are no sign of the
    /// end, but none are. What is stored or removed meanwhile may be among them or not.
    async fn originals(
        &self,
        after: Option<Uuid>,
        originals_max: usize,
    ) -> Result<Vec<Uuid>, PortError>;
}

/// What a blob is. Its text form is the layout that outside programs rely on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlobKey {
    /// The picture as it was submitted: `input/{task_id}/original.jpg`, whatever its format.
    Original {
        /// Of which image task.
        task_id: Uuid,
    },
    /// A picture that was made of it: `output/{task_id}/1024x1024.jpg`.
    Variant {
        /// Of which image task.
        task_id: Uuid,
        /// Which one.
        name: VariantName,
    },
}

/// The file name of a variant: letters, digits and `-`, a dot, letters and digits; 64 characters at most.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariantName(String);

const VARIANT_NAME_CHARACTERS_MAX: usize = 64;

impl VariantName {
    /// `None` unless the text has the form above, so that no name can leave its folder.
    pub fn new(text: &str) -> Option<Self> {
        let (stem, extension) = text.split_once('.')?;
        let stem_ok = stem.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let extension_ok = extension.chars().all(|c| c.is_ascii_alphanumeric());
        let filled = !stem.is_empty() && !extension.is_empty();
        let fits = text.len() <= VARIANT_NAME_CHARACTERS_MAX;
        (stem_ok && extension_ok && filled && fits).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_name_cannot_leave_its_folder() {
        for text in [
            "..",
            "../x.jpg",
            "a/b.jpg",
            "a.jpg/..",
            ".jpg",
            "a.",
            "a",
            "a\0.jpg",
            "%2e%2e.jpg",
            "a.b.jpg",
        ] {
            assert_eq!(VariantName::new(text), None, "{text}");
        }
        assert_eq!(VariantName::new("1024x1024.jpg").unwrap().as_str(), "1024x1024.jpg");
    }
}
