//! The documents of a collection by key, never more than one page of them in memory.

use ports::PortError;
use ports::read_models::{Collection, Document, PAGE_DOCUMENTS_MAX, Query, ReadModels};

use super::patience::patiently;

pub(super) struct Pages<'a> {
    models: &'a dyn ReadModels,
    collection: &'a Collection,
    query: Query,
    page: std::vec::IntoIter<Document>,
    is_last: bool,
}

impl<'a> Pages<'a> {
    pub(super) fn of(models: &'a dyn ReadModels, collection: &'a Collection) -> Self {
        let query = Query { documents_max: PAGE_DOCUMENTS_MAX, ..Query::default() };
        Self { models, collection, query, page: Vec::new().into_iter(), is_last: false }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Document>, PortError> {
        loop {
            if let Some(document) = self.page.next() {
                return Ok(Some(document));
            }
            if self.is_last {
                return Ok(None);
            }
            let page = patiently(|| self.models.query(self.collection, &self.query)).await?;
            self.is_last = page.next.is_none();
            self.query.cursor = page.next;
            self.page = page.documents.into_iter();
        }
    }
}
