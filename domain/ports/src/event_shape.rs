//! What the events of an aggregate look like, type by type: for whoever hands them on in a format of its own.

use domain::aggregate::Decide;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// The shape of one type of event, as this release writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct EventShape {
    /// Of which aggregate: `motor`.
    pub category: String,
    /// `registered`
    pub event_type: String,
    /// Counts from 1; every change of the shape has a new one.
    pub schema_version: u32,
    /// JSON Schema 2020-12 of the event's data, with the definitions that it refers to in `$defs`. It describes what
    /// is written: a property is required exactly when it is always there.
    pub json_schema: Value,
}

impl EventShape {
    /// The shapes of all events of `A`, in the order in which they are declared.
    ///
    /// # Panics
    /// The events are not tagged as [`Decide`] asks for.
    pub fn of<A: Decide<Event: JsonSchema>>() -> Vec<Self> {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let root = settings.into_generator().into_root_schema_for::<A::Event>().to_value();
        let definitions = root.get("$defs").cloned().unwrap_or_else(|| json!({}));
        let branches = root["oneOf"].as_array().expect("events are an enum");
        branches.iter().map(|branch| Self::from_branch::<A>(branch, &definitions)).collect()
    }

    fn from_branch<A: Decide>(branch: &Value, definitions: &Value) -> Self {
        let tag = &branch["properties"]["type"]["const"];
        let event_type = tag.as_str().expect("events are tagged with `type` and `data`").to_owned();
        let mut json_schema = branch["properties"]["data"].clone();
        assert!(json_schema.is_object(), "the data of `{event_type}` is no object");
        if let Some(description) = branch.get("description") {
            json_schema["description"] = description.clone();
        }
        json_schema["$defs"] = definitions.clone();
        let schema_version = schema_version::<A>(&event_type);
        Self { category: A::TYPE.to_owned(), event_type, schema_version, json_schema }
    }
}

/// Each upcaster leads one version further, so that the last one leads to the present.
fn schema_version<A: Decide>(event_type: &str) -> u32 {
    let of_this_type = A::UPCASTERS.iter().filter(|upcaster| upcaster.event_type == event_type);
    of_this_type.map(|upcaster| upcaster.from + 1).max().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::image::Image;
    use domain::motor::Motor;

    #[test]
    fn every_event_has_a_shape_of_its_own() {
        let names = |shapes: Vec<EventShape>| -> Vec<_> {
            shapes.into_iter().map(|shape| shape.event_type).collect()
        };
        let motor = names(EventShape::of::<Motor>());
        assert_eq!(motor.len(), 18);
        assert_eq!(motor[0], "registered");
        assert_eq!(names(EventShape::of::<Image>())[8], "retry_requested");
    }

    #[test]
    fn what_is_always_written_is_required() {
        let shapes = EventShape::of::<Motor>();
        let changed = &shapes[4];
        assert_eq!((changed.event_type.as_str(), changed.schema_version), ("zone_changed", 1));
        let required: Vec<_> = changed.json_schema["required"].as_array().unwrap().iter().collect();
        assert!(required.contains(&&json!("from")), "null is written: {required:?}");
        assert!(!required.contains(&&json!("reason")), "left out: {required:?}");
    }
}
