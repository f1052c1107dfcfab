//! The read side as a whole over memory adapters, asked without a network.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use bytes::Bytes;
use domain::picture::Presets;
use ports::blobs::{BlobKey, Blobs};
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogQuery};
use ports::memory::{MemoryBlobs, MemoryDeadLetters, MemoryLog, MemoryReadModels, MemoryReadings};
use ports::subscription::progress_at;
use projections::generation::prepare;
use projections::http::{Queries, router};
use projections::live::{ReadSettings, ReadSide};
use serde_json::Value;
use tokio::sync::watch;
use tower::ServiceExt;

use crate::make::{Story, append, timed_log_of};

pub(crate) struct Site {
    pub(crate) router: Router,
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) models: Arc<MemoryReadModels>,
    pub(crate) dead_letters: Arc<MemoryDeadLetters>,
    pub(crate) readings: Arc<MemoryReadings>,
    pub(crate) blobs: Arc<MemoryBlobs>,
    pub(crate) drain: watch::Sender<bool>,
}

/// An answer, read to its end.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Site {
    /// Everything that the story tells is folded.
    pub(crate) async fn of(story: &Story) -> Self {
        Self::with_ui(story, None).await
    }

    /// The same, with the dashboard's files from a directory.
    pub(crate) async fn with_ui(story: &Story, ui_dir: Option<PathBuf>) -> Self {
        let (drain, draining) = watch::channel(false);
        let (log, models) = (timed_log_of(story).await, Arc::<MemoryReadModels>::default());
        let dead_letters = Arc::<MemoryDeadLetters>::default();
        let (readings, blobs) = (Arc::<MemoryReadings>::default(), Arc::<MemoryBlobs>::default());
        let settings = ReadSettings::default();
        let router = router(Queries {
            read_side: ReadSide::new(models.clone(), dead_letters.clone(), settings),
            log: log.clone(),
            streams: log.clone(),
            readings: readings.clone(),
            blobs: blobs.clone(),
            presets: Presets::default(),
            drain: draining,
            ui_dir,
        });
        let site = Self { router, log, models, dead_letters, readings, blobs, drain };
        for kind in projections::all() {
            prepare(&*kind, &*site.models).await.expect("memory does not fail");
        }
        site.fold().await;
        site
    }

    /// Every projection comes to the head of the log.
    pub(crate) async fn fold(&self) {
        for kind in projections::all() {
            let handler = kind.projector(1, self.models.clone());
            let query = LogQuery { events_max: 10_000, ..LogQuery::default() };
            let page = self.log.read(&query).await.expect("memory");
            handler.handle(&page.events, &progress_at(page.through)).await.expect("sound");
        }
    }

    pub(crate) async fn happens(&self, event: &RecordedEvent) {
        append(&self.log, event).await;
    }

    pub(crate) async fn keeps(&self, key: BlobKey, bytes: &'static [u8]) {
        self.blobs.put(&key, Bytes::from_static(bytes)).await.expect("memory");
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.get_with(path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answered {
        self.asked(Method::GET, path, headers).await
    }

    pub(crate) async fn asked(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answered {
        let (parts, body) = self.opened(method, path, headers).await.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("it ends");
        Answered { status: parts.status, headers: parts.headers, body }
    }

    /// The answer with its body still to come.
    pub(crate) async fn opened(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> axum::response::Response {
        let request = Request::builder().method(method).uri(path);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::empty()).expect("a request");
        self.router.clone().oneshot(request).await.expect("infallible")
    }
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// Its status and the last part of its problem type.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        let kind = problem["type"].as_str().expect("a type");
        let code = kind.strip_prefix("urn:atalaya:problem:").expect("ours");
        (self.status.as_u16(), code.to_owned())
    }
}
