//! Settings, read one by one by name.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use infra_telemetry::LogFormat;

use super::ConfigError;
use crate::roles::Role;

const PORT: u16 = 3000;

/// The settings by name.
pub(super) struct Settings<'a> {
    pub(super) get: &'a dyn Fn(&str) -> Option<String>,
}

impl Settings<'_> {
    /// An empty value counts as none: that is how compose files leave things out.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, ConfigError> {
        if let Some(value) = (self.get)(name).filter(|value| !value.is_empty()) {
            return Ok(Some(value));
        }
        let Some(path) = (self.get)(&format!("{name}_FILE")).filter(|path| !path.is_empty()) else {
            return Ok(None);
        };
        let value = std::fs::read_to_string(&path).map_err(|error| {
            ConfigError::new(&format!("{name}_FILE"), format!("reading {path} failed: {error}"))
        })?;
        Ok(Some(value.trim_end().to_owned()).filter(|value| !value.is_empty()))
    }

    pub(super) fn path(&self, name: &str) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.text(name)?.map(PathBuf::from))
    }

    pub(super) fn number<N>(
        &self,
        name: &str,
        default: N,
        range: std::ops::RangeInclusive<N>,
    ) -> Result<N, ConfigError>
    where
        N: std::str::FromStr + PartialOrd + std::fmt::Display,
    {
        let Some(text) = self.text(name)? else { return Ok(default) };
        let (min, max) = (range.start(), range.end());
        let wrong = || {
            ConfigError::new(
                name,
                format!("expected a whole number from {min} to {max}, not {text:?}"),
            )
        };
        text.parse().ok().filter(|number| range.contains(number)).ok_or_else(wrong)
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, ConfigError> {
        match self.text(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => {
                Err(ConfigError::new(name, format!("expected true or false, not {other:?}")))
            }
        }
    }

    pub(super) fn roles(&self) -> Result<Vec<Role>, ConfigError> {
        let Some(text) = self.text("ROLES")? else { return Ok(Role::ALL.to_vec()) };
        let parse = |name: &str| name.trim().parse();
        text.split(',')
            .map(parse)
            .collect::<Result<_, _>>()
            .map_err(|error: crate::roles::NoRole| ConfigError::new("ROLES", error.to_string()))
    }

    pub(super) fn listen(&self) -> Result<SocketAddr, ConfigError> {
        let port = self.number("SERVER_PORT", PORT, 0..=u16::MAX)?;
        let Some(text) = self.text("LISTEN")? else {
            return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
        };
        let address = text.parse().or_else(|_| text.parse().map(|ip| SocketAddr::new(ip, port)));
        address.map_err(|_| {
            ConfigError::new(
                "LISTEN",
                format!("expected an address such as 127.0.0.1:3000, not {text:?}"),
            )
        })
    }

    pub(super) fn log_format(&self) -> Result<LogFormat, ConfigError> {
        match self.text("LOG_FORMAT")?.as_deref() {
            None | Some("text") => Ok(LogFormat::Text),
            Some("json") => Ok(LogFormat::Json),
            Some(other) => {
                Err(ConfigError::new("LOG_FORMAT", format!("expected text or json, not {other:?}")))
            }
        }
    }
}
