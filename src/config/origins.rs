//! Whose pages may ask from a browser, beside our own.

use std::fmt;

use axum::http::{HeaderValue, Uri};

use super::{ConfigError, Settings};

const NAME: &str = "CORS_ORIGINS";
const ORIGINS_MAX: usize = 100;

/// The origins that are allowed, as browsers write them; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<HeaderValue>);

impl Origins {
    /// Each of them; browsers send exactly this.
    pub fn list(&self) -> &[HeaderValue] {
        &self.0
    }
}

impl fmt::Display for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.0.iter().filter_map(|origin| origin.to_str().ok()).collect();
        f.write_str(&texts.join(","))
    }
}

impl Settings<'_> {
    /// Each has to be named: `*` would let any page that an operator looks at ask a server that asks for no key.
    pub(super) fn origins(&self) -> Result<Origins, ConfigError> {
        let text = self.text(NAME)?.unwrap_or_default();
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let origins = entries.map(origin).collect::<Result<Vec<_>, _>>()?;
        if origins.len() > ORIGINS_MAX {
            return Err(ConfigError::new(NAME, format!("expected at most {ORIGINS_MAX} origins")));
        }
        Ok(Origins(origins))
    }
}

/// `https://host` or `https://host:port`, in lower case and with nothing after it: any other would never match.
fn origin(text: &str) -> Result<HeaderValue, ConfigError> {
    let uri: Option<Uri> = text.parse().ok();
    let written = uri.as_ref().and_then(|uri| {
        let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        Some(format!("{scheme}://{}", authority.as_str().to_ascii_lowercase()))
    });
    let is_one = written.as_deref() == Some(text);
    let value = HeaderValue::from_str(text).ok().filter(|_| is_one);
    value.ok_or_else(|| {
        let expected = "expected origins such as https://motors.example with commas between";
        ConfigError::new(NAME, format!("{expected}, not {text:?}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(text: &str) -> Result<Origins, ConfigError> {
        Settings { get: &|name| (name == NAME).then(|| text.to_owned()) }.origins()
    }

    #[test]
    fn nobody_is_allowed_unless_named() {
        assert_eq!(origins("").unwrap(), Origins::default());
        let two = origins("https://motors.example, http://127.0.0.1:8080").unwrap();
        assert_eq!(two.to_string(), "https://motors.example,http://127.0.0.1:8080");
    }

    #[test]
    fn what_no_browser_would_send_is_refused() {
        for text in [
            "*",
            "null",
            "motors.example",
            "https://",
            "https://motors.example/",
            "https://Motors.example",
            "https://a@motors.example",
            "ftp://motors.example",
        ] {
            let message = origins(text).unwrap_err().to_string();
            assert!(message.starts_with("CORS_ORIGINS: "), "{message}");
        }
    }
}
