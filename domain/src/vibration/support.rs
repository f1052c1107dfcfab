//! How a machine stands on its ground: rigid or flexible, in each measuring direction.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::axis::{Axis, Direction};

/// Rigid when the lowest resonance of machine and support in the measuring direction lies at least
/// 25 % above the main excitation, flexible when not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mounting {
    /// Stiff against the main excitation.
    Rigid,
    /// Soft against the main excitation.
    Flexible,
}

/// The mounting in each direction. On the wire it is one word when all are equal, else an object of
/// three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(into = "Form")]
#[schemars(with = "Form")]
pub struct Support {
    /// Across the shaft, level.
    pub horizontal: Mounting,
    /// Across the shaft, upright.
    pub vertical: Mounting,
    /// Along the shaft.
    pub axial: Mounting,
}

impl Support {
    /// The same in every direction.
    pub const fn uniform(mounting: Mounting) -> Self {
        Self { horizontal: mounting, vertical: mounting, axial: mounting }
    }

    /// The mounting in a direction.
    pub const fn mounting(self, direction: Direction) -> Mounting {
        match direction {
            Direction::Horizontal => self.horizontal,
            Direction::Vertical => self.vertical,
            Direction::Axial => self.axial,
        }
    }

    /// The mounting in the direction of a sensor's axis.
    pub const fn of_axis(self, axis: Axis) -> Mounting {
        self.mounting(axis.direction())
    }
}

/// Rigid in every direction: what most motors on a concrete foundation are, and the stricter rows
/// of the tables.
impl Default for Support {
    fn default() -> Self {
        Self::uniform(Mounting::Rigid)
    }
}

/// The two forms on the wire.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Support")]
enum Form {
    Uniform(Mounting),
    PerDirection(PerDirection),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SupportPerDirection")]
struct PerDirection {
    horizontal: Mounting,
    vertical: Mounting,
    axial: Mounting,
}

impl From<Support> for Form {
    fn from(support: Support) -> Self {
        let Support { horizontal, vertical, axial } = support;
        if support == Support::uniform(horizontal) {
            return Self::Uniform(horizontal);
        }
        Self::PerDirection(PerDirection { horizontal, vertical, axial })
    }
}

// By hand, since an untagged enum would answer every mistake with "did not match any variant".
impl<'de> Deserialize<'de> for Support {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FormVisitor)
    }
}

struct FormVisitor;

impl<'de> Visitor<'de> for FormVisitor {
    type Value = Support;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#""rigid", "flexible" or an object with horizontal, vertical and axial"#)
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Support, E> {
        Mounting::deserialize(StrDeserializer::new(name)).map(Support::uniform)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Support, A::Error> {
        let form = PerDirection::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Support { horizontal: form.horizontal, vertical: form.vertical, axial: form.axial })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const MIXED: Support = Support {
        horizontal: Mounting::Flexible,
        vertical: Mounting::Rigid,
        axial: Mounting::Rigid,
    };

    #[test]
    fn one_word_stands_for_all_directions() {
        let support: Support = serde_json::from_value(json!("flexible")).unwrap();
        assert_eq!(support, Support::uniform(Mounting::Flexible));
        assert_eq!(serde_json::to_value(support).unwrap(), json!("flexible"));
    }

    #[test]
    fn directions_that_differ_are_an_object() {
        let form = json!({"horizontal": "flexible", "vertical": "rigid", "axial": "rigid"});
        assert_eq!(serde_json::from_value::<Support>(form.clone()).unwrap(), MIXED);
        assert_eq!(serde_json::to_value(MIXED).unwrap(), form);
    }

    #[test]
    fn an_object_of_equals_becomes_one_word() {
        let form = json!({"horizontal": "rigid", "vertical": "rigid", "axial": "rigid"});
        let support: Support = serde_json::from_value(form).unwrap();
        assert_eq!(serde_json::to_value(support).unwrap(), json!("rigid"));
    }

    #[test]
    fn a_mistake_is_named() {
        let message = |form| serde_json::from_value::<Support>(form).unwrap_err().to_string();
        assert!(message(json!("soft")).contains("`rigid`"));
        assert!(message(json!({"horizontal": "rigid"})).contains("vertical"));
        assert!(message(json!({"sideways": "rigid"})).contains("sideways"));
        assert!(message(json!(3)).contains("horizontal, vertical and axial"));
    }

    #[test]
    fn the_mounting_belongs_to_the_axis() {
        assert_eq!(MIXED.of_axis(Axis::X), Mounting::Flexible);
        assert_eq!(MIXED.of_axis(Axis::RadialV), Mounting::Rigid);
    }
}
