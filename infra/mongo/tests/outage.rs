//! Without a server every call fails in bounded time; with one again, all goes on by itself.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "support/store.rs"]
mod store;

use std::time::Duration;

use infra_mongo::{MongoDocuments, MongoSettings};
use ports::checkpoint::{Checkpoint, Progress};
use ports::read_models::{Collection, Field, Generations, Query, ReadModels, Write};
use ports::stream::GlobalPosition;
use serde_json::json;
use services::gate::{Gate, Way};
use tokio::time::timeout;

const MOTORS: Collection =
    Collection { name: "motors", generation: 1, fields: &[Field { name: "zone" }] };

const SELECTION_MS_MAX: u64 = 300;
const OPERATION_MS_MAX: u64 = 700;

/// Twice what is promised, since the machine may be busy.
const CALL_MS_MAX: u64 = 2 * (SELECTION_MS_MAX + OPERATION_MS_MAX);

/// Of the servers behind gates.
const SERVER: &str = "127.0.0.1:1";

async fn through(gate: &Gate, settings: &MongoSettings) -> MongoDocuments {
    let settings = MongoSettings {
        uri: format!("mongodb://{}", gate.address),
        selection_ms_max: SELECTION_MS_MAX,
        operation_ms_max: OPERATION_MS_MAX,
        ..settings.clone()
    };
    MongoDocuments::open(&settings).await.unwrap()
}

fn write(position: u64) -> Write {
    let body = Some(json!({ "zone": "A", "n": position }));
    Write { key: "p-101".to_owned(), position: GlobalPosition(position), body }
}

fn progress(position: u64) -> Progress {
    Progress {
        position: GlobalPosition(position),
        checkpoint: Checkpoint(format!("offset {position}")),
    }
}

/// Every call fails, and none keeps its caller waiting.
async fn all_fail_in_time(models: &MongoDocuments) {
    let bound = Duration::from_millis(CALL_MS_MAX);
    let query = Query { documents_max: 1, ..Query::default() };
    let keys = ["p-101".to_owned()];
    let generations = Generations::default();
    let commit = timeout(bound, models.commit(&MOTORS, &[write(9)], Some(&progress(9)))).await;
    commit.expect("in time").unwrap_err();
    timeout(bound, models.ensure(&MOTORS)).await.expect("in time").unwrap_err();
    timeout(bound, models.get(&MOTORS, &keys)).await.expect("in time").unwrap_err();
    timeout(bound, models.query(&MOTORS, &query)).await.expect("in time").unwrap_err();
    timeout(bound, models.count_by(&MOTORS, &[], "zone")).await.expect("in time").unwrap_err();
    timeout(bound, models.progress(&MOTORS)).await.expect("in time").unwrap_err();
    timeout(bound, models.generations("motors")).await.expect("in time").unwrap_err();
    timeout(bound, models.promote("motors", generations)).await.expect("in time").unwrap_err();
    timeout(bound, models.drop_collection(&MOTORS)).await.expect("in time").unwrap_err();
    timeout(bound, models.ping()).await.expect("in time").unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_is_no_server_every_call_fails_in_time() {
    for way in [Way::Shut, Way::Silent] {
        let gate = Gate::to(SERVER, way).await;
        all_fail_in_time(&through(&gate, &MongoSettings::at("")).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_outage_all_goes_on_by_itself() {
    let Some(store) = store::fresh().await else { return };
    let server = store.settings.uri.trim_start_matches("mongodb://").to_owned();
    for outage in [Way::Shut, Way::Silent] {
        let gate = Gate::to(&server, Way::Open).await;
        let models = through(&gate, &store.settings).await;
        models.ensure(&MOTORS).await.unwrap();
        models.commit(&MOTORS, &[write(3)], Some(&progress(3))).await.unwrap();
        gate.set(outage);
        all_fail_in_time(&models).await;
        gate.set(Way::Open);
        let again = async {
            while models.commit(&MOTORS, &[write(5)], Some(&progress(5))).await.is_err() {}
        };
        timeout(Duration::from_secs(60), again).await.expect("it has recovered");
        let found = models.get(&MOTORS, &["p-101".to_owned()]).await.unwrap();
        assert_eq!(found[0].body, write(5).body);
        assert_eq!(models.progress(&MOTORS).await.unwrap(), Some(progress(5)));
        models.drop_collection(&MOTORS).await.unwrap();
    }
}
