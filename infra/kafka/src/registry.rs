//! The schema registry: which schema has which number, and that no version leaves a reader behind.

mod ids;
mod own;
mod wire;

pub use ids::SchemaIds;
pub use own::OwnSchemas;
pub use wire::{frame, unframe};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use schema_registry_converter::async_impl::schema_registry::{
    SrSettings, get_schema_by_id, post_schema,
};
use schema_registry_converter::error::SRCError;
use schema_registry_converter::schema_registry_common::{SchemaType, SuppliedSchema};
use serde::Deserialize;
use serde_json::json;

use crate::schema::{Codec, EventSchemas, SchemaError, subject};
use crate::settings::Secret;

/// Every version of a schema can read every other one, in both directions.
pub const COMPATIBILITY: &str = "FULL_TRANSITIVE";
/// How long the registry may take to answer.
const ANSWER_MS_MAX: u64 = 10_000;
/// How many schemas of other writers are remembered; beyond that all are asked for anew.
const CODECS_MAX: usize = 1_024;
const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// Where the registry is, and who asks.
#[derive(Clone, Debug)]
pub struct RegistrySettings {
    /// The root of its Confluent API.
    pub url: String,
    /// User and password, where it asks for them.
    pub login: Option<(String, Secret)>,
}

/// The registry does not do what is asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A schema would leave readers of another version behind (409).
    #[error("the registry refuses the schema of {subject}: {reason}")]
    Incompatible {
        /// Of what.
        subject: String,
        /// In the registry's words.
        reason: String,
    },
    /// It does not answer, or with a failure; asking again may help.
    #[error("the schema registry does not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It has no such schema, or none that can be read.
    #[error("the schema {id} cannot be had from the registry: {reason}")]
    NoSchema {
        /// Its number.
        id: u32,
        /// Why not.
        reason: String,
    },
    /// What it has is no Avro schema.
    #[error("the schema {id} of the registry cannot be used")]
    NoAvro {
        /// Its number.
        id: u32,
        /// Why not.
        source: SchemaError,
    },
}

/// A client of the registry. Remembers what it was told: a number means the same schema for ever.
pub struct Registry {
    settings: RegistrySettings,
    client: Client,
    converter: SrSettings,
    codecs: Mutex<HashMap<u32, Arc<Codec>>>,
}

#[derive(Deserialize)]
struct Configured {
    #[serde(rename = "compatibilityLevel")]
    compatibility: String,
}

impl Registry {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// The address or the TLS setup of the machine is no good.
    pub fn new(settings: RegistrySettings) -> Result<Self, RegistryError> {
        let timeout = Duration::from_millis(ANSWER_MS_MAX);
        let client = Client::builder().timeout(timeout).build().map_err(unavailable)?;
        let mut converter = SrSettings::new_builder(settings.url.clone());
        converter.set_timeout(timeout);
        if let Some((user, password)) = &settings.login {
            converter.set_basic_authorization(user, Some(&password.0));
        }
        let converter = converter.build().map_err(unavailable)?;
        Ok(Self { settings, client, converter, codecs: Mutex::default() })
    }

    /// Makes every schema known under the topic of its category, oldest versions first.
    ///
    /// # Errors
    /// The registry does not answer, or refuses one: then nothing may be written by it.
    pub async fn register(
        &self,
        schemas: &EventSchemas,
        topic_of: impl Fn(&str) -> String,
    ) -> Result<SchemaIds, RegistryError> {
        let mut ids = SchemaIds::default();
        for schema in schemas.all() {
            let subject = subject(&topic_of(&schema.category), &schema.record_name());
            let id = self.register_one(&subject, &schema.text).await?;
            self.remember(id, Arc::new(schema.codec.clone()));
            ids.insert(Arc::clone(schema), id);
        }
        Ok(ids)
    }

    /// Makes one schema known, and gives its number.
    ///
    /// # Errors
    /// Those of [`Registry::register`].
    pub async fn register_one(&self, subject: &str, schema: &str) -> Result<u32, RegistryError> {
        // Before the first version, so that there is no moment at which anything may follow it.
        self.demand_compatibility(subject).await?;
        let schema = SuppliedSchema::new(None, SchemaType::Avro, schema.to_owned());
        let registered = post_schema(&self.converter, subject.to_owned(), schema).await;
        let id = registered.map_err(|error| refused(subject, error))?.id;
        // Some registries forget what was said about a subject that did not exist yet.
        if self.compatibility(subject).await? != COMPATIBILITY {
            self.demand_compatibility(subject).await?;
        }
        Ok(id)
    }

    /// What the registry demands of new versions.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn compatibility(&self, subject: &str) -> Result<String, RegistryError> {
        let request = self.request(Method::GET, subject).send().await;
        let answer = request.and_then(reqwest::Response::error_for_status).map_err(unavailable)?;
        Ok(answer.json::<Configured>().await.map_err(unavailable)?.compatibility)
    }

    /// The schema of this number.
    ///
    /// # Errors
    /// The registry does not answer or has no such schema.
    pub async fn codec(&self, id: u32) -> Result<Arc<Codec>, RegistryError> {
        if let Some(known) = self.known(id) {
            return Ok(known);
        }
        let found =
            get_schema_by_id(id, &self.converter).await.map_err(|error| missing(id, error))?;
        let codec = Codec::parse(&found.schema);
        let codec = Arc::new(codec.map_err(|source| RegistryError::NoAvro { id, source })?);
        self.remember(id, Arc::clone(&codec));
        Ok(codec)
    }

    async fn demand_compatibility(&self, subject: &str) -> Result<(), RegistryError> {
        let request = self.request(Method::PUT, subject).header("content-type", CONTENT_TYPE);
        let body = json!({ "compatibility": COMPATIBILITY }).to_string();
        let answer = request.body(body).send().await;
        answer.and_then(reqwest::Response::error_for_status).map_err(unavailable)?;
        Ok(())
    }

    fn request(&self, method: Method, subject: &str) -> RequestBuilder {
        let url = format!("{}/config/{subject}", self.settings.url);
        let request = self.client.request(method, url);
        match &self.settings.login {
            Some((user, password)) => request.basic_auth(user, Some(&password.0)),
            None => request,
        }
    }

    fn known(&self, id: u32) -> Option<Arc<Codec>> {
        self.codecs.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    fn remember(&self, id: u32, codec: Arc<Codec>) {
        let mut codecs = self.codecs.lock().unwrap_or_else(PoisonError::into_inner);
        if codecs.len() >= CODECS_MAX {
            codecs.clear();
        }
        codecs.insert(id, codec);
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> RegistryError {
    RegistryError::Unavailable(Box::new(error))
}

/// The library tells the status in words only.
fn refused(subject: &str, error: SRCError) -> RegistryError {
    if error.to_string().contains("409") || cause(&error).contains("ncompatible") {
        return RegistryError::Incompatible { subject: subject.to_owned(), reason: cause(&error) };
    }
    unavailable(error)
}

fn missing(id: u32, error: SRCError) -> RegistryError {
    if error.to_string().contains("404") {
        return RegistryError::NoSchema { id, reason: cause(&error) };
    }
    unavailable(error)
}

fn cause(error: &SRCError) -> String {
    error.cause.clone().unwrap_or_else(|| error.error.clone())
}
