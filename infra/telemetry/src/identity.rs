//! Who tells: what metrics and traces say of the process that they come from.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;

/// A process as collectors know it.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `service.name`: the same for all processes of an installation.
    pub service: String,
    /// `service.version`
    pub version: String,
    /// `service.instance.id`: no two processes have the same.
    pub instance: String,
    /// What the process is: the names of its roles, with commas.
    pub roles: String,
    /// `db.system.name` of the event store and the read models, by its conventional name: `postgresql`.
    pub db_system: &'static str,
    /// `messaging.system`, from which handlers get their events: `kafka`.
    pub messaging_system: &'static str,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            service: "atalaya".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            instance: "worker-1".to_owned(),
            roles: "all".to_owned(),
            db_system: "sqlite",
            messaging_system: "atalaya",
        }
    }
}

impl Identity {
    /// The same, under the name that the environment gives the service, if it gives one.
    #[must_use]
    pub fn named_by(mut self, get: &dyn Fn(&str) -> Option<String>) -> Self {
        if let Some(service) = get("OTEL_SERVICE_NAME").filter(|name| !name.is_empty()) {
            self.service = service;
        }
        self
    }

    pub(crate) fn resource(&self) -> Resource {
        Resource::builder()
            .with_service_name(self.service.clone())
            .with_attributes([
                KeyValue::new("service.version", self.version.clone()),
                KeyValue::new("service.instance.id", self.instance.clone()),
                KeyValue::new("atalaya.roles", self.roles.clone()),
            ])
            .build()
    }
}
