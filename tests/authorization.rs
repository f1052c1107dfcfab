//! Every route × every role × no key. The routes come from the API's own description, and that has all routes.

#[path = "common/common.rs"]
mod common;
#[path = "authorization/routes.rs"]
mod routes;

use common::client::{Answer, Request};
use common::server::{Server, ServerOptions};
use reqwest::Method;
use routes::Route;
use serde_json::{Value, json};

const READER: &str = "a secret of somebody who looks";
const WRITER: &str = "a secret of somebody who sends";
const ADMIN: &str = "a secret of somebody who operates";
const STRANGER: &str = "a secret of somebody unknown here";
/// Open to all: health, metrics and the description of the API.
const OPEN: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Whoever asks, in the order of what they may do.
const ROLES: [(&str, &str); 3] = [("read", READER), ("write", WRITER), ("admin", ADMIN)];

async fn server() -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keys = format!("wall:read:{READER},gateway:write:{WRITER},ops:admin:{ADMIN}");
    let options = ServerOptions::new(folder.path()).with("API_KEYS", keys);
    let server = Server::start(&options).await;
    (folder, server)
}

/// The least role that may ask this, said here once more in the words of docs/SECURITY.md.
fn least(route: &Route) -> Option<usize> {
    if OPEN.contains(&route.path.as_str()) {
        return None;
    }
    let is_looking = route.method == Method::GET;
    let is_operating = route.path.starts_with("/v1/admin/");
    Some(match (is_operating, is_looking) {
        (true, _) => 2,
        (false, true) => 0,
        (false, false) => 1,
    })
}

async fn ask(server: &Server, route: &Route, secret: Option<&str>) -> Answer {
    let mut request = Request::new(route.method.clone(), route.example());
    request.headers.extend(secret.map(|secret| ("x-api-key", secret.to_owned())));
    server.client().send(&request).await
}

#[tokio::test]
async fn every_route_asks_for_a_key_with_the_role_that_it_takes_and_no_other() {
    let (_folder, server) = server().await;
    let document = server.client().json("/openapi.json").await;
    let routes = routes::described(&document);
    assert!(routes.len() > 30, "{routes:?}");
    for route in &routes {
        let least = least(route);
        let told = least.map_or(json!([]), |least| json!([{ "api_key": [ROLES[least].0] }]));
        assert_eq!(route.operation["security"], told, "{route:?} in the description");
        for secret in [None, Some(STRANGER)] {
            let answer = ask(&server, route, secret).await;
            if least.is_none() {
                assert_ne!(answer.status, 401, "{route:?} is open");
            } else {
                answer.problem(401, "unauthorized");
                assert!(answer.header("www-authenticate").contains("X-API-Key"), "{route:?}");
            }
        }
        for (role, (name, secret)) in ROLES.iter().enumerate() {
            let answer = ask(&server, route, Some(secret)).await;
            if least.is_some_and(|least| role < least) {
                answer.problem(403, "forbidden");
            } else {
                let refused = [401, 403].contains(&answer.status);
                assert!(!refused, "{route:?} by {name}: {}", answer.text());
            }
        }
    }
    server.stop().await;
}

#[test]
fn the_description_has_every_route_that_is_served() {
    let described = routes::described(&atalaya::http::openapi());
    let served = routes::served();
    assert!(served.len() > 20, "{served:?}");
    let known = |path: &String| described.iter().any(|route| routes::shape(&route.path) == *path);
    let forgotten: Vec<_> = served.into_iter().filter(|path| !known(path)).collect();
    assert!(forgotten.is_empty(), "not in the description: {forgotten:?}");
}

#[tokio::test]
async fn who_did_it_is_told_with_the_event_and_no_secret_is_told_anywhere() {
    let (_folder, server) = server().await;
    let motor = json!({ "name": "P-101", "rated_power_kw": 90, "rated_speed_rpm": 1480 });
    let register = Request::post("/v1/motors").json(&motor).header("x-api-key", WRITER);
    server.client().send(&register).await.success();
    let pause = Request::post("/v1/admin/queue/pause").header("x-api-key", ADMIN);
    server.client().send(&pause).await.success();
    let events = Request::get("/v1/events").header("x-api-key", READER);
    let events = server.client().send(&events).await.success().json();
    let actors = events["events"].as_array().expect("a page").iter().map(|event| &event["actor"]);
    assert_eq!(actors.collect::<Vec<_>>(), [&Value::from("gateway")]);
    let log = server.log();
    assert!(log.contains("an operator asked") && log.contains("ops"), "{log}");
    for secret in [READER, WRITER, ADMIN] {
        assert!(!log.contains(secret), "{log}");
    }
    server.stop().await;
}

#[tokio::test]
async fn nobody_else_is_served_without_a_key() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut options = ServerOptions::new(folder.path());
    options.arguments = vec!["--listen", "0.0.0.0:0"];
    let refused = options.bare_command().output().expect("the program can be started");
    assert_eq!(refused.status.code(), Some(64), "{refused:?}");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("API_KEY") && said.contains("ALLOW_NO_API_KEY"), "{said}");
}
