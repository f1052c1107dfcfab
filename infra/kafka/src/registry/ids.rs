//! The numbers that the registry gave to the schemas of events.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::schema::EventSchema;

/// By which schema an event is written, and its number.
#[derive(Clone, Debug, Default)]
pub struct SchemaIds {
    /// Few enough to be looked through.
    ids: Vec<(Arc<EventSchema>, u32)>,
}

impl SchemaIds {
    /// The schema of one version of one type of event; `None` when this release has none.
    pub fn find(
        &self,
        category: &str,
        event_type: &str,
        schema_version: u32,
    ) -> Option<(&EventSchema, u32)> {
        let same = |schema: &EventSchema| {
            schema.event_type == event_type
                && schema.category == category
                && schema.schema_version == schema_version
        };
        self.ids.iter().find(|(schema, _)| same(schema)).map(|(schema, id)| (&**schema, *id))
    }

    /// The categories of which there are schemas.
    pub fn categories(&self) -> BTreeSet<&str> {
        self.ids.iter().map(|(schema, _)| schema.category.as_str()).collect()
    }

    pub(super) fn insert(&mut self, schema: Arc<EventSchema>, id: u32) {
        self.ids.push((schema, id));
    }
}
