//! What is particular to a bucket: the layout, who may ask, and what happens when nobody answers.

#[path = "support/server.rs"]
mod server;

use bytes::Bytes;
use infra_s3::{AccessKey, S3Blobs, S3Settings};
use ports::blobs::{BlobKey, Blobs, VariantName};
use server::Server;
use uuid::Uuid;

const TASK: Uuid = Uuid::from_u128(0x018f_3c5e_0000_7000_8000_0000_0000_0007);
const ORIGINAL: BlobKey = BlobKey::Original { task_id: TASK };

fn variant(name: &str) -> BlobKey {
    BlobKey::Variant { task_id: TASK, name: VariantName::new(name).expect("it is plain") }
}

#[tokio::test]
async fn outside_programs_find_the_objects_under_their_names() {
    let server = Server::start().await;
    let blobs = server.blobs();
    blobs.put(&ORIGINAL, Bytes::from_static(b"png")).await.unwrap();
    blobs.put(&variant("800x800.jpg"), Bytes::from_static(b"jpg")).await.unwrap();
    let bucket = server.folder.path().join("pictures/plant-2");
    let read = |path: &str| std::fs::read(bucket.join(path)).unwrap();
    assert_eq!(read(&format!("input/{TASK}/original.jpg")), b"png");
    assert_eq!(read(&format!("output/{TASK}/800x800.jpg")), b"jpg");
}

#[tokio::test]
async fn a_wrong_secret_is_an_error_and_not_an_absence() {
    let server = Server::start().await;
    let access_key = AccessKey { id: "atalaya".to_owned(), secret: "guessed".to_owned() };
    let settings = S3Settings { access_key: Some(access_key), ..server.settings() };
    let blobs = S3Blobs::new(&settings).unwrap();
    assert!(blobs.get(&ORIGINAL).await.is_err());
    let error = blobs.put(&ORIGINAL, Bytes::from_static(b"x")).await.unwrap_err();
    assert!(error.to_string().contains("original.jpg"), "{error}");
    assert!(blobs.delete(&ORIGINAL).await.is_err());
}

#[tokio::test]
async fn a_store_that_is_away_is_an_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let endpoint = Some(format!("http://{}", listener.local_addr().expect("it is bound")));
    drop(listener);
    let server = Server::start().await;
    let blobs = S3Blobs::new(&S3Settings { endpoint, ..server.settings() }).unwrap();
    assert!(blobs.get(&ORIGINAL).await.is_err());
    assert!(blobs.put(&ORIGINAL, Bytes::from_static(b"x")).await.is_err());
}

#[test]
fn no_secret_is_printed() {
    let access_key = AccessKey { id: "atalaya".to_owned(), secret: "hush".to_owned() };
    let settings = S3Settings { access_key: Some(access_key), ..S3Settings::of("pictures") };
    let blobs = S3Blobs::new(&settings).unwrap();
    let printed = format!("{settings:?} {blobs:?}");
    assert!(!printed.contains("hush"), "{printed}");
}
