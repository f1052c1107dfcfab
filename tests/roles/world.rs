//! Processes that share one world in memory, and a client of theirs.

use std::collections::BTreeMap;
use std::f64::consts::{SQRT_2, TAU};
use std::sync::Arc;
use std::time::Duration;

use atalaya::adapters::Adapters;
use atalaya::roles::{Role, RoleSettings, start};
use atalaya::supervisor::Supervisor;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use domain::time::Timestamp;
use futures::FutureExt;
use infra_telemetry::Metrics;
use ports::clock::Clock;
use ports::memory::{
    ManualClock, MemoryBlobs, MemoryCallbacks, MemoryCheckpoints, MemoryDeadLetters,
    MemoryLeadership, MemoryLog, MemoryQuotas, MemoryReadModels, MemoryReadings, MemoryRenditions,
    MemorySamples, MemoryWorkQueue,
};
use ports::read_models::{Query, ReadModels};
use ports::readings::Readings;
use ports::stream::GlobalPosition;
use ports::subscription::LogSubscriptions;
use serde_json::Value;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

const SAMPLE_RATE_HZ: f64 = 12_800.0;
const BLOCK_SAMPLES: usize = 32_768;
const BODY_BYTES_MAX: usize = 1 << 22;
const POLL_MS: u64 = 10;
const PATIENCE_S: u64 = 60;

/// What is chosen anew each time a story is told. The clock stands still, so that times are the same.
const CHOSEN_ANEW: [&str; 2] = ["correlationid", "causationid"];
/// 2026-01-02T00:00:00Z
const NOW_MICROS: i64 = 1_767_312_000_000_000;

pub(crate) struct World {
    adapters: Adapters,
    commands: Router,
    queries: Router,
    _processes: Vec<Supervisor>,
}

impl World {
    pub(crate) async fn start(processes: &[&[Role]]) -> Self {
        let adapters = in_memory();
        let (mut commands, mut queries, mut supervisors) = (None, None, Vec::new());
        for roles in processes {
            let mut supervisor = Supervisor::default();
            let metrics = Arc::new(Metrics::new().expect("metrics can be set up"));
            let settings = RoleSettings::default();
            let started = start(roles, &adapters, &settings, &metrics, &mut supervisor);
            if roles.contains(&Role::Ams) {
                commands = Some(started.routes.clone());
            }
            if roles.contains(&Role::Api) {
                queries = Some(started.routes.clone());
            }
            supervisors.push(supervisor);
        }
        Self {
            adapters,
            commands: commands.expect("somebody takes commands"),
            queries: queries.expect("somebody answers queries"),
            _processes: supervisors,
        }
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        self.command(Method::POST, path, "application/json", body.to_string().into()).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Value {
        self.command(Method::PATCH, path, "application/json", body.to_string().into()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Value {
        self.command(Method::DELETE, path, "application/json", Body::empty()).await
    }

    /// A tone at the speed of the shaft.
    pub(crate) async fn post_block(&self, motor: &str, velocity_rms_mm_s: f64) {
        let shaft_hz = 1_480.0 / 60.0;
        let amplitude = velocity_rms_mm_s / 1_000.0 * SQRT_2 * TAU * shaft_hz;
        let sample =
            |n: usize| (amplitude * (TAU * shaft_hz * n as f64 / SAMPLE_RATE_HZ).sin()) as f32;
        let bytes: Vec<u8> = (0..BLOCK_SAMPLES).flat_map(|n| sample(n).to_le_bytes()).collect();
        let path = format!(
            "/v1/motors/{motor}/vibration?sensor=DE&axis=radial_h&unit=m/s2\
             &sample_rate_hz={SAMPLE_RATE_HZ}&started_at=2026-01-01T00:00:00Z&speed_rpm=1480"
        );
        self.command(Method::POST, &path, "application/octet-stream", bytes.into()).await;
    }

    pub(crate) async fn post_picture(&self, motor: &str) -> String {
        let picture = image::RgbImage::from_fn(1_200, 900, |x, y| {
            image::Rgb([(x % 256) as u8, (y % 256) as u8, 128])
        });
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, image::ImageFormat::Jpeg).expect("a small picture encodes");
        let path = format!("/v1/images?motor_id={motor}");
        let answer =
            self.command(Method::POST, &path, "image/jpeg", bytes.into_inner().into()).await;
        answer["task_id"].as_str().expect("the answer names the task").to_owned()
    }

    async fn command(&self, method: Method, path: &str, content: &str, body: Body) -> Value {
        let request = Request::builder().method(method).uri(path).header("content-type", content);
        let (status, body) = call(&self.commands, request.body(body).expect("a request")).await;
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    /// The answer to a query, once it is as wanted.
    pub(crate) async fn wait_for(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let waiting = async {
            loop {
                let request = Request::get(path).body(Body::empty()).expect("a request");
                last = call(&self.queries, request).await.1;
                if wanted(&last) {
                    return last.clone();
                }
                sleep(Duration::from_millis(POLL_MS)).await;
            }
        };
        let waited = timeout(Duration::from_secs(PATIENCE_S), waiting).await;
        waited.unwrap_or_else(|_| panic!("{path} did not come to it: {last:#}"))
    }

    /// Every document of every projection, once all have come to the end of the log.
    pub(crate) async fn documents(&self, task: &str) -> BTreeMap<String, Value> {
        let mut documents = BTreeMap::new();
        for kind in projections::all() {
            let head = self.settled_head().await;
            let collection = kind.collection(1);
            let models = &self.adapters.read_models;
            let caught_up = async {
                while models
                    .progress(&collection)
                    .await
                    .expect("memory answers")
                    .is_none_or(|progress| progress.position < head)
                {
                    sleep(Duration::from_millis(POLL_MS)).await;
                }
            };
            timeout(Duration::from_secs(PATIENCE_S), caught_up).await.expect("it catches up");
            let all = Query { documents_max: 1_000, ..Query::default() };
            for document in models.query(&collection, &all).await.expect("memory answers").documents
            {
                let body = without_chosen(document.body.expect("it was not removed"));
                // The server chose the task's id.
                let text = body.to_string().replace(task, "the-task");
                let key = format!("{}/{}", kind.name(), document.key.replace(task, "the-task"));
                documents.insert(key, serde_json::from_str(&text).expect("it was JSON before"));
            }
        }
        documents
    }

    /// The end of the log, once nothing has been added for a while.
    async fn settled_head(&self) -> GlobalPosition {
        let mut head = self.adapters.log.head().await.expect("memory answers");
        let bound = Duration::from_millis(20 * POLL_MS);
        while timeout(bound, self.adapters.log.wait_beyond(head)).await.is_ok() {
            head = self.adapters.log.head().await.expect("memory answers");
        }
        head
    }
}

async fn call(router: &Router, request: Request<Body>) -> (StatusCode, Value) {
    let response = router.clone().oneshot(request).await.expect("a router always answers");
    let status = response.status();
    let bytes = to_bytes(response.into_body(), BODY_BYTES_MAX).await.expect("the answer is small");
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn without_chosen(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.retain(|name, _| !CHOSEN_ANEW.contains(&name.as_str()));
            fields.values_mut().for_each(|field| *field = without_chosen(field.take()));
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|item| *item = without_chosen(item.take()))
        }
        _ => {}
    }
    value
}

fn in_memory() -> Adapters {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Timestamp::from_micros(NOW_MICROS)));
    let log = Arc::new(MemoryLog::new(Arc::clone(&clock)));
    let samples = Arc::new(MemorySamples::new(Arc::clone(&clock)));
    let models: Arc<dyn ReadModels> = Arc::new(MemoryReadModels::default());
    let readings: Arc<dyn Readings> = Arc::new(MemoryReadings::default());
    let under_any_term = Arc::clone(&readings);
    Adapters {
        store: log.clone(),
        log: log.clone(),
        subscriptions: Arc::new(LogSubscriptions::over(log)),
        checkpoints: Arc::new(MemoryCheckpoints::default()),
        dead_letters: Arc::new(MemoryDeadLetters::default()),
        read_models: models.clone(),
        query_models: models,
        blobs: Arc::new(MemoryBlobs::default()),
        callbacks: Arc::new(MemoryCallbacks::default()),
        samples: samples.clone(),
        sample_source: samples,
        readings,
        readings_under: Arc::new(move |_| Arc::clone(&under_any_term)),
        work_queue: Arc::new(MemoryWorkQueue::default()),
        renditions: Arc::new(MemoryRenditions::default()),
        leadership: Arc::new(MemoryLeadership::default()),
        relay: None,
        topic_audit: None,
        probes: Vec::new(),
        tellers: Vec::new(),
        last_backup: Arc::new(|| async { None }.boxed()),
        quotas: Arc::new(MemoryQuotas::default()),
        clock,
    }
}
