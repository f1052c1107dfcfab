//! Which fields the body of a command may have, and which it must.

use std::collections::BTreeSet;

use domain::aggregate::Endpoint;
use domain::invalid::FieldError;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use crate::reading::{FAULTS_MAX, member};

/// The names at the top of a command's body, from its schema. The commands themselves read over what they do not
/// know, since stored events may hold more; a client that sends it is told.
#[derive(Debug)]
pub(super) struct Fields {
    known: BTreeSet<String>,
    required: BTreeSet<String>,
}

impl Fields {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let mut generator = SchemaGenerator::default();
        let schema = endpoint.body.map(|body| body(&mut generator)).unwrap_or_default();
        let object = resolve(&schema, &generator);
        let names = |keyword| object.get(keyword);
        let known = names("properties").and_then(Value::as_object);
        let required = names("required").and_then(Value::as_array);
        Self {
            known: known.into_iter().flat_map(Map::keys).cloned().collect(),
            required: required
                .into_iter()
                .flatten()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
        }
    }

    /// All fields that are unknown, and all that are missing, as far as they can be named.
    pub(super) fn check(&self, body: &Map<String, Value>) -> Result<(), Vec<FieldError>> {
        let unknown = body.keys().filter(|name| !self.known.contains(*name));
        let missing = self.required.iter().filter(|name| !body.contains_key(*name));
        let faults: Vec<_> = unknown
            .map(|name| FieldError::at(member("", name), self.unknown_detail()))
            .chain(missing.map(|name| FieldError::at(member("", name), "is missing")))
            .take(FAULTS_MAX)
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn unknown_detail(&self) -> String {
        if self.known.is_empty() {
            return "is no field of this request: it has none".to_owned();
        }
        let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        format!("is no field of this request; its fields are {}", known.join(", "))
    }
}

/// The schema itself, where there is only a reference to it.
fn resolve<'a>(schema: &'a Schema, generator: &'a SchemaGenerator) -> &'a Value {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    name.and_then(|name| generator.definitions().get(name)).unwrap_or(schema.as_value())
}

#[cfg(test)]
mod tests {
    use domain::aggregate::Decide;
    use domain::motor::Motor;
    use serde_json::json;

    use super::*;

    fn faults(command: &str, body: &Value) -> Vec<String> {
        let endpoint = Motor::ENDPOINTS.iter().find(|endpoint| endpoint.command == command);
        let fields = Fields::of(endpoint.unwrap());
        let faults = fields.check(body.as_object().unwrap()).err().unwrap_or_default();
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn all_that_is_unknown_or_missing_is_named() {
        let body = json!({ "name": "P-101", "rated_power_kw": 1, "colour": "red", "a/b~c": 1 });
        assert_eq!(faults("register", &body), ["/a~1b~0c", "/colour", "/rated_speed_rpm"]);
    }

    #[test]
    fn a_revision_needs_nothing_and_knows_every_field() {
        assert!(faults("revise", &json!({})).is_empty());
        assert!(faults("revise", &json!({ "location": null, "poles": 4 })).is_empty());
        assert_eq!(faults("revise", &json!({ "Name": "P-101" })), ["/Name"]);
    }

    #[test]
    fn a_command_without_content_knows_no_field() {
        assert!(faults("decommission", &json!({})).is_empty());
        assert_eq!(faults("decommission", &json!({ "why": "old" })), ["/why"]);
    }
}
