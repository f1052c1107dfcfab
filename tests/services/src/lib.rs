//! Where tests find the real services, and what happens where one is missing.
//!
//! The addresses are the program's own settings (`POSTGRES_HOST` …) and default to what `compose/native/services up`
//! starts. A service that does not answer skips the test with a printed line; with `REQUIRE_SERVICES=1` it fails it.

pub mod gate;

use std::env;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long a service may take to accept a connection before it counts as missing.
const CONNECT_MS_MAX: u64 = 2_000;

/// Where PostgreSQL is, as a URL to its maintenance database.
pub fn postgres() -> Option<String> {
    let host = setting("POSTGRES_HOST", "127.0.0.1");
    let port = setting("POSTGRES_PORT", "15432");
    let user = setting("POSTGRES_USER", "atalaya");
    let password = setting("POSTGRES_PASSWORD", "atalaya");
    let database = setting("POSTGRES_DB", "atalaya");
    answering("PostgreSQL", &format!("{host}:{port}"))
        .then(|| format!("postgres://{user}:{password}@{host}:{port}/{database}"))
}

/// Where Kafka is, as a list of brokers.
pub fn kafka() -> Option<String> {
    let brokers = setting("KAFKA_HOST", "127.0.0.1:19092");
    answering("Kafka", brokers.split(',').next().unwrap_or_default()).then_some(brokers)
}

/// Where the schema registry is, as the root of its Confluent API.
pub fn schema_registry() -> Option<String> {
    let url = setting("SCHEMA_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7");
    answering("the schema registry", authority(&url)).then_some(url)
}

/// Where the document store is, as a MongoDB URI.
pub fn mongodb() -> Option<String> {
    let uri = setting("MONGODB_URI", "mongodb://127.0.0.1:27117");
    answering("MongoDB", authority(&uri)).then_some(uri)
}

/// Where Redis is, as a URL.
pub fn redis() -> Option<String> {
    let host = setting("REDIS_HOST", "127.0.0.1");
    let port = setting("REDIS_PORT", "16379");
    answering("Redis", &format!("{host}:{port}")).then(|| format!("redis://{host}:{port}"))
}

/// A name that no other test has, of lower-case letters, digits and `_`: for databases, topics, collections, keys.
pub fn fresh_name(what: &str) -> String {
    format!("{what}_{}", uuid::Uuid::now_v7().simple())
}

/// Whether a test without its services is a failure.
pub fn required() -> bool {
    env::var("REQUIRE_SERVICES").is_ok_and(|value| value == "1")
}

fn setting(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// `scheme://host:port/path` → `host:port`
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
    rest.split(['/', ',']).next().unwrap_or_default()
}

fn answering(service: &str, address: &str) -> bool {
    let connects = |address: &str| {
        let mut addresses = address.to_socket_addrs().ok()?;
        let bound = Duration::from_millis(CONNECT_MS_MAX);
        addresses.find_map(|address| TcpStream::connect_timeout(&address, bound).ok())
    };
    let there = connects(address).is_some();
    assert!(there || !required(), "{service} does not answer at {address}");
    if !there {
        skipped(&format!("{service} does not answer at {address}"));
    }
    there
}

#[expect(clippy::print_stderr, reason = "a skipped test has to be seen")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}; start it with compose/native/services up");
}
