//! What others rely on: generated pages are up to date, and nothing that was released is taken away.
//!
//! `UPDATE_CONTRACTS=1` writes the page of events, and the contracts of this version, unless they are released.

#[path = "contracts/compatible.rs"]
mod compatible;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use atalaya::contracts::{asyncapi, event_catalogue};
use atalaya::http::openapi;
use compatible::{asyncapi_breaks, openapi_breaks};
use serde_json::{Value, json};

/// The contracts that users hold, oldest first; one of them is never changed.
const RELEASED: [&str; 1] = ["0.1.0"];

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn is_updating() -> bool {
    env::var_os("UPDATE_CONTRACTS").is_some()
}

fn released(version: &str, name: &str, current: &Value) -> Value {
    let file = docs().join("contracts").join(version).join(name);
    if is_updating() && !file.exists() {
        fs::create_dir_all(file.parent().expect("it is in a folder")).expect("it can be made");
        fs::write(&file, format!("{current:#}\n")).expect("it can be written");
    }
    let text = fs::read_to_string(&file);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).expect("contracts are JSON")
}

#[test]
fn the_page_of_events_is_that_of_the_present_types() {
    let file = docs().join("EVENTS.md");
    if is_updating() {
        fs::write(&file, event_catalogue()).expect("it can be written");
    }
    let page = fs::read_to_string(&file).expect("there is a page of events");
    assert!(page == event_catalogue(), "docs/EVENTS.md is not up to date");
    assert_eq!(page.matches("\n### ").count(), commands::catalog().len());
}

#[test]
fn whoever_relies_on_a_released_api_can_go_on() {
    let current = openapi();
    for version in RELEASED {
        let breaks = openapi_breaks(&released(version, "openapi.json", &current), &current);
        assert!(breaks.is_empty(), "breaks {version}: {breaks:#?}");
    }
}

#[test]
fn whoever_relies_on_released_topics_can_go_on() {
    let current = asyncapi();
    for version in RELEASED {
        let breaks = asyncapi_breaks(&released(version, "asyncapi.json", &current), &current);
        assert!(breaks.is_empty(), "breaks {version}: {breaks:#?}");
    }
}

#[test]
fn a_change_that_breaks_somebody_would_be_seen() {
    let current = openapi();
    let motor = "/components/schemas/Motor/properties";
    for (what, change) in [
        ("a route is gone", remove("/paths", "/v1/motors")),
        ("a method is gone", remove("/paths/~1v1~1motors", "post")),
        ("a field of an answer is gone", remove(motor, "zone")),
        ("a parameter is gone", clear("/paths/~1v1~1motors/get/parameters")),
        ("a parameter is needed that was not", needed("/paths/~1v1~1motors/get/parameters")),
    ] {
        let mut changed = current.clone();
        change(&mut changed);
        assert!(!openapi_breaks(&current, &changed).is_empty(), "{what}");
        assert!(openapi_breaks(&current, &current).is_empty());
    }
    let current = asyncapi();
    let registered = "/components/schemas/motor.Nameplate";
    for (what, change) in [
        ("an event is gone", remove("/components/messages", "motor.registered")),
        ("a topic is gone", remove("/channels", "motor_events")),
        ("a field is gone", remove(&format!("{registered}/properties"), "name")),
        ("a field may be absent that was always there", clear(&format!("{registered}/required"))),
    ] {
        let mut changed = current.clone();
        change(&mut changed);
        assert!(!asyncapi_breaks(&current, &changed).is_empty(), "{what}");
    }
}

type Change = Box<dyn Fn(&mut Value)>;

fn at<'a>(document: &'a mut Value, pointer: &str) -> &'a mut Value {
    document.pointer_mut(pointer).unwrap_or_else(|| panic!("nothing at {pointer}"))
}

fn remove(pointer: &str, name: &'static str) -> Change {
    let pointer = pointer.to_owned();
    Box::new(move |document| {
        let removed = at(document, &pointer).as_object_mut().and_then(|object| object.remove(name));
        assert!(removed.is_some(), "no {name} at {pointer}");
    })
}

fn clear(pointer: &str) -> Change {
    let pointer = pointer.to_owned();
    Box::new(move |document| *at(document, &pointer) = json!([]))
}

fn needed(pointer: &str) -> Change {
    let pointer = pointer.to_owned();
    Box::new(move |document| {
        for parameter in at(document, &pointer).as_array_mut().expect("a list") {
            parameter["required"] = json!(true);
        }
    })
}

/// Whoever reads `/asyncapi.json` finds every header that is written, and nothing else.
#[test]
fn the_headers_are_those_that_are_written() {
    let code = docs().with_file_name("infra/kafka/src/headers.rs");
    let code = fs::read_to_string(code).expect("the code can be read");
    let (_, names) = code.split_once("pub mod name {").expect("the names are in a module");
    let (names, _) = names.split_once("\n}").expect("it ends");
    let written: BTreeSet<_> = names.split('"').skip(1).step_by(2).collect();
    let told = asyncapi();
    let told = &told["components"]["messageTraits"]["event"]["headers"]["properties"];
    let told: BTreeSet<_> = told.as_object().expect("headers").keys().map(String::as_str).collect();
    assert!(written.len() > 20, "{written:?}");
    assert_eq!(written, told);
}
