//! Every difference between the log and what was made of it is found, and nothing else is taken for one.

#[path = "poison/defect.rs"]
mod defect;
#[path = "plant/documents.rs"]
mod documents;
#[path = "simulation/ledger.rs"]
mod ledger;
#[path = "simulation/polled.rs"]
mod polled;
#[path = "reconciler/published.rs"]
mod published;
#[path = "reconciler/site.rs"]
mod site;
#[path = "plant/story.rs"]
mod story;
#[path = "reconciler/tampering.rs"]
mod tampering;
#[path = "reconciler/under_load.rs"]
mod under_load;
#[path = "simulation/world.rs"]
mod world;

use std::sync::Arc;

use atalaya::reconciler::DifferenceKind::{Behind, Differs, Missing, Unwritten};
use atalaya::reconciler::{TopicExtent, TopicRecord};
use domain::aggregate::EncodedEvent;
use ports::read_models::{Document, ReadModels, Write};
use ports::stream::GlobalPosition;
use serde_json::json;

use self::published::Topic;
use self::site::{Site, difference, kind};
use self::story::{motor, step};

const MOTORS: usize = 6;
const EVENTS: usize = 12;
const PER_MOTOR: [&str; 4] = ["diagnoses", "fleet", "motors", "vibration_trend"];

fn key(id: usize) -> String {
    motor(id).id.to_string()
}

#[tokio::test(start_paused = true)]
async fn where_all_is_well_nothing_is_found_and_that_is_told() {
    let site = Site::with_history(MOTORS, EVENTS).await;
    assert_eq!(site.look().await, []);
    let text = site.metrics.text().unwrap();
    for line in [
        r#"atalaya_reconciler_differences{kind="missing",model="motors"} 0"#,
        "atalaya_reconciler_last_pass_position 72",
        "atalaya_reconciler_passes_total 2",
        r#"atalaya_reconciler_checked_total{model="motor_history"} 144"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deleted_document_is_found_in_any_model_and_forgotten_once_it_is_back() {
    let site = Site::with_history(MOTORS, EVENTS).await;
    for model in PER_MOTOR {
        site.models.delete(model, &key(2));
    }
    let history = format!("{}/{:020}", key(4), 7);
    site.models.delete("motor_history", &history);
    let found = site.look().await;
    let mut expected: Vec<_> =
        PER_MOTOR.into_iter().map(|model| difference(model, Missing, &key(2))).collect();
    expected.push(difference("motor_history", Missing, &history));
    expected.sort();
    assert_eq!(found, expected);
    let gauge = r#"atalaya_reconciler_differences{kind="missing",model="motor_history"} 1"#;
    assert!(site.metrics.text().unwrap().contains(gauge));

    site.models.heal();
    assert_eq!(site.look().await, []);
    let gauge = r#"atalaya_reconciler_differences{kind="missing",model="motor_history"} 0"#;
    assert!(site.metrics.text().unwrap().contains(gauge));
}

#[tokio::test(start_paused = true)]
async fn a_doctored_field_is_found_in_any_model() {
    let site = Site::with_history(MOTORS, EVENTS).await;
    for model in PER_MOTOR {
        let mut document = site.document(model, &key(3)).await;
        document.body.as_mut().unwrap()["doctored"] = json!(1);
        site.models.replace(model, document);
    }
    let expected = PER_MOTOR.map(|model| difference(model, Differs, &key(3)));
    assert_eq!(site.look().await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_no_event_asked_for_is_found() {
    let site = Site::with_history(MOTORS, EVENTS).await;
    let document = site.document("motors", &key(0)).await;
    site.models.replace("motors", Document { body: None, ..document });
    assert_eq!(site.look().await, [difference("motors", Differs, &key(0))]);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_lacks_an_event_is_found() {
    let site = Site::with_history(MOTORS, EVENTS).await;
    let before = site.document("motors", &key(1)).await;
    site.append(&motor(1), step(1, EVENTS)).await;
    site.project(|_| true).await;
    site.models.replace("motors", before);
    assert_eq!(site.look().await, [difference("motors", Behind, &key(1))]);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_ahead_of_its_own_model_is_none() {
    let site = Site::with_history(MOTORS, EVENTS).await;
    site.append(&motor(1), step(1, EVENTS)).await;
    let events = site.events().await;
    let projector = kind("motors").projector(documents::GENERATION, site.models.inner.clone());
    projector.replay(events.last().unwrap()).await.unwrap();
    assert_eq!(site.look().await, [], "its progress comes later");
}

#[tokio::test(start_paused = true)]
async fn a_document_that_nobody_wrote_is_found() {
    let site = Site::with_history(MOTORS, EVENTS).await;
    let body = site.document("motors", &key(0)).await.body;
    let collection = kind("motors").collection(documents::GENERATION);
    // At the position of another one's event, beyond the log, before it, and with something added to the key.
    let strangers =
        [(key(90), 3), (key(91), 1_000_000), (key(92), 0), (format!("{}/x", key(0)), 1)];
    for (key, position) in &strangers {
        let (key, position) = (key.clone(), GlobalPosition(*position));
        let write = Write { key, position, body: body.clone() };
        site.models.commit(&collection, &[write], None).await.unwrap();
    }
    let mut expected: Vec<_> =
        strangers.iter().map(|(key, _)| difference("motors", Unwritten, key)).collect();
    expected.sort();
    assert_eq!(site.look().await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_missing_changed_or_made_up_is_found_in_the_topic() {
    let mut site = Site::with_history(MOTORS, EVENTS).await;
    let events = site.events().await;
    let topic = Arc::new(Topic::of(&events));
    site.topic = Some(topic.clone());
    assert_eq!(site.look().await, [], "a record may be there twice");
    let (lost, changed, replaced) = (events[20].id(), events[30].id(), events[41].id());
    let made_up = TopicRecord {
        position: GlobalPosition(10),
        event_id: "motor-made-up/1".to_owned(),
        payload_sha256: String::new(),
    };
    topic.change(|records| {
        records.retain(|record| record.event_id != lost);
        for record in records.iter_mut().filter(|record| record.event_id == changed) {
            record.payload_sha256 = "0".repeat(64);
        }
        for record in records.iter_mut().filter(|record| record.event_id == replaced) {
            record.event_id = "motor-other/1".to_owned();
        }
        records.push(made_up);
    });
    let mut expected =
        [&changed, &replaced, &events[9].id()].map(|id| difference("topic", Differs, id)).to_vec();
    expected.push(difference("topic", Missing, &lost));
    expected.sort();
    assert_eq!(site.look().await, expected);
}

#[tokio::test(start_paused = true)]
async fn what_retention_took_and_what_is_still_to_be_published_is_not_missing() {
    let mut site = Site::with_history(MOTORS, EVENTS).await;
    let topic = Topic::of(&site.events().await);
    topic.change(|records| records.retain(|record| (11..=50).contains(&record.position.0)));
    *topic.extent.lock().unwrap() =
        TopicExtent { after: GlobalPosition(10), through: GlobalPosition(50) };
    site.topic = Some(Arc::new(topic));
    assert_eq!(site.look().await, []);
}

#[tokio::test(start_paused = true)]
async fn what_a_person_gave_up_is_no_difference() {
    let site = Site::with_history(MOTORS, EVENTS).await;
    let data = serde_json::value::to_raw_value(&json!({})).unwrap();
    let unknown = EncodedEvent { event_type: "unheard_of".to_owned(), schema_version: 1, data };
    site.append(&motor(0), unknown).await;
    site.append(&motor(0), step(0, EVENTS)).await;
    // As a runner leaves it after the dead letter was discarded and the rest replayed.
    site.project(|event| event.event_type != "unheard_of").await;
    // History takes in what it cannot read.
    let differences = site.look().await;
    let of_history = differences.iter().filter(|found| found.model == "motor_history").count();
    assert_eq!(differences.len(), of_history, "{differences:?}");
}

#[tokio::test(start_paused = true)]
async fn documents_under_other_rules_are_not_compared() {
    let site = Site::with_history(MOTORS, EVENTS).await;
    let generations = site.models.generations("motors").await.unwrap();
    let live = Some(generations.newest + 1);
    let unknown = ports::read_models::Generations { live, newest: 2, ..generations };
    site.models.promote("motors", unknown).await.unwrap();
    assert_eq!(site.look().await, []);
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_it_goes_on_where_it_was_and_knows_what_it_knew() {
    let mut site = Site::with_history(MOTORS, EVENTS).await;
    let late = site.events().await[40].id();
    let topic = Topic::of(&site.events().await);
    topic.change(|records| records.retain(|record| record.event_id != late));
    site.topic = Some(Arc::new(topic));
    let expected = [difference("topic", Missing, &late)];
    let before = site.run_until(|report| !report.differences.is_empty()).await;
    assert_eq!((before.passes, &before.differences[..]), (0, &expected[..]));
    assert_eq!(site.log.slices.lock().unwrap().first(), Some(&0));

    site.log.slices.lock().unwrap().clear();
    let after = site.run_until(|report| report.passes == 1).await;
    assert_eq!(after.differences, expected);
    let slices = site.log.slices.lock().unwrap().clone();
    assert!(
        slices.first() >= Some(&42),
        "the slice that was compared is not read again: {slices:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_empty_system_is_well() {
    assert_eq!(Site::with_history(0, 0).await.look().await, []);
}
