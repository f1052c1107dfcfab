//! Query parameters, checked: what is not known is told, never ignored.

use std::str::FromStr;

use axum::extract::Query;
use axum::http::Uri;
use domain::invalid::FieldError;
use ports::problem::Problem;
use ports::stream::GlobalPosition;
use uuid::Uuid;

use super::problem::Failure;

/// Of every route.
const MIN_POSITION: &str = "min_position";

/// The parameters of one request.
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Those of `uri`, which must be among `known`, each at most once.
    pub(super) fn of(uri: &Uri, known: &[&str]) -> Result<Self, Failure> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|error| Problem::malformed(error.body_text()))?;
        let mut faults = Vec::new();
        for (i, (name, _)) in pairs.iter().enumerate() {
            if name != MIN_POSITION && !known.contains(&name.as_str()) {
                let others = known.join(", ");
                faults.push(at(
                    name,
                    format!("is not known here; known are {MIN_POSITION}, {others}"),
                ));
            } else if pairs[..i].iter().any(|(earlier, _)| earlier == name) {
                faults.push(at(name, "is given more than once"));
            }
        }
        if faults.is_empty() { Ok(Self(pairs)) } else { Err(refused(faults)) }
    }

    /// What was given; nothing is nothing.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    fn given(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Nothing is no number, and no time.
    pub(super) fn parsed<T: FromStr>(
        &self,
        name: &str,
        expected: &str,
    ) -> Result<Option<T>, Failure> {
        let parse = |text: &str| text.parse().map_err(|_| refused_one(name, expected));
        self.given(name).map(parse).transpose()
    }

    pub(super) fn limit(&self, default: usize, max: usize) -> Result<usize, Failure> {
        let expected = format!("must be a whole number from 1 to {max}");
        let limit = self.parsed("limit", &expected)?.unwrap_or(default);
        if (1..=max).contains(&limit) { Ok(limit) } else { Err(refused_one("limit", &expected)) }
    }

    pub(super) fn min_position(&self) -> Result<Option<GlobalPosition>, Failure> {
        Ok(self.parsed(MIN_POSITION, "must be a position, a whole number")?.map(GlobalPosition))
    }
}

/// The id in a path. What is none is the id of nothing.
pub(super) fn id(text: &str) -> Result<Uuid, Failure> {
    text.parse().map_err(|_| Failure::not_found(format!("there is nothing under the id {text:?}")))
}

pub(super) fn refused_one(name: &str, expected: &str) -> Failure {
    refused(vec![at(name, expected)])
}

fn at(name: &str, detail: impl Into<String>) -> FieldError {
    FieldError::at(format!("/{}", name.replace('~', "~0").replace('/', "~1")), detail)
}

fn refused(faults: Vec<FieldError>) -> Failure {
    let described: Vec<String> = faults
        .iter()
        .map(|fault| format!("{} {}", fault.pointer.trim_start_matches('/'), fault.detail))
        .collect();
    let title = "A query parameter cannot be accepted";
    Problem::new(400, "bad_parameter", title, described.join("; ")).with_errors(faults).into()
}
