//! How the cluster is reached, and what every client of it has in common.

use rdkafka::ClientConfig;

/// How long a request may wait for its answer.
const REQUEST_TIMEOUT_MS: u64 = 10_000;
/// How long a record may wait to be delivered, retries included; a relay begins its transaction anew then.
const DELIVERY_TIMEOUT_MS: u64 = 30_000;
/// How long a transaction may stay open before the cluster aborts it: what a dead relay may hold up.
const TRANSACTION_TIMEOUT_MS: u64 = 45_000;
/// How long a broker that went away is given before it is tried again, at most.
const RECONNECT_BACKOFF_MS_MAX: u64 = 1_000;
/// The first of these delays.
const RECONNECT_BACKOFF_MS: u64 = 50;
/// How long a record waits for company. More adds latency, and batches fill by themselves under load.
const LINGER_MS: u64 = 0;
/// How long a broker may hold back a fetch that finds nothing.
const FETCH_WAIT_MS_MAX: u64 = 100;

/// The cluster, and how a client proves who it is.
#[derive(Clone, Debug)]
pub struct KafkaSettings {
    /// `host:port,host:port`
    pub brokers: String,
    /// How the connection is protected.
    pub security: Security,
    /// How this process calls itself towards the cluster.
    pub client_id: String,
}

/// How a connection is protected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// Not at all: for networks that are protected otherwise.
    #[default]
    Plaintext,
    /// Encrypted; the cluster proves who it is.
    Tls {
        /// The certificates that are trusted; none: those of the machine.
        ca_file: Option<String>,
    },
    /// Encrypted, and the client proves who it is by a password.
    SaslTls {
        /// `SCRAM-SHA-512`
        mechanism: String,
        /// Who.
        username: String,
        /// Never printed.
        password: Secret,
        /// The certificates that are trusted; none: those of the machine.
        ca_file: Option<String>,
    },
}

/// A text that `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl KafkaSettings {
    /// An unprotected cluster.
    pub fn plaintext(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            security: Security::Plaintext,
            client_id: "atalaya".to_owned(),
        }
    }

    /// What every client has in common.
    pub fn client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", &self.client_id)
            .set("socket.nagle.disable", "true")
            .set("reconnect.backoff.ms", RECONNECT_BACKOFF_MS.to_string())
            .set("reconnect.backoff.max.ms", RECONNECT_BACKOFF_MS_MAX.to_string());
        self.security.apply(&mut config);
        config
    }

    /// A producer whose records are durable once acknowledged, in order, and never twice by its own retries.
    pub fn producer_config(&self) -> ClientConfig {
        let mut config = self.client_config();
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("compression.type", "lz4")
            .set("linger.ms", LINGER_MS.to_string())
            .set("request.timeout.ms", REQUEST_TIMEOUT_MS.to_string())
            .set("delivery.timeout.ms", DELIVERY_TIMEOUT_MS.to_string())
            .set("transaction.timeout.ms", TRANSACTION_TIMEOUT_MS.to_string());
        config
    }

    /// A consumer that sees only what was committed, and keeps its own account of how far it came.
    pub fn consumer_config(&self) -> ClientConfig {
        let mut config = self.client_config();
        config
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false")
            .set("fetch.wait.max.ms", FETCH_WAIT_MS_MAX.to_string());
        config
    }
}

impl Security {
    fn apply(&self, config: &mut ClientConfig) {
        let trusted = match self {
            Self::Plaintext => return,
            Self::Tls { ca_file } => {
                config.set("security.protocol", "ssl");
                ca_file
            }
            Self::SaslTls { mechanism, username, password, ca_file } => {
                config
                    .set("security.protocol", "sasl_ssl")
                    .set("sasl.mechanism", mechanism)
                    .set("sasl.username", username)
                    .set("sasl.password", &password.0);
                ca_file
            }
        };
        if let Some(file) = trusted {
            config.set("ssl.ca.location", file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_reaches_the_client_and_no_log() {
        let security = Security::SaslTls {
            mechanism: "SCRAM-SHA-512".to_owned(),
            username: "relay".to_owned(),
            password: Secret("s3cret".to_owned()),
            ca_file: None,
        };
        let settings = KafkaSettings { security, ..KafkaSettings::plaintext("kafka:9092") };
        let config = settings.producer_config();
        assert_eq!(config.get("sasl.password"), Some("s3cret"));
        assert_eq!(config.get("security.protocol"), Some("sasl_ssl"));
        assert!(!format!("{settings:?}").contains("s3cret"));
    }

    #[test]
    fn a_consumer_neither_sees_what_was_aborted_nor_moves_by_itself() {
        let config = KafkaSettings::plaintext("kafka:9092").consumer_config();
        assert_eq!(config.get("isolation.level"), Some("read_committed"));
        assert_eq!(config.get("enable.auto.commit"), Some("false"));
        assert_eq!(config.get("auto.offset.reset"), Some("error"));
    }
}
