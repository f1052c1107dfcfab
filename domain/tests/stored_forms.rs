//! Every form in which an event was ever stored is read. The files are never changed: a new form has a new one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use domain::aggregate::{Decide, decode};
use domain::image::Image;
use domain::motor::Motor;
use domain::notification::Notification;
use schemars::{JsonSchema, schema_for};
use serde_json::value::RawValue;

/// By type and version, the text of an event's data as it was stored.
fn stored(category: &str) -> BTreeMap<(String, u32), Box<RawValue>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored").join(category);
    let entries = fs::read_dir(folder).expect("every aggregate has a folder");
    let read = |path: &Path| {
        let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
        let (event_type, version) = name.rsplit_once(".v")?;
        let text = fs::read_to_string(path).expect("a file can be read");
        let data = RawValue::from_string(text.trim().to_owned()).expect("it is JSON");
        Some(((event_type.to_owned(), version.parse().ok()?), data))
    };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.map(|path| read(&path).unwrap_or_else(|| panic!("{path:?} has no such name"))).collect()
}

/// The names of all events of `A`, from their own description.
fn event_types<A: Decide<Event: JsonSchema>>() -> Vec<String> {
    let schema = schema_for!(A::Event).to_value();
    let branches = schema["oneOf"].as_array().expect("events are an enum").iter();
    let name = |branch: &serde_json::Value| {
        branch["properties"]["type"]["const"].as_str().map(str::to_owned)
    };
    branches.map(|branch| name(branch).expect("events are tagged")).collect()
}

fn newest<A: Decide>(event_type: &str) -> u32 {
    let steps = A::UPCASTERS.iter().filter(|upcaster| upcaster.event_type == event_type);
    steps.map(|upcaster| upcaster.from + 1).max().unwrap_or(1)
}

fn every_form_is_read<A: Decide<Event: JsonSchema>>() {
    let stored = stored(A::TYPE);
    for ((event_type, version), data) in &stored {
        let read = decode::<A>(event_type, *version, data);
        assert!(read.is_ok(), "{} {event_type} version {version}: {:?}", A::TYPE, read.err());
    }
    for event_type in event_types::<A>() {
        for version in 1..=newest::<A>(&event_type) {
            let is_there = stored.contains_key(&(event_type.clone(), version));
            assert!(is_there, "no {event_type}.v{version}.json among the {}s", A::TYPE);
        }
    }
}

#[test]
fn every_form_of_a_motors_events_is_read() {
    every_form_is_read::<Motor>();
}

#[test]
fn every_form_of_an_image_tasks_events_is_read() {
    every_form_is_read::<Image>();
}

#[test]
fn every_form_of_a_notifications_events_is_read() {
    every_form_is_read::<Notification>();
}

#[test]
fn a_form_that_nobody_has_written_is_not_read() {
    let data = RawValue::from_string("{}".to_owned()).expect("it is JSON");
    assert!(decode::<Motor>("registered", 1, &data).is_err());
    assert!(decode::<Image>("submitted", 99, &data).is_err());
}
