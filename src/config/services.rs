//! Where the services of the production profile are.

use super::{Bucket, ConfigError, Secret, Settings};

/// What stands behind the roles.
#[derive(Clone, Debug)]
pub enum Profile {
    /// One process over one folder.
    Embedded,
    /// A process per role over servers.
    Production(Box<Services>),
}

/// The servers of the production profile.
#[derive(Clone, Debug)]
pub struct Services {
    /// Keeps installations apart that share servers: part of the names of topics, collections and keys.
    pub installation: Option<String>,
    /// As a URL with its password.
    pub postgres_url: Secret,
    /// Host and port of each broker, with commas between.
    pub kafka_brokers: String,
    /// Where samples come in.
    pub kafka_topic: String,
    /// How many partitions topics get that are made by `atalaya migrate`.
    pub topic_partitions: u16,
    /// How many brokers have each of them.
    pub topic_replication: u16,
    /// The root of the registry's Confluent API.
    pub schema_registry_url: String,
    /// As a URI with its password.
    pub mongodb_uri: Secret,
    /// As a URL with its password; without it, reads go to the documents themselves.
    pub redis_url: Option<Secret>,
    /// Where pictures are kept; without it, in folders that all processes have to see.
    pub bucket: Option<Bucket>,
}

/// With it, the longest name of a topic or collection stays within its bounds.
const INSTALLATION_CHARACTERS_MAX: usize = 60;
const POSTGRES_PORT: u16 = 5432;
const KAFKA_PORT: u16 = 9092;
const REDIS_PORT: u16 = 6379;

impl Settings<'_> {
    /// A setting for PostgreSQL asks for the production profile, unless `PROFILE` says otherwise.
    pub(super) fn profile(&self) -> Result<Profile, ConfigError> {
        let named = self.text("PROFILE")?;
        let asked = self.text("POSTGRES_HOST")?.or(self.text("POSTGRES_URL")?).is_some();
        match named.as_deref() {
            Some("embedded") => self.embedded(),
            None if !asked => self.embedded(),
            None | Some("production") => Ok(Profile::Production(Box::new(self.services()?))),
            Some(other) => Err(ConfigError::new(
                "PROFILE",
                format!("expected embedded or production, not {other:?}"),
            )),
        }
    }

    fn embedded(&self) -> Result<Profile, ConfigError> {
        self.require_no_bucket()?;
        Ok(Profile::Embedded)
    }

    fn services(&self) -> Result<Services, ConfigError> {
        Ok(Services {
            installation: self.installation()?,
            postgres_url: self.postgres_url()?,
            kafka_brokers: brokers(&self.required("KAFKA_HOST")?),
            kafka_topic: self.text("KAFKA_TOPIC")?.unwrap_or_else(|| "vibration-topic".to_owned()),
            topic_partitions: self.number("TOPIC_PARTITIONS", 12, 1..=1_000)?,
            topic_replication: self.number("TOPIC_REPLICATION", 3, 1..=10)?,
            schema_registry_url: self.required("SCHEMA_REGISTRY_URL")?,
            mongodb_uri: Secret::new(self.required("MONGODB_URI")?),
            redis_url: self.redis_url()?,
            bucket: self.bucket()?,
        })
    }

    fn installation(&self) -> Result<Option<String>, ConfigError> {
        let Some(name) = self.text("INSTALLATION")? else { return Ok(None) };
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.len() > INSTALLATION_CHARACTERS_MAX || !name.chars().all(fits) {
            let expected = "expected at most 60 lower-case letters, digits and `_`";
            return Err(ConfigError::new("INSTALLATION", format!("{expected}, not {name:?}")));
        }
        Ok(Some(name))
    }

    fn postgres_url(&self) -> Result<Secret, ConfigError> {
        if let Some(url) = self.text("POSTGRES_URL")? {
            return Ok(Secret::new(url));
        }
        let host = self.required("POSTGRES_HOST")?;
        let port = self.number("POSTGRES_PORT", POSTGRES_PORT, 1..=u16::MAX)?;
        let database = self.text("POSTGRES_DB")?.unwrap_or_else(|| "atalaya".to_owned());
        let user = self.text("POSTGRES_USER")?.unwrap_or_else(|| "atalaya".to_owned());
        let user = encoded(&user);
        let password = self.text("POSTGRES_PASSWORD")?.map(|password| encoded(&password));
        let password = password.map_or_else(String::new, |password| format!(":{password}"));
        Ok(Secret::new(format!("postgres://{user}{password}@{host}:{port}/{}", encoded(&database))))
    }

    fn redis_url(&self) -> Result<Option<Secret>, ConfigError> {
        if let Some(url) = self.text("REDIS_URL")? {
            return Ok(Some(Secret::new(url)));
        }
        let Some(host) = self.text("REDIS_HOST")? else { return Ok(None) };
        let port = self.number("REDIS_PORT", REDIS_PORT, 1..=u16::MAX)?;
        let password = self.text("REDIS_PASSWORD")?.map(|password| encoded(&password));
        let password = password.map_or_else(String::new, |password| format!(":{password}@"));
        Ok(Some(Secret::new(format!("redis://{password}{host}:{port}"))))
    }

    fn required(&self, name: &str) -> Result<String, ConfigError> {
        let missing = || ConfigError::new(name, "the production profile needs it");
        self.text(name)?.ok_or_else(missing)
    }
}

impl Profile {
    /// As `PROFILE` takes it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Production(_) => "production",
        }
    }

    /// Names and values, secrets hidden.
    pub(super) fn describe(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![("PROFILE", self.name().to_owned())];
        if let Self::Production(services) = self {
            lines.extend([
                ("INSTALLATION", services.installation.clone().unwrap_or_default()),
                ("POSTGRES_URL", without_password(services.postgres_url.reveal())),
                ("KAFKA_HOST", services.kafka_brokers.clone()),
                ("KAFKA_TOPIC", services.kafka_topic.clone()),
                ("TOPIC_PARTITIONS", services.topic_partitions.to_string()),
                ("TOPIC_REPLICATION", services.topic_replication.to_string()),
                ("SCHEMA_REGISTRY_URL", without_password(&services.schema_registry_url)),
                ("MONGODB_URI", without_password(services.mongodb_uri.reveal())),
            ]);
            let redis = services.redis_url.as_ref();
            lines.extend(redis.map(|url| ("REDIS_URL", without_password(url.reveal()))));
            lines.extend(services.bucket.iter().flat_map(Bucket::describe));
        }
        lines
    }
}

/// A broker without a port listens on the usual one.
fn brokers(hosts: &str) -> String {
    let with_port = |host: &str| match host.trim() {
        host if host.contains(':') => host.to_owned(),
        host => format!("{host}:{KAFKA_PORT}"),
    };
    hosts.split(',').map(with_port).collect::<Vec<_>>().join(",")
}

/// As it may stand in a URL's user info or path.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// What lies between the scheme and the `@`, but for the user's name, is not shown.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some((user, host)) = rest.rsplit_once('@') else { return url.to_owned() };
    let user = user.split(':').next().unwrap_or_default();
    format!("{scheme}://{user}:(hidden)@{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(&str, &str); 8] = [
        ("POSTGRES_HOST", "db"),
        ("POSTGRES_USER", "ams"),
        ("POSTGRES_PASSWORD", "p@ss:word/"),
        ("KAFKA_HOST", "kafka, other:19092"),
        ("SCHEMA_REGISTRY_URL", "http://registry:8081"),
        ("MONGODB_URI", "mongodb://root:hush@mongo:27017"),
        ("REDIS_HOST", "cache"),
        ("REDIS_PASSWORD", "hush"),
    ];

    fn profile(settings: &[(&str, &str)]) -> Result<Profile, ConfigError> {
        let get = |name: &str| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings { get: &get }.profile()
    }

    #[test]
    fn a_host_of_postgres_asks_for_the_production_profile() {
        let Ok(Profile::Production(services)) = profile(&ALL) else { panic!("not production") };
        let url = services.postgres_url.reveal();
        assert_eq!(url, "postgres://ams:p%40ss%3Aword%2F@db:5432/atalaya");
        assert_eq!(services.kafka_brokers, "kafka:9092,other:19092");
        assert_eq!(services.kafka_topic, "vibration-topic");
        let redis = services.redis_url.as_ref().map(Secret::reveal);
        assert_eq!(redis, Some("redis://:hush@cache:6379"));
    }

    #[test]
    fn without_it_there_is_no_server() {
        assert!(matches!(profile(&[]), Ok(Profile::Embedded)));
        assert!(matches!(profile(&[("REDIS_HOST", "cache")]), Ok(Profile::Embedded)));
    }

    #[test]
    fn a_bucket_needs_the_production_profile() {
        let bucket = ("STORAGE_S3_BUCKET", "pictures");
        let message = profile(&[bucket]).unwrap_err().to_string();
        assert!(message.starts_with("STORAGE_S3_BUCKET: "), "{message}");
        let all: Vec<_> = ALL.into_iter().chain([bucket]).collect();
        let Ok(Profile::Production(services)) = profile(&all) else { panic!("not production") };
        assert_eq!(services.bucket.unwrap().name, "pictures");
    }

    #[test]
    fn a_service_that_is_missing_is_named() {
        for missing in ["KAFKA_HOST", "SCHEMA_REGISTRY_URL", "MONGODB_URI"] {
            let rest: Vec<_> = ALL.into_iter().filter(|(name, _)| *name != missing).collect();
            let message = profile(&rest).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{missing}: ")), "{message}");
        }
    }

    #[test]
    fn an_installation_is_part_of_a_name() {
        let with = |name: &'static str| {
            profile(&ALL.into_iter().chain([("INSTALLATION", name)]).collect::<Vec<_>>())
        };
        let Ok(Profile::Production(services)) = with("plant_2") else { panic!("it is a name") };
        assert_eq!(services.installation.as_deref(), Some("plant_2"));
        for name in ["Plant", "a-b", "a.b", "a b"] {
            let message = with(name).unwrap_err().to_string();
            assert!(message.starts_with("INSTALLATION: "), "{message}");
        }
    }

    #[test]
    fn no_password_is_described() {
        let described = format!("{:?}", profile(&ALL).unwrap().describe());
        assert!(described.contains("postgres://ams:(hidden)@db:5432/atalaya"), "{described}");
        assert!(!described.contains("hush") && !described.contains("word"), "{described}");
    }
}
