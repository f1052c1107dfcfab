//! How schemas are called: in Avro, and in the registry.

/// Of all record names. The number is that of the topics' generation: it rises when events change in a way that no
/// reader can follow, and the topics with it.
const ROOT_NAMESPACE: &str = "atalaya";
const GENERATION: &str = "v1";

/// The full name of an event's record: `atalaya.motor.v1.ZoneChanged`.
pub fn record_name(category: &str, event_type: &str) -> String {
    format!("{}.{}", namespace(category), pascal_case(event_type))
}

/// Under which the registry keeps the versions of a record on a topic.
pub fn subject(topic: &str, record_name: &str) -> String {
    format!("{topic}-{record_name}")
}

/// Where an aggregate's records are.
pub(super) fn namespace(category: &str) -> String {
    format!("{ROOT_NAMESPACE}.{category}.{GENERATION}")
}

/// `zone_changed` → `ZoneChanged`
pub(super) fn pascal_case(name: &str) -> String {
    let capitalised = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('_').map(capitalised).collect()
}
