//! A bucket keeps the contract of blobs.

#[path = "support/server.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod server;

use infra_s3::S3Blobs;
use server::Server;

struct Fresh {
    blobs: S3Blobs,
    _server: Server,
}

async fn fresh() -> Fresh {
    let server = Server::start().await;
    Fresh { blobs: server.blobs(), _server: server }
}

mod blobs {
    ports::contract::blobs!(super::fresh().await, |fresh| &fresh.blobs);
}
