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

fn preflight(path: &str, origin: &str) -> Request {
    Request::new(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-api-key,idempotency-key,content-type")
}

#[tokio::test]
async fn only_pages_of_origins_that_are_named_may_ask_from_a_browser() {
    let named = "https://motors.example";
    let (_folder, server) = server(&[("API_KEY", "hush"), ("CORS_ORIGINS", named)]).await;
    let client = server.client();
    for (origin, allowed) in [(named, named), ("https://elsewhere.example", "")] {
        let answer = client.send(&preflight("/v1/motors", origin)).await.success();
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
        assert!(answer.header("vary").contains("origin"), "{}", answer.header("vary"));
        assert_eq!(answer.header("access-control-allow-credentials"), "", "{origin}");
        // Also a refusal is readable for those who may ask.
        let refused = client.send(&Request::get("/v1/motors").header("origin", origin)).await;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.header("access-control-allow-origin"), allowed, "{origin}");
    }
    let answer = client.send(&preflight("/v1/motors", named)).await;
    for (header, wanted) in [
        ("access-control-allow-methods", "PATCH"),
        ("access-control-allow-headers", "x-api-key"),
        ("access-control-allow-headers", "idempotency-key"),
    ] {
        assert!(answer.header(header).contains(wanted), "{header}: {}", answer.header(header));
    }
    server.stop().await;
}

#[tokio::test]
async fn without_a_list_no_other_page_may_ask_from_a_browser() {
    let (_folder, server) = server(&[]).await;
    let client = server.client();
    let asked = client.send(&preflight("/v1/motors", "https://motors.example")).await;
    let read = Request::get("/v1/events").header("origin", "https://motors.example");
    let read = client.send(&read).await.success();
    for answer in [asked, read] {
        assert_eq!(answer.header("access-control-allow-origin"), "", "{}", answer.status);
    }
    server.stop().await;
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
