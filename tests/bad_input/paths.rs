//! Ways out of the folders that are ours, byte for byte as they are written: no client has tidied them up.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::world::World;
use crate::common::server::files_below;

const ANSWER_S_MAX: u64 = 20;

/// Sends a request line of raw bytes; gives status and answer.
fn raw(address: &str, method: &str, path: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(ANSWER_S_MAX))).expect("it can be set");
    let head =
        format!(" HTTP/1.1\r\nhost: {address}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let request = [method.as_bytes(), b" ", path, head.as_bytes()].concat();
    stream.write_all(&request).expect("it can be sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it is answered in time");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no answer to {path:?}: {answer:?}")), answer)
}

#[tokio::test]
async fn no_path_leads_out_of_the_folders_of_pictures() {
    let mut world = World::new().await;
    let before = files_below(world.folder.path()).len();
    for id in [
        "../../../../../../etc/passwd",
        "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "..%5c..%5cetc%5cpasswd",
        "....//....//etc/passwd",
        "%00",
        "018f3c5e-0000-7000-8000-000000000000%2f..%2f..%2flog.db",
        "018f3c5e000070008000000000000000",
        "urn:uuid:018f3c5e-0000-7000-8000-000000000000",
    ] {
        for path in [
            format!("/v1/images/{id}"),
            format!("/v1/images/{id}/original"),
            format!("/v1/images/{id}/1024x1024.jpg"),
            format!("/v1/motors/{id}"),
            format!("/v1/motors/{id}/trend.svg"),
        ] {
            let (status, answer) = raw(world.server.address(), "GET", path.as_bytes());
            assert!(matches!(status, 400 | 404), "{path}: {answer}");
            assert!(answer.contains("application/problem+json"), "{path}: {answer}");
            assert!(!answer.contains("root:"), "{path} leads out: {answer}");
        }
    }
    let after = files_below(world.folder.path()).len();
    assert_eq!(after, before, "no file was made");
    world.assert_unharmed().await;
}

#[tokio::test]
async fn no_name_of_a_file_leads_to_another_one() {
    let mut world = World::new().await;
    let images = world.client.json("/v1/images").await;
    let task = images["items"][0]["task_id"].as_str().expect("there is a picture").to_owned();
    for name in [
        "../../../log.db",
        "..%2f..%2f..%2flog.db",
        "%2e%2e%2foriginal",
        "original.jpg",
        "1024x1024.jpg%00",
        "1024x1024.jpg/..",
        ".tmp-0",
    ] {
        let path = format!("/v1/images/{task}/{name}");
        let (status, answer) = raw(world.server.address(), "GET", path.as_bytes());
        assert!(matches!(status, 400 | 404), "{path}: {answer}");
        assert!(!answer.contains("SQLite format"), "{path} leads out: {answer}");
    }
    world.assert_unharmed().await;
}

#[tokio::test]
async fn bytes_that_are_no_path_are_refused_and_others_are_served_on() {
    let mut world = World::new().await;
    for path in [&b"/v1/motors/\xff\xfe"[..], b"/v1/motors/%ff%fe", b"/v1/motors/%zz", b"no-slash"]
    {
        let (status, answer) = raw(world.server.address(), "GET", path);
        assert!(matches!(status, 400 | 404), "{path:?}: {answer}");
    }
    for method in ["DELETE", "PATCH", "POST"] {
        let (status, answer) = raw(world.server.address(), method, b"/v1/motors/..%2f..%2fx");
        assert!(matches!(status, 404 | 405), "{method}: {answer}");
    }
    let long = [b"/v1/motors/".to_vec(), vec![b'a'; 100_000]].concat();
    let (status, answer) = raw(world.server.address(), "GET", &long);
    assert!(matches!(status, 404 | 414 | 431), "{answer}");
    world.assert_unharmed().await;
}
