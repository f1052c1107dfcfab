//! Who is told how image tasks ended, and who may be called for it.

use infra_webhook::CallbackSettings;
use processors::webhook::{SigningKey, WebhookSettings};

use super::{ConfigError, Settings};

/// The settings of callbacks.
#[derive(Clone, Debug, Default)]
pub struct Webhooks {
    /// What is told, to whom, and how often it is tried.
    pub messages: WebhookSettings,
    /// Who may be called.
    pub calls: CallbackSettings,
    /// As it was set, for people to read.
    allow: String,
}

const ATTEMPTS_MAX: u32 = 15;
const RETRY_S: u32 = 5;
const RETRY_S_MAX: u32 = 21_600;
const CALL_S_MAX: u32 = 15;

impl Settings<'_> {
    pub(super) fn webhooks(&self) -> Result<Webhooks, ConfigError> {
        let allow = self.text("WEBHOOK_ALLOW")?.unwrap_or_default();
        let wrong = |error: infra_webhook::AllowedError| {
            ConfigError::new("WEBHOOK_ALLOW", error.to_string())
        };
        let call_s_max = self.number("WEBHOOK_TIMEOUT_S", CALL_S_MAX, 1..=300)?;
        let calls = CallbackSettings {
            allowed: allow.parse().map_err(wrong)?,
            call_s_max: call_s_max.into(),
        };
        let mut messages = WebhookSettings {
            keys: self.signing_keys()?,
            url: self.text("WEBHOOK_URL")?,
            attempts_max: self.number("WEBHOOK_ATTEMPTS_MAX", ATTEMPTS_MAX, 1..=1_000)?,
            ..WebhookSettings::default()
        };
        messages.retry.first_s = self.number("WEBHOOK_RETRY_S", RETRY_S, 1..=RETRY_S_MAX)?.into();
        if messages.url.is_some() && messages.keys.is_empty() {
            return Err(ConfigError::new("WEBHOOK_SECRETS", "WEBHOOK_URL needs it"));
        }
        Ok(Webhooks { messages, calls, allow })
    }

    /// The newest key first. What is wrong with one is told without the key.
    fn signing_keys(&self) -> Result<Vec<SigningKey>, ConfigError> {
        let Some(text) = self.text("WEBHOOK_SECRETS")? else { return Ok(Vec::new()) };
        let keys = text.split(',').map(|key| key.trim().parse());
        keys.collect::<Result<_, processors::webhook::KeyError>>()
            .map_err(|error| ConfigError::new("WEBHOOK_SECRETS", error.to_string()))
    }
}

impl Webhooks {
    /// Names and values, secrets hidden.
    pub(super) fn describe(&self) -> Vec<(&'static str, String)> {
        let Self { messages, calls, allow } = self;
        let hidden = if messages.keys.is_empty() { "" } else { "(hidden)" };
        // An address may hold a secret of the receiver's.
        let url = if messages.url.is_some() { "(hidden)" } else { "" };
        vec![
            ("WEBHOOK_SECRETS", hidden.to_owned()),
            ("WEBHOOK_URL", url.to_owned()),
            ("WEBHOOK_ALLOW", allow.clone()),
            ("WEBHOOK_ATTEMPTS_MAX", messages.attempts_max.to_string()),
            ("WEBHOOK_RETRY_S", messages.retry.first_s.to_string()),
            ("WEBHOOK_TIMEOUT_S", calls.call_s_max.to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn webhooks(settings: &[(&str, &str)]) -> Result<Webhooks, ConfigError> {
        let get = |name: &str| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings { get: &get }.webhooks()
    }

    #[test]
    fn several_keys_are_read_and_never_described() {
        let keys = format!("{KEY}, {KEY}");
        let url = ("WEBHOOK_URL", "https://hooks.example/hush");
        let webhooks = webhooks(&[("WEBHOOK_SECRETS", &keys), url]).unwrap();
        assert_eq!(webhooks.messages.keys.len(), 2);
        let described = format!("{:?} {:?}", webhooks.describe(), webhooks.messages.keys);
        assert!(!described.contains("MfKQ") && !described.contains("hush"), "{described}");
    }

    #[test]
    fn a_wrong_setting_is_named_and_a_secret_not_repeated() {
        for (name, value) in [
            ("WEBHOOK_SECRETS", "hush"),
            ("WEBHOOK_ALLOW", "http://hooks.intranet"),
            ("WEBHOOK_ATTEMPTS_MAX", "0"),
            ("WEBHOOK_RETRY_S", "soon"),
            ("WEBHOOK_TIMEOUT_S", "0"),
        ] {
            let message = webhooks(&[(name, value)]).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{name}: ")), "{message}");
            assert!(!message.contains("hush"), "{message}");
        }
    }

    #[test]
    fn an_address_without_a_key_is_a_mistake() {
        let message =
            webhooks(&[("WEBHOOK_URL", "https://hooks.example/")]).unwrap_err().to_string();
        assert!(message.starts_with("WEBHOOK_SECRETS: "), "{message}");
    }
}
