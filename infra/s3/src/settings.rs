//! Which bucket, who asks for it, and how long it may take to answer.

use std::fmt;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

/// How a bucket is reached. Its `Debug` form hides the key.
#[derive(Clone)]
pub struct S3Settings {
    /// The bucket, which must be there.
    pub bucket: String,
    /// In front of every object's name: empty, or ending with `/`.
    pub prefix: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The address of a store that is not Amazon's; the bucket is the first part of its paths. An address of `http` is
    /// taken as a wish to go without encryption.
    pub endpoint: Option<String>,
    /// Who asks; `None`: whatever the machine itself may do.
    pub access_key: Option<AccessKey>,
    /// How long one request may take, with everything that it carries, in seconds. 60.
    pub request_s_max: u64,
    /// How often a request is made again that failed for a reason that may pass. 3.
    pub retries_max: usize,
}

/// Who asks, and the secret that shows it.
#[derive(Clone)]
pub struct AccessKey {
    /// Its name.
    pub id: String,
    /// The secret.
    pub secret: String,
}

/// A setting cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the settings of the bucket cannot be used")]
pub struct SettingsError(#[from] object_store::Error);

const REQUEST_S_MAX: u64 = 60;
const CONNECT_S_MAX: u64 = 5;
const RETRIES_MAX: usize = 3;
/// All requests for one blob together may take so long.
const RETRY_S_MAX: u64 = 120;

impl S3Settings {
    /// The bucket of that name, as the machine may use it.
    pub fn of(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            prefix: String::new(),
            region: "us-east-1".to_owned(),
            endpoint: None,
            access_key: None,
            request_s_max: REQUEST_S_MAX,
            retries_max: RETRIES_MAX,
        }
    }

    pub(crate) fn bucket(&self) -> Result<AmazonS3, SettingsError> {
        let options = ClientOptions::new()
            .with_timeout(Duration::from_secs(self.request_s_max))
            .with_connect_timeout(Duration::from_secs(CONNECT_S_MAX))
            .with_allow_http(self.endpoint.as_deref().is_some_and(|it| it.starts_with("http://")));
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: self.retries_max,
            retry_timeout: Duration::from_secs(RETRY_S_MAX),
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_client_options(options)
            .with_retry(retry);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(AccessKey { id, secret }) = &self.access_key {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret);
        }
        Ok(builder.build()?)
    }
}

impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bucket, prefix, region, endpoint, request_s_max, retries_max, .. } = self;
        f.debug_struct("S3Settings")
            .field("bucket", bucket)
            .field("prefix", prefix)
            .field("region", region)
            .field("endpoint", endpoint)
            .field("access_key", &self.access_key.as_ref().map(|key| key.id.as_str()))
            .field("request_s_max", request_s_max)
            .field("retries_max", retries_max)
            .finish()
    }
}
