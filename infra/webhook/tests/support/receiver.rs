//! A receiver on loopback that answers what its path says, and keeps what came in.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;

type Received = Arc<Mutex<Vec<(String, Bytes)>>>;

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    received: Received,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let received = Received::default();
        let app = Router::new()
            .route("/{status}", post(take).get(take).head(take))
            .with_state(Arc::clone(&received));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, received }
    }

    pub(crate) fn url(&self, status: u16) -> String {
        format!("http://{}/{status}", self.address)
    }

    pub(crate) fn received(&self) -> Vec<(String, Bytes)> {
        self.received.lock().expect("nothing panics with it").clone()
    }
}

async fn take(
    State(received): State<Received>,
    Path(status): Path<u16>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let clause = headers.get("x-clause").and_then(|value| value.to_str().ok()).unwrap_or_default();
    received.lock().expect("nothing panics with it").push((clause.to_owned(), body));
    let status = StatusCode::from_u16(status).expect("the path is a status");
    (status, [(LOCATION, "/200")]).into_response()
}
