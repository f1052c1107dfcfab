//! What lies around every route: headers for browsers, and bounds on a request's head.

#[path = "common/common.rs"]
mod common;

use common::client::{Answer, Request};
use common::server::{Server, ServerOptions};
use reqwest::Method;

const HEADER_BYTES_TOO_MANY: usize = 128 * 1024;
const HEADERS_TOO_MANY: usize = 200;

async fn server(settings: &[(&'static str, &str)]) -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut options = ServerOptions::new(folder.path());
    for (name, value) in settings {
        options = options.with(name, *value);
    }
    let server = Server::start(&options).await;
    (folder, server)
}

#[tokio::test]
async fn no_answer_lets_a_browser_do_what_nobody_meant() {
    let (_folder, server) = server(&[("API_KEY", "hush")]).await;
    let client = server.client();
    for path in
        ["/", "/ui/app.js", "/docs/", "/livez", "/metrics", "/openapi.json", "/v1/motors", "/x"]
    {
        let answer = client.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path} came over plain HTTP");
        assert_eq!(answer.header("server"), "", "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn browsers_are_bound_to_tls_where_a_trusted_proxy_says_that_there_is_tls() {
    let by_tls = Request::get("/livez").header("x-forwarded-proto", "https");
    for (proxies, expected) in
        [("127.0.0.0/8", "max-age=31536000; includeSubDomains"), ("10.0.0.0/8", "")]
    {
        let (_folder, server) = server(&[("TRUSTED_PROXIES", proxies)]).await;
        let answer = server.client().send(&by_tls).await.success();
        assert_eq!(answer.header("strict-transport-security"), expected, "trusting {proxies}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_and_others_are_served() {
    let (_folder, server) = server(&[]).await;
    let client = server.client();
    let large = Request::get("/livez").header("x-much", "m".repeat(HEADER_BYTES_TOO_MANY));
    // The server may close before it has read all; then there is no answer to be had.
    let refused = client.try_send(&large).await;
    assert!(refused.as_ref().map_or(true, |answer| answer.status == 431), "{refused:?}");
    let mut many = client.request(Method::GET, "/livez");
    for n in 0..HEADERS_TOO_MANY {
        many = many.header(format!("x-{n}"), "1");
    }
    assert_eq!(Answer::of(many).await.unwrap().status, 431);
    client.get("/livez").await.success();
    server.stop().await;
}
