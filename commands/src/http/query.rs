//! Query parameters, with all their faults at once.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use axum::extract::Query;
use axum::http::Uri;
use domain::invalid::FieldError;
use ports::problem::Problem;

use crate::reading::{FAULTS_MAX, member};

/// The parameters that were not asked for yet, and the faults of those that were.
pub(super) struct Parameters {
    rest: BTreeMap<String, String>,
    faults: Vec<FieldError>,
}

impl Parameters {
    pub(super) fn of(uri: &Uri) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| {
            Problem::malformed("the query is not of the form name=value&name=value")
        })?;
        let mut parameters = Self { rest: BTreeMap::new(), faults: Vec::new() };
        for (name, value) in pairs {
            if parameters.rest.insert(name.clone(), value).is_some() {
                parameters.fault(&name, "comes more than once");
            }
        }
        Ok(parameters)
    }

    /// The value of a parameter that may be left out; `None` also when it is wrong.
    pub(super) fn optional<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let text = self.rest.remove(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(name, format!("{error}"));
                None
            }
        }
    }

    /// The value of a parameter that must be there; `None` when it is missing or wrong.
    pub(super) fn required<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        if !self.rest.contains_key(name) {
            self.fault(name, "is missing");
        }
        self.optional(name)
    }

    pub(super) fn fault(&mut self, name: &str, detail: impl Into<String>) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(FieldError::at(member("", name), detail));
        }
    }

    /// All that was wrong. Parameters that nobody asked for are.
    pub(super) fn finish(mut self) -> Result<(), Vec<FieldError>> {
        for name in std::mem::take(&mut self.rest).into_keys() {
            self.fault(&name, "is no parameter of this request");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }
}
