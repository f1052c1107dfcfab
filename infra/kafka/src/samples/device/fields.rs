//! The fields of a JSON object, by names without case and `_`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::beginning;
use crate::samples::refusal::Refusal;

/// The most fields that a message may have.
const FIELDS_MAX: usize = 64;

/// Fields that are not `null`, each still as it was written.
#[derive(Debug)]
pub(super) struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(bytes).map_err(|error| Refusal::Unreadable(error.to_string()))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The first of these fields that is there.
    pub(super) fn find(&self, names: &[&str]) -> Option<&'a RawValue> {
        names.iter().find_map(|name| self.0.get(*name).copied())
    }

    /// One of these fields, `shown` in the refusal.
    pub(super) fn parsed<T: DeserializeOwned>(
        &self,
        shown: &'static str,
        names: &[&str],
    ) -> Result<Option<T>, Refusal> {
        let parse = |raw: &RawValue| {
            serde_json::from_str(raw.get()).map_err(|error| Refusal::field(shown, error))
        };
        self.find(names).map(parse).transpose()
    }

    pub(super) fn text(
        &self,
        shown: &'static str,
        names: &[&str],
    ) -> Result<Option<String>, Refusal> {
        self.parsed(shown, names)
    }

    pub(super) fn number(
        &self,
        shown: &'static str,
        names: &[&str],
    ) -> Result<Option<f64>, Refusal> {
        self.parsed(shown, names)
    }

    pub(super) fn required<T>(&self, shown: &'static str, found: Option<T>) -> Result<T, Refusal> {
        found.ok_or_else(|| Refusal::field(shown, "is missing"))
    }

    /// All names, as many as help.
    pub(super) fn names(&self) -> String {
        const SHOWN_MAX: usize = 12;
        let names: Vec<_> = self.0.keys().take(SHOWN_MAX).map(|name| beginning(name)).collect();
        names.join(", ")
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            if fields.len() >= FIELDS_MAX {
                return Err(A::Error::custom(format_args!("more than {FIELDS_MAX} fields")));
            }
            let plain = name.replace('_', "").to_lowercase();
            if value.get() != "null" && fields.insert(plain, value).is_some() {
                return Err(A::Error::custom(format_args!(
                    "{:?} is there twice",
                    beginning(&name)
                )));
            }
        }
        Ok(Fields(fields))
    }
}
