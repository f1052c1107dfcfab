//! `If-Match`: on which version of the aggregate only.

use axum::http::{HeaderMap, header};
use ports::problem::Problem;
use ports::stream::StreamVersion;

use super::only;

/// What must hold of the aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precondition {
    /// `*`
    Exists,
    /// `"3"`
    Version(StreamVersion),
}

pub(super) fn read(headers: &HeaderMap) -> Result<Option<Precondition>, Problem> {
    let malformed = || {
        Problem::malformed(
            r#"If-Match must be one strong entity tag as in our ETag headers, such as "3", or *"#,
        )
    };
    let Some(text) = only(headers, header::IF_MATCH).map_err(|()| malformed())? else {
        return Ok(None);
    };
    if text == "*" {
        return Ok(Some(Precondition::Exists));
    }
    let digits = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    let version = digits.and_then(|digits| digits.parse().ok()).ok_or_else(malformed)?;
    Ok(Some(Precondition::Version(StreamVersion(version))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_precondition_is_a_version_or_a_star() {
        let given =
            |text: &str| read(&HeaderMap::from_iter([(header::IF_MATCH, text.parse().unwrap())]));
        assert_eq!(given("*").unwrap(), Some(Precondition::Exists));
        assert_eq!(given(r#""3""#).unwrap(), Some(Precondition::Version(StreamVersion(3))));
        let bad = [
            "",
            "3",
            r#"W/"3""#,
            r#"""#,
            r#""""#,
            r#""a""#,
            r#""-1""#,
            r#""+1""#,
            r#""3", "4""#,
            r#""99999999999999999999999""#,
        ];
        for text in bad {
            assert!(given(text).is_err(), "{text}");
        }
    }
}
