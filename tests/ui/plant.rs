//! A server with all that the dashboard has a view for: the simulated fleet, alarms, pictures, and events that cannot be folded.

use std::path::Path;

use atalaya::adapters;
use atalaya::config::{Config, Overrides};
use domain::aggregate::{EncodedEvent, encode};
use domain::motor::{MotorEvent, Nameplate};
use ports::event::Metadata;
use ports::event_store::Append;
use ports::stream::{StreamName, StreamVersion};
use serde_json::json;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::common::server::{Server, ServerOptions};

/// The motor whose second event no projection understands.
pub(crate) const SICK: Uuid = Uuid::from_u128(0x018f_3c5e_0000_7000_8000_0000_0000_0017);

/// Started with the simulated fleet, on a log in which something is wrong already.
pub(crate) async fn server(folder: &Path) -> Server {
    poison(folder).await;
    Server::start(&ServerOptions::new(folder).with_demo()).await
}

async fn poison(folder: &Path) {
    let overrides = Overrides { data_dir: Some(folder.to_owned()), ..Overrides::default() };
    let config = Config::read(&|_| None, overrides).expect("the defaults are sound");
    let (adapters, foundation) = adapters::open(&config).await.expect("the folder is free");
    let plate = json!({ "name": "X-901 sick", "rated_power_kw": 90, "rated_speed_rpm": 1480 });
    let plate: Nameplate = serde_json::from_value(plate).expect("it is a nameplate");
    let data = RawValue::from_string(r#"{"torn":true}"#.to_owned()).expect("it is JSON");
    let torn = EncodedEvent { event_type: "zone_changed".to_owned(), schema_version: 1, data };
    let append = Append {
        stream: StreamName::new("motor", SICK),
        expected: StreamVersion(0),
        events: vec![encode(&MotorEvent::Registered(plate)), torn],
        metadata: Metadata::default(),
        key: None,
    };
    adapters.store.append(append).await.expect("the store answers");
    drop(adapters);
    foundation.close().await;
}
