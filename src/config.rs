//! All settings, read once and checked before anything starts.

mod bucket;
mod keys;
mod origins;
mod pictures;
mod quota;
mod secret;
mod services;
mod settings;
mod webhooks;

use std::net::SocketAddr;
use std::path::PathBuf;

use infra_telemetry::{Identity, LogFormat};

use crate::roles::Role;
use settings::Settings;

pub use bucket::Bucket;
pub use keys::{Access, ApiKeys, Holder};
pub use origins::Origins;
pub use pictures::Pictures;
pub use quota::{Proxies, Quota};
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
    /// One of them is asked for in `X-API-Key`, where there are any.
    pub api_keys: ApiKeys,
    /// Serve others than this machine without asking for a key.
    pub is_open: bool,
    /// How often one client may ask.
    pub quota: Quota,
    /// Whose pages may ask from a browser.
    pub origins: Origins,
    /// How many pictures are worked on at once.
    pub concurrency: usize,
    /// How often a failed attempt on a picture is followed by another one.
    pub max_retries: u32,
    /// What is made of pictures, and what a picture may ask of us.
    pub pictures: Pictures,
    /// How long samples are kept once they were judged.
    pub samples_retention_hours: u32,
    /// How much of them the embedded profile keeps, in GiB.
    pub samples_retention_gib_max: u32,
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
        let images = data_dir.join("storage").join("images");
        let listen = match overrides.listen {
            Some(listen) => listen,
            None => settings.listen()?,
        };
        Ok(Self {
            profile: settings.profile()?,
            roles: match overrides.roles {
                Some(roles) => roles,
                None => settings.roles()?,
            },
            listen,
            storage_input_path: settings
                .path("STORAGE_INPUT_PATH")?
                .unwrap_or_else(|| images.join("input")),
            storage_output_path: settings
                .path("STORAGE_OUTPUT_PATH")?
                .unwrap_or_else(|| images.join("output")),
            data_dir,
            api_keys: settings.api_keys()?,
            is_open: settings.flag("ALLOW_NO_API_KEY")?,
            quota: settings.quota(listen.ip().is_loopback())?,
            origins: settings.origins()?,
            concurrency: settings.number("CONCURRENCY", 5, 1..=256)?,
            max_retries: settings.number("MAX_RETRIES", 3, 0..=100)?,
            pictures: settings.pictures()?,
            samples_retention_hours: settings.number("SAMPLES_RETENTION_HOURS", 168, 1..=87_600)?,
            samples_retention_gib_max: settings.number(
                "SAMPLES_RETENTION_GIB_MAX",
                1,
                1..=65_536,
            )?,
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

    /// Refuses to let others than this machine do everything, unless that was asked for.
    ///
    /// # Errors
    /// There is no key, and the address can be reached from elsewhere.
    pub fn require_key_beyond_loopback(&self) -> Result<(), ConfigError> {
        if self.listen.ip().is_loopback() || self.is_open || !self.api_keys.is_empty() {
            return Ok(());
        }
        let reason = format!(
            "needed to listen on {}, which others can reach; or say ALLOW_NO_API_KEY=true",
            self.listen
        );
        Err(ConfigError::new("API_KEY", reason))
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
            ("API_KEYS", self.api_keys.describe()),
            ("ALLOW_NO_API_KEY", self.is_open.to_string()),
            ("CORS_ORIGINS", self.origins.to_string()),
            ("CONCURRENCY", self.concurrency.to_string()),
            ("MAX_RETRIES", self.max_retries.to_string()),
            ("SAMPLES_RETENTION_HOURS", self.samples_retention_hours.to_string()),
            ("SAMPLES_RETENTION_GIB_MAX", self.samples_retention_gib_max.to_string()),
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
        lines.extend(self.pictures.describe());
        lines.extend(self.quota.describe());
        lines.extend(self.webhooks.describe());
        lines.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    }
}

/// The key with which a terminal asks a server: that of `API_KEY`, or of the file that `API_KEY_FILE` names.
///
/// # Errors
/// The file cannot be read.
pub fn own_key(get: &dyn Fn(&str) -> Option<String>) -> Result<Option<Secret>, ConfigError> {
    Ok(Settings { get }.text("API_KEY")?.map(Secret::new))
}

#[cfg(test)]
mod tests;
