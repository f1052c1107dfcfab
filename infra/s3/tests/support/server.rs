//! A server that speaks S3 over a folder, on loopback: it checks signatures and answers as the protocol has it.

use std::net::SocketAddr;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use infra_s3::{AccessKey, S3Blobs, S3Settings};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;

const BUCKET: &str = "pictures";
const KEY_ID: &str = "atalaya";
const SECRET: &str = "watchtower";

/// A bucket of its own.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a test may write");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("the folder is new");
        let files = FileSystem::new(folder.path()).expect("the folder is there");
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    // A client that goes away is none of a server's business.
                    let _ = builder.serve_connection(TokioIo::new(connection), service).await;
                });
            }
        });
        Self { address, folder }
    }

    pub(crate) fn settings(&self) -> S3Settings {
        let access_key = AccessKey { id: KEY_ID.to_owned(), secret: SECRET.to_owned() };
        S3Settings {
            prefix: "plant-2/".to_owned(),
            endpoint: Some(format!("http://{}", self.address)),
            access_key: Some(access_key),
            retries_max: 0,
            ..S3Settings::of(BUCKET)
        }
    }

    pub(crate) fn blobs(&self) -> S3Blobs {
        S3Blobs::new(&self.settings()).expect("the settings can be used")
    }
}
