//! All settings, read once and checked before anything starts.

mod bucket;
mod secret;
mod services;
mod webhooks;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use domain::picture::{Presets, PresetsError};
use infra_telemetry::{Identity, LogFormat};

use crate::roles::Role;

pub use bucket::Bucket;
pub use secret::Secret;
pub use services::{Profile, Services};
pub use webhooks::Webhooks;

/// What the command line says; it goes before the environment.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--roles`
    pub roles: Option<Vec<Role>>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--listen`
    pub listen: Option<SocketAddr>,
}

/// The effective settings of this process.
#[derive(Clone, Debug)]
pub struct Config {
    /// What stands behind the roles.
    pub profile: Profile,
    /// What this process is.
    pub roles: Vec<Role>,
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// Everything the embedded profile keeps.
    pub data_dir: PathBuf,
    /// Pictures as they came in.
    pub storage_input_path: PathBuf,
    /// Pictures that were made of them.
    pub storage_output_path: PathBuf,
    /// Asked for in `X-API-Key` when set.
    pub api_key: Option<Secret>,
    /// How many pictures are worked on at once.
    pub concurrency: usize,
    /// How often a failed attempt on a picture is followed by another one.
    pub max_retries: u32,
    /// What is made of every picture.
    pub image_presets: Presets,
    /// How long a finished image task is kept with its pictures; 0: for ever.
    pub image_retention_hours: u32,
    /// Who is told how image tasks ended.
    pub webhooks: Webhooks,
    /// Tells workers apart.
    pub worker_id: String,
    /// What this build calls itself.
    pub app_version: String,
    /// Serve the dashboard from this folder instead of from the binary.
    pub ui_dir: Option<PathBuf>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged.
    pub log_filter: String,
    /// After this long, what has not finished draining is abandoned.
    pub drain_s_max: u64,
}

/// A setting cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct ConfigError {
    name: String,
    reason: String,
}

impl ConfigError {
    fn new(name: &str, reason: impl Into<String>) -> Self {
        Self { name: name.to_owned(), reason: reason.into() }
    }
}

const PORT: u16 = 3000;

impl Config {
    /// Reads the settings by name through `get`, so that tests need no environment. `NAME_FILE` names a file that
    /// holds the value of `NAME`.
    ///
    /// # Errors
    /// The first setting that cannot be used, by name.
    pub fn read(
        get: &dyn Fn(&str) -> Option<String>,
        overrides: Overrides,
    ) -> Result<Self, ConfigError> {
        let settings = Settings { get };
        let data_dir = overrides.data_dir.or(settings.path("ATALAYA_DATA_DIR")?);
        let data_dir = data_dir.unwrap_or_else(|| PathBuf::from("data"));
        let pictures = data_dir.join("storage").join("images");
        Ok(Self {
            profile: settings.profile()?,
            roles: match overrides.roles {
                Some(roles) => roles,
                None => settings.roles()?,
            },
            listen: match overrides.listen {
                Some(listen) => listen,
                None => settings.listen()?,
            },
            storage_input_path: settings
                .path("STORAGE_INPUT_PATH")?
                .unwrap_or_else(|| pictures.join("input")),
            storage_output_path: settings
                .path("STORAGE_OUTPUT_PATH")?
                .unwrap_or_else(|| pictures.join("output")),
            data_dir,
            api_key: settings.text("API_KEY")?.map(Secret::new),
            concurrency: settings.number("CONCURRENCY", 5, 1..=256)?,
            max_retries: settings.number("MAX_RETRIES", 3, 0..=100)?,
            image_presets: settings.presets()?,
            image_retention_hours: settings.number("IMAGE_RETENTION_HOURS", 0, 0..=876_000)?,
            webhooks: settings.webhooks()?,
            worker_id: settings.text("WORKER_ID")?.unwrap_or_else(|| "worker-1".to_owned()),
            app_version: settings
                .text("APP_VERSION")?
                .unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned()),
            ui_dir: settings.path("UI_DIR")?,
            log_format: settings.log_format()?,
            log_filter: settings.text("RUST_LOG")?.unwrap_or_else(|| "info".to_owned()),
            drain_s_max: settings.number("DRAIN_S_MAX", 20, 1..=3600)?,
        })
    }

    /// What this process calls itself towards others. Replicas may have been given the same `WORKER_ID`, so `unique`
    /// tells them apart.
    pub fn identity(&self, unique: &str) -> Identity {
        let roles: Vec<_> = self.roles.iter().map(|role| role.name()).collect();
        let is_embedded = matches!(self.profile, Profile::Embedded);
        Identity {
            version: self.app_version.clone(),
            instance: format!("{}/{unique}", self.worker_id),
            roles: roles.join(","),
            db_system: if is_embedded { "sqlite" } else { "postgresql" },
            messaging_system: if is_embedded { "atalaya" } else { "kafka" },
            ..Identity::default()
        }
    }

    /// The effective settings, a line each, secrets hidden.
    pub fn describe(&self) -> String {
        let roles: Vec<_> = self.roles.iter().map(|role| role.name()).collect();
        let mut lines = self.profile.describe();
        lines.extend([
            ("ROLES", roles.join(",")),
            ("LISTEN", self.listen.to_string()),
            ("ATALAYA_DATA_DIR", self.data_dir.display().to_string()),
            ("STORAGE_INPUT_PATH", self.storage_input_path.display().to_string()),
            ("STORAGE_OUTPUT_PATH", self.storage_output_path.display().to_string()),
            ("API_KEY", self.api_key.as_ref().map_or_else(String::new, |_| "(hidden)".to_owned())),
            ("CONCURRENCY", self.concurrency.to_string()),
            ("MAX_RETRIES", self.max_retries.to_string()),
            ("IMAGE_PRESETS", self.image_presets.to_string()),
            ("IMAGE_RETENTION_HOURS", self.image_retention_hours.to_string()),
            ("WORKER_ID", self.worker_id.clone()),
            ("APP_VERSION", self.app_version.clone()),
            (
                "UI_DIR",
                self.ui_dir.as_ref().map_or_else(String::new, |dir| dir.display().to_string()),
            ),
            ("LOG_FORMAT", format!("{:?}", self.log_format).to_lowercase()),
            ("RUST_LOG", self.log_filter.clone()),
            ("DRAIN_S_MAX", self.drain_s_max.to_string()),
        ]);
        lines.extend(self.webhooks.describe());
        lines.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    }
}

/// The settings by name.
struct Settings<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
}

impl Settings<'_> {
    /// An empty value counts as none: that is how compose files leave things out.
    fn text(&self, name: &str) -> Result<Option<String>, ConfigError> {
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

    fn path(&self, name: &str) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.text(name)?.map(PathBuf::from))
    }

    fn number<N>(
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

    fn roles(&self) -> Result<Vec<Role>, ConfigError> {
        let Some(text) = self.text("ROLES")? else { return Ok(Role::ALL.to_vec()) };
        let parse = |name: &str| name.trim().parse();
        text.split(',')
            .map(parse)
            .collect::<Result<_, _>>()
            .map_err(|error: crate::roles::NoRole| ConfigError::new("ROLES", error.to_string()))
    }

    fn listen(&self) -> Result<SocketAddr, ConfigError> {
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

    fn presets(&self) -> Result<Presets, ConfigError> {
        let Some(text) = self.text("IMAGE_PRESETS")? else { return Ok(Presets::default()) };
        text.parse()
            .map_err(|error: PresetsError| ConfigError::new("IMAGE_PRESETS", error.to_string()))
    }

    fn log_format(&self) -> Result<LogFormat, ConfigError> {
        match self.text("LOG_FORMAT")?.as_deref() {
            None | Some("text") => Ok(LogFormat::Text),
            Some("json") => Ok(LogFormat::Json),
            Some(other) => {
                Err(ConfigError::new("LOG_FORMAT", format!("expected text or json, not {other:?}")))
            }
        }
    }
}

#[cfg(test)]
mod tests;
