//! `Idempotency-Key`: the name under which a client repeats a request.

use axum::http::HeaderMap;
use ports::problem::Problem;

use super::only;

/// The longest key.
const KEY_CHARACTERS_MAX: usize = 255;

pub(super) fn read(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let malformed = || {
        Problem::malformed(format!(
            r#"Idempotency-Key must be 1 to {KEY_CHARACTERS_MAX} characters, such as "8e03978e-40d5""#
        ))
    };
    let Some(text) = only(headers, "idempotency-key").map_err(|()| malformed())? else {
        return Ok(None);
    };
    let key = if text.starts_with('"') { quoted(text) } else { bare(text) };
    let key = key.filter(|key| (1..=KEY_CHARACTERS_MAX).contains(&key.len()));
    key.map(Some).ok_or_else(malformed)
}

/// A string of RFC 9651: in quotes, printable ASCII, with `\"` and `\\`.
fn quoted(text: &str) -> Option<String> {
    let mut characters = text.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut content = String::new();
    while let Some(character) = characters.next() {
        content.push(match character {
            '\\' => characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?,
            '"' => return None,
            ' '..='~' => character,
            _ => return None,
        });
    }
    Some(content)
}

/// A token of RFC 9651, or a UUID: those may begin with a digit, and many clients send them without quotes.
fn bare(text: &str) -> Option<String> {
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/=".contains(&byte);
    text.bytes().all(in_token).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let pairs = values
            .iter()
            .map(|value| (axum::http::HeaderName::from_static(name), value.parse().unwrap()));
        pairs.collect()
    }

    fn read_key(text: &str) -> Option<String> {
        read(&headers("idempotency-key", &[text])).ok().flatten()
    }

    #[test]
    fn a_key_is_the_same_with_quotes_and_without() {
        for text in ["8e03978e-40d5", r#""8e03978e-40d5""#, "  8e03978e-40d5 "] {
            assert_eq!(read_key(text).as_deref(), Some("8e03978e-40d5"), "{text}");
        }
        assert_eq!(read_key(r#""a \"b\" \\ c""#).as_deref(), Some(r#"a "b" \ c"#));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "k".repeat(256);
        let bad =
            ["", r#""""#, "a b", "a,b", r#""a"#, r#"a""#, r#""a";b=1"#, r#""a\n""#, r#""a"b""#];
        for text in bad.into_iter().chain([long.as_str()]) {
            assert!(read(&headers("idempotency-key", &[text])).is_err(), "{text}");
        }
        assert!(read_key(&long[1..]).is_some());
        assert!(read(&headers("idempotency-key", &["a", "b"])).is_err());
        assert_eq!(read(&HeaderMap::new()).unwrap(), None);
    }
}
