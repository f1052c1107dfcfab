//! A whole process over the embedded stores, asked without a socket.

use std::sync::Arc;
use std::time::Duration;

use atalaya::adapters::{self, Adapters, Foundation};
use atalaya::config::{ApiKeys, Origins, Quota};
use atalaya::config::{Config, Overrides};
use atalaya::http::{Rationing, Surroundings, service};
use atalaya::roles::{Role, RoleSettings, start};
use atalaya::supervisor::Supervisor;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use domain::aggregate::encode;
use domain::motor::{MotorEvent, Nameplate};
use infra_telemetry::Metrics;
use ports::event::Metadata;
use ports::event_store::Append;
use ports::read_models::Write;
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;
use uuid::Uuid;

const BODY_BYTES_MAX: usize = 1 << 22;
const POLL_MS: u64 = 5;
const PATIENCE_S: u64 = 120;

pub(crate) struct Site {
    routes: Router,
    adapters: Adapters,
    motors: u64,
    _supervisor: Supervisor,
    _embedded: Box<dyn Foundation>,
    _folder: tempfile::TempDir,
}

fn id(motor: u64) -> Uuid {
    Uuid::from_u128(u128::from(motor) + 1)
}

impl Site {
    /// A site whose log already holds `motors` × `events_per_motor` events, and which has caught up with them.
    pub(crate) async fn with_history(motors: u64, events_per_motor: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let overrides =
            Overrides { data_dir: Some(folder.path().to_owned()), ..Overrides::default() };
        let config = Config::read(&|_| None, overrides).expect("the defaults are sound");
        let (adapters, embedded) = adapters::open(&config).await.expect("the folder is free");
        write_history(&adapters, motors, events_per_motor).await;
        let mut supervisor = Supervisor::default();
        let metrics = Arc::new(Metrics::new().expect("metrics can be set up"));
        let roles = [Role::Ams, Role::Api, Role::Projections];
        let settings = RoleSettings::default();
        let started = start(&roles, &adapters, &settings, &metrics, &mut supervisor);
        let surroundings = Surroundings {
            api_keys: ApiKeys::default(),
            rationing: Rationing {
                quotas: Arc::clone(&adapters.quotas),
                settings: Quota::default(),
                clock: Arc::clone(&adapters.clock),
            },
            origins: Origins::default(),
            metrics,
            probes: started.probes,
        };
        let site = Self {
            routes: service(started.routes, surroundings),
            adapters,
            motors,
            _supervisor: supervisor,
            _embedded: embedded,
            _folder: folder,
        };
        // The first build takes the place of nothing; readers are let in when it is done.
        site.follow_rebuild("motors", |_| {}).await;
        site.follow_rebuild("fleet", |_| {}).await;
        site.motor_at(0, motors * events_per_motor).await;
        site
    }

    pub(crate) async fn post(&self, path: &str) -> Value {
        self.call(Method::POST, path, Value::Null).await.1
    }

    pub(crate) async fn rename(&self, motor: u64, name: &str) -> u64 {
        let path = format!("/v1/motors/{}", id(motor % self.motors));
        let (status, body) = self.call(Method::PATCH, &path, json!({ "name": name })).await;
        assert!(status.is_success(), "{status} {body}");
        body["position"].as_u64().expect("the answer tells the position")
    }

    /// A reader's check: the document is there, whole, and the list has every motor.
    pub(crate) async fn read_is_sound(&self, turn: u64) -> bool {
        if turn.is_multiple_of(8) {
            let (status, fleet) = self.call(Method::GET, "/v1/fleet", Value::Null).await;
            return status.is_success() && fleet["motors"].as_u64() == Some(self.motors);
        }
        let path = format!("/v1/motors/{}", id(turn % self.motors));
        let (status, motor) = self.call(Method::GET, &path, Value::Null).await;
        status.is_success() && motor["name"].is_string() && motor["version"].as_u64() >= Some(1)
    }

    pub(crate) async fn motor_at(&self, motor: u64, min_position: u64) -> Value {
        let path = format!("/v1/motors/{}?min_position={min_position}", id(motor));
        let waiting = async {
            loop {
                let (status, body) = self.call(Method::GET, &path, Value::Null).await;
                if status.is_success() {
                    return body;
                }
                assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
                sleep(Duration::from_millis(POLL_MS)).await;
            }
        };
        timeout(Duration::from_secs(PATIENCE_S), waiting).await.expect("it catches up")
    }

    /// Readers may see the generation of before for a moment, as long as they remember which one is live.
    pub(crate) async fn wait_until_named(&self, motor: u64, name: &str) {
        let waiting = async {
            while self.motor_at(motor, 0).await["name"] != name {
                sleep(Duration::from_millis(POLL_MS)).await;
            }
        };
        timeout(Duration::from_secs(PATIENCE_S), waiting).await.expect("readers see the new one");
    }

    pub(crate) async fn follow_rebuild(&self, name: &str, mut seen: impl FnMut(&Value)) -> Value {
        let following = async {
            loop {
                let rows = self.call(Method::GET, "/v1/admin/projections", Value::Null).await.1;
                let row = rows
                    .as_array()
                    .into_iter()
                    .flatten()
                    .find(|row| row["name"] == name && row["last_rebuild"].is_object());
                if let Some(rebuild) = row.map(|row| row["last_rebuild"].clone()) {
                    seen(&rebuild);
                    if rebuild["outcome"].is_string() {
                        return rebuild;
                    }
                }
                sleep(Duration::from_millis(POLL_MS)).await;
            }
        };
        timeout(Duration::from_secs(PATIENCE_S), following).await.expect("the rebuild ends")
    }

    pub(crate) async fn generation(&self, name: &str, state: &str) -> Option<u64> {
        let rows = self.call(Method::GET, "/v1/admin/projections", Value::Null).await.1;
        let found = rows
            .as_array()?
            .iter()
            .find(|row| row["name"] == name && row["state"] == state)?
            .clone();
        found["generation"].as_u64()
    }

    /// As if somebody had written to the store past all rules.
    pub(crate) async fn tamper_with_a_document(&self) {
        let kind = projections::all().into_iter().find(|kind| kind.name() == "motors");
        let collection = kind.expect("there is a projection of motors").collection(1);
        let models = &self.adapters.read_models;
        let key = id(0).to_string();
        let found = models.get(&collection, &[key]).await.expect("the store answers").remove(0);
        let mut body = found.body.expect("the motor is there");
        body["name"] = json!("tampered");
        let position = GlobalPosition(found.position.0 + 1_000_000);
        let write = Write { key: found.key, position, body: Some(body) };
        models.commit(&collection, &[write], None).await.expect("the store answers");
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let body = if body.is_null() { Body::empty() } else { body.to_string().into() };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(body)
            .expect("a request");
        let response = self.routes.clone().oneshot(request).await.expect("a router answers");
        let status = response.status();
        let bytes = to_bytes(response.into_body(), BODY_BYTES_MAX).await.expect("it is small");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

async fn write_history(adapters: &Adapters, motors: u64, events_per_motor: u64) {
    let nameplate = |name: String| -> Nameplate {
        let plate = json!({ "name": name, "rated_power_kw": 90.0, "rated_speed_rpm": 1480.0 });
        serde_json::from_value(plate).expect("it is a nameplate")
    };
    for motor in 0..motors {
        let first = MotorEvent::Registered(nameplate(format!("motor {motor}")));
        let revised = (1..events_per_motor)
            .map(|n| MotorEvent::Revised(nameplate(format!("motor {motor}, revision {n}"))));
        let append = Append {
            stream: StreamName::new("motor", id(motor)),
            expected: StreamVersion(0),
            events: std::iter::once(first).chain(revised).map(|event| encode(&event)).collect(),
            metadata: Metadata::default(),
            key: None,
        };
        adapters.store.append(append).await.expect("the store answers");
    }
}
