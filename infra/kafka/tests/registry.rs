//! The schema registry: no version that leaves a reader behind.

use infra_kafka::registry::{COMPATIBILITY, Registry, RegistryError, RegistrySettings};
use infra_kafka::schema::{EventSchema, subject};
use serde_json::{Value, json};

fn registered() -> EventSchema {
    let shapes = commands::catalog();
    EventSchema::generate(&shapes[0]).expect("Avro knows all of it")
}

fn registry() -> Option<Registry> {
    let settings = RegistrySettings { url: services::schema_registry()?, login: None };
    Some(Registry::new(settings).expect("the settings are good"))
}

/// The schema with one field more.
fn with_field(text: &str, field: Value) -> String {
    let mut avro: Value = serde_json::from_str(text).expect("a schema is JSON");
    avro["fields"].as_array_mut().expect("a record has fields").push(field);
    avro.to_string()
}

#[tokio::test]
async fn a_schema_has_one_number_and_can_be_had_by_it() {
    let Some(registry) = registry() else { return };
    let schema = registered();
    let subject = subject(&services::fresh_name("t"), &schema.record_name());
    let id = registry.register_one(&subject, &schema.text).await.expect("it is the first one");
    assert_eq!(registry.register_one(&subject, &schema.text).await.expect("it is known"), id);
    assert_eq!(registry.compatibility(&subject).await.expect("it answers"), COMPATIBILITY);
    let codec = registry.codec(id).await.expect("it was registered");
    assert_eq!(codec.schema(), schema.codec.schema());
    let missing = registry.codec(2_000_000_000).await;
    assert!(matches!(missing, Err(RegistryError::NoSchema { .. })), "{missing:?}");
}

#[tokio::test]
async fn a_version_that_some_reader_could_not_follow_is_refused() {
    let Some(registry) = registry() else { return };
    let schema = registered();
    let subject = subject(&services::fresh_name("t"), &schema.record_name());
    registry.register_one(&subject, &schema.text).await.expect("it is the first one");
    let required = with_field(&schema.text, json!({ "name": "colour", "type": "string" }));
    let refused = registry.register_one(&subject, &required).await;
    assert!(matches!(refused, Err(RegistryError::Incompatible { .. })), "{refused:?}");
    let optional = with_field(
        &schema.text,
        json!({ "name": "colour", "type": ["null", "string"], "default": null }),
    );
    registry.register_one(&subject, &optional).await.expect("every reader can follow");
    let word = schema.text.replace("\"rigid\",", "\"rigid\", \"floating\",");
    assert_ne!(word, schema.text);
    registry.register_one(&subject, &word).await.expect("an enum may grow");
}

#[tokio::test]
async fn a_registry_that_is_away_is_no_refusal() {
    let settings = RegistrySettings { url: "http://127.0.0.1:9".to_owned(), login: None };
    let registry = Registry::new(settings).expect("the settings are good");
    let away = registry.register_one("t-r", "\"string\"").await;
    assert!(matches!(away, Err(RegistryError::Unavailable(_))), "{away:?}");
}
