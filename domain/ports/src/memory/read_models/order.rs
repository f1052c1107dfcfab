//! The values that queries compare, and the order in which pages are read.

use serde_json::Value;

use crate::PortError;
use crate::read_models::{Collection, Cursor, PAGE_DOCUMENTS_MAX, Query};

/// The value of a declared field. Null comes first, whole numbers compare as such, strings by their bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scalar {
    Null,
    Boolean(bool),
    Whole(i128),
    Text(String),
}

impl Scalar {
    /// `None` for what no declared field may be: fractions, arrays, objects.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Bool(boolean) => Some(Self::Boolean(*boolean)),
            Value::Number(number) => {
                let signed = number.as_i64().map(i128::from);
                signed.or_else(|| number.as_u64().map(i128::from)).map(Self::Whole)
            }
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Array(_) | Value::Object(_) => None,
        }
    }
}

impl From<Scalar> for Value {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Null => Self::Null,
            Scalar::Boolean(boolean) => boolean.into(),
            Scalar::Whole(whole) => i64::try_from(whole)
                .map(Self::from)
                .or_else(|_| u64::try_from(whole).map(Self::from))
                .expect("it was made of one of the two"),
            Scalar::Text(text) => text.into(),
        }
    }
}

/// Where a document stands: the sort field's value, its key, and the document itself.
type Place<'a, D> = (Scalar, &'a str, D);

/// How a query goes through the documents.
pub(super) struct Order {
    pub(super) field: Option<&'static str>,
    descending: bool,
    after: Option<(Scalar, String)>,
    documents_max: usize,
}

impl Order {
    pub(super) fn of(collection: &Collection, query: &Query) -> Result<Self, PortError> {
        if let Some(sort) = query.sort {
            must_be_declared(collection, sort.field)?;
        }
        let after = query.cursor.as_ref().map(|Cursor { value, key }| {
            let value = Scalar::of(value)
                .ok_or_else(|| refuse(collection, "a cursor's value can be no field's value"))?;
            Ok((value, key.clone()))
        });
        Ok(Self {
            field: query.sort.map(|sort| sort.field),
            descending: query.sort.is_some_and(|sort| sort.descending),
            after: after.transpose()?,
            documents_max: query.documents_max.min(PAGE_DOCUMENTS_MAX),
        })
    }

    /// The places of one page, and where to go on.
    pub(super) fn page<'a, D>(
        &self,
        mut places: Vec<Place<'a, D>>,
    ) -> (Vec<Place<'a, D>>, Option<Cursor>) {
        places.retain(|(value, key, _)| self.is_beyond(value, key));
        places.sort_by(|(value, key, _), (other_value, other_key, _)| {
            let ascending = (value, key).cmp(&(other_value, other_key));
            if self.descending { ascending.reverse() } else { ascending }
        });
        let more = places.len() > self.documents_max;
        places.truncate(self.documents_max);
        let last = places.last().filter(|_| more);
        let next = last
            .map(|(value, key, _)| Cursor { value: value.clone().into(), key: (*key).to_owned() });
        (places, next)
    }

    fn is_beyond(&self, value: &Scalar, key: &str) -> bool {
        self.after.as_ref().is_none_or(|(after_value, after_key)| {
            let (place, after) = ((value, key), (after_value, after_key.as_str()));
            if self.descending { place < after } else { place > after }
        })
    }
}

pub(super) fn must_be_declared(collection: &Collection, field: &str) -> Result<(), PortError> {
    if collection.fields.iter().any(|declared| declared.name == field) {
        return Ok(());
    }
    Err(refuse(collection, &format!("the field {field} is not declared")))
}

pub(super) fn refuse(collection: &Collection, reason: &str) -> PortError {
    let Collection { name, generation, .. } = collection;
    PortError::new(format!("using the collection {name} of generation {generation}"), reason)
}
