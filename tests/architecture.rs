//! The dependency rule, closed by default: a crate without a line here fails.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Who may depend on whom inside the workspace. Tests (dev-dependencies) are free.
const RULE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("ports", &["domain"]),
    ("commands", &["domain", "ports"]),
    ("projections", &["domain", "ports"]),
    ("processors", &["domain", "ports", "scaled-jpeg"]),
    ("infra-*", &["ports"]),
    ("scaled-jpeg", &[]),
    ("services", &[]),
    ("simulation", &[]),
    ("atalaya", &["*"]),
];

/// All that the rules may use of the world: nothing that does IO.
const DOMAIN_MAY_USE: &[&str] = &[
    "cqrs-es",
    "fearless_simd",
    "jiff",
    "realfft",
    "schemars",
    "serde",
    "serde_json",
    "thiserror",
    "uuid",
];

/// Libraries that do IO or face the outside, and the only crates that may touch them.
const KEEPERS: &[(&str, &[&str])] = &[
    ("apache-avro", &["infra-kafka"]),
    ("axum", &["commands", "projections", "atalaya"]),
    ("clap", &["atalaya"]),
    ("fast_image_resize", &["processors"]),
    ("gif", &["processors"]),
    ("image", &["processors", "atalaya"]),
    ("moxcms", &["processors"]),
    ("mongodb", &["infra-mongo"]),
    ("object_store", &["infra-s3"]),
    ("opentelemetry", &["infra-telemetry"]),
    ("opentelemetry-appender-tracing", &["infra-telemetry"]),
    ("opentelemetry-otlp", &["infra-telemetry"]),
    ("opentelemetry-prometheus", &["infra-telemetry"]),
    ("opentelemetry_sdk", &["infra-telemetry"]),
    ("plotters", &["projections"]),
    ("png", &["processors"]),
    ("postgres-es", &["infra-postgres"]),
    ("prometheus", &["infra-telemetry"]),
    ("rdkafka", &["infra-kafka"]),
    ("redis", &["infra-redis"]),
    ("reqwest", &["atalaya", "infra-kafka", "infra-webhook"]),
    ("rusqlite", &["infra-sqlite"]),
    ("schema_registry_converter", &["infra-kafka"]),
    ("sqlx", &["infra-postgres"]),
    ("turbojpeg", &["processors"]),
    ("webp", &["processors"]),
];

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().exec().expect("cargo can describe its own workspace")
}

fn dependencies(package: &Package) -> impl Iterator<Item = &str> {
    let of_the_product = |kind| matches!(kind, DependencyKind::Normal | DependencyKind::Build);
    package
        .dependencies
        .iter()
        .filter(move |dependency| of_the_product(dependency.kind))
        .map(|dependency| dependency.name.as_str())
}

fn fits(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix))
}

fn allowed(package: &str) -> Option<&'static [&'static str]> {
    RULE.iter().find(|(pattern, _)| fits(pattern, package)).map(|(_, allowed)| *allowed)
}

#[test]
fn crates_depend_only_on_those_that_the_rule_names() {
    let metadata = metadata();
    let ours: BTreeSet<_> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut broken = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        let allowed = allowed(name).unwrap_or_else(|| panic!("{name} has no line in the rule"));
        for dependency in dependencies(package).filter(|dependency| ours.contains(dependency)) {
            if !allowed.iter().any(|pattern| fits(pattern, dependency)) {
                broken.push((name, dependency));
            }
        }
    }
    assert!(broken.is_empty(), "not allowed by the dependency rule: {broken:?}");
}

#[test]
fn the_rules_use_nothing_of_the_world() {
    let metadata = metadata();
    let domain = metadata.packages.iter().find(|package| package.name.as_str() == "domain");
    let domain = domain.expect("there is a package domain");
    let used: Vec<_> = dependencies(domain).filter(|name| !DOMAIN_MAY_USE.contains(name)).collect();
    assert!(used.is_empty(), "domain may not use {used:?}");
}

#[test]
fn only_its_keepers_touch_a_library_that_faces_the_outside() {
    let metadata = metadata();
    let mut broken = Vec::new();
    for package in &metadata.packages {
        for dependency in dependencies(package) {
            let keepers = KEEPERS.iter().find(|(library, _)| *library == dependency);
            if keepers.is_some_and(|(_, keepers)| !keepers.contains(&package.name.as_str())) {
                broken.push((package.name.as_str(), dependency));
            }
        }
    }
    assert!(broken.is_empty(), "not a keeper: {broken:?}");
}

#[test]
fn a_broken_rule_would_be_seen() {
    assert_eq!(allowed("commands"), Some(["domain", "ports"].as_slice()));
    assert!(!allowed("commands").is_some_and(|allowed| allowed.contains(&"infra-sqlite")));
    assert_eq!(allowed("infra-anything"), Some(["ports"].as_slice()));
    assert_eq!(allowed("stranger"), None);
}
