//! Takes connections, so many at a time, and lets nobody take for ever over a request's head.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;
use tower::Service;
use tracing::{debug, warn};

/// The rest wait in the queue of the system.
const CONNECTIONS_MAX: u32 = 8_192;
/// From one request to the end of the next one's head. Proxies let go of idle connections after 90 s, and should be
/// the first to do so.
const HEAD_S_MAX: u64 = 120;
const HEADERS_MAX: usize = 100;
/// The whole head has to fit; bodies pass through in pieces of this size.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// After a connection could not be taken: the system may be short of files.
const RETRY_MS: u64 = 100;

/// Answers until it is time to stop; requests in hand are finished.
pub(super) async fn answer(listener: TcpListener, app: Router, stop: watch::Receiver<bool>) {
    let mut door = Door::new(app, stop);
    door.open(&listener).await;
    drop(listener);
    // Whoever has room is still answering. The semaphore is never closed.
    let _ = door.room.acquire_many(CONNECTIONS_MAX).await;
}

struct Door {
    app: IntoMakeServiceWithConnectInfo<Router, SocketAddr>,
    builder: Builder,
    room: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

impl Door {
    fn new(app: Router, stop: watch::Receiver<bool>) -> Self {
        let mut builder = Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(HEAD_S_MAX))
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_BYTES_MAX);
        Self {
            app: app.into_make_service_with_connect_info::<SocketAddr>(),
            builder,
            room: Arc::new(Semaphore::new(CONNECTIONS_MAX as usize)),
            stop,
        }
    }

    async fn open(&mut self, listener: &TcpListener) {
        let mut stop = self.stop.clone();
        let stopped = stopped(&mut stop);
        tokio::pin!(stopped);
        loop {
            let taken = async {
                // The semaphore is never closed.
                let room = Arc::clone(&self.room).acquire_owned().await.ok();
                (listener.accept().await, room)
            };
            let (accepted, room) = tokio::select! {
                taken = taken => taken,
                () = &mut stopped => return,
            };
            match accepted {
                Ok((stream, address)) => self.serve(stream, address, room).await,
                Err(error) => {
                    warn!(%error, "a connection could not be taken");
                    sleep(Duration::from_millis(RETRY_MS)).await;
                }
            }
        }
    }

    async fn serve(
        &mut self,
        stream: TcpStream,
        address: SocketAddr,
        room: Option<OwnedSemaphorePermit>,
    ) {
        // What is written is a whole answer, or an event that is waited for.
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "a connection may hold back small answers");
        }
        let service = self.app.call(address).await;
        let service = service.unwrap_or_else(|never: Infallible| match never {});
        let service = TowerToHyperService::new(service);
        let connection = self.builder.serve_connection(TokioIo::new(stream), service);
        let mut stop = self.stop.clone();
        tokio::spawn(async move {
            tokio::pin!(connection);
            let ended = tokio::select! {
                ended = &mut connection => ended,
                () = stopped(&mut stop) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                debug!(%error, "a connection broke");
            }
            drop(room);
        });
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the process is ending already.
    let _ = stop.wait_for(|stop| *stop).await;
}
