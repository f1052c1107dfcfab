//! All schemas of all events: those that are written now, and those that were.

use std::collections::HashMap;
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use ports::event_shape::EventShape;

use super::{Codec, SchemaError, avro_schema, record_name};

/// `<category>/<event type>.v<version>.avsc`: every schema that was ever written.
static HISTORY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/schemas");

/// The schema of one version of one type of event.
#[derive(Debug)]
pub struct EventSchema {
    /// `motor`
    pub category: String,
    /// `registered`
    pub event_type: String,
    /// Counts from 1.
    pub schema_version: u32,
    /// As it is kept in the registry.
    pub text: String,
    /// The way from and to JSON.
    pub codec: Codec,
}

impl EventSchema {
    /// The full name of its record: `atalaya.motor.v1.Registered`.
    pub fn record_name(&self) -> String {
        record_name(&self.category, &self.event_type)
    }

    /// The schema of `shape`.
    ///
    /// # Errors
    /// None can be made.
    pub fn generate(shape: &EventShape) -> Result<Self, SchemaError> {
        let text = format!("{:#}\n", avro_schema(shape)?);
        Self::new(&shape.category, &shape.event_type, shape.schema_version, text)
    }

    /// The schemas of the files, oldest version first.
    ///
    /// # Errors
    /// A file is no schema.
    pub fn history() -> Result<Vec<Self>, SchemaError> {
        let mut schemas = Vec::new();
        for folder in HISTORY.dirs() {
            let category = folder.path().to_string_lossy();
            for file in folder.files() {
                let name = file.path().file_name().unwrap_or_default().to_string_lossy();
                let Some((event_type, version)) = parse_name(&name) else { continue };
                let text = file.contents_utf8().unwrap_or_default().to_owned();
                schemas.push(Self::new(&category, event_type, version, text)?);
            }
        }
        schemas.sort_by_key(|schema| schema.schema_version);
        Ok(schemas)
    }

    fn new(
        category: &str,
        event_type: &str,
        schema_version: u32,
        text: String,
    ) -> Result<Self, SchemaError> {
        let codec = Codec::parse(&text)?;
        let (category, event_type) = (category.to_owned(), event_type.to_owned());
        Ok(Self { category, event_type, schema_version, text, codec })
    }
}

/// `registered.v1.avsc`
fn parse_name(name: &str) -> Option<(&str, u32)> {
    let (event_type, version) = name.strip_suffix(".avsc")?.rsplit_once(".v")?;
    Some((event_type, version.parse().ok()?))
}

/// The schemas by which events are written.
#[derive(Clone, Debug, Default)]
pub struct EventSchemas {
    by_name: HashMap<String, Arc<EventSchema>>,
    /// Older versions first, so that a registry meets them in the order in which they came to be.
    in_order: Vec<Arc<EventSchema>>,
}

impl EventSchemas {
    /// Those of `shapes`, and those of the files for what was written before.
    ///
    /// # Errors
    /// A shape has no counterpart in Avro.
    pub fn new(shapes: &[EventShape]) -> Result<Self, SchemaError> {
        let mut schemas = Self::default();
        for shape in shapes {
            schemas.add(EventSchema::generate(shape)?);
        }
        for schema in EventSchema::history()? {
            schemas.add(schema);
        }
        schemas.in_order.sort_by_key(|schema| schema.schema_version);
        Ok(schemas)
    }

    /// The schema of one version of one type of event.
    pub fn find(
        &self,
        category: &str,
        event_type: &str,
        version: u32,
    ) -> Option<&Arc<EventSchema>> {
        self.by_name.get(&key(category, event_type, version))
    }

    /// All of them, older versions first.
    pub fn all(&self) -> &[Arc<EventSchema>] {
        &self.in_order
    }

    /// What was generated comes first, and stays.
    fn add(&mut self, schema: EventSchema) {
        let key = key(&schema.category, &schema.event_type, schema.schema_version);
        if !self.by_name.contains_key(&key) {
            let schema = Arc::new(schema);
            self.in_order.push(Arc::clone(&schema));
            self.by_name.insert(key, schema);
        }
    }
}

fn key(category: &str, event_type: &str, version: u32) -> String {
    format!("{category}.{event_type}.{version}")
}
