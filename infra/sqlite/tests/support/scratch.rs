//! A data folder that goes away with the test, and events to put into it.
#![allow(dead_code, reason = "every test file uses another part of it")]

use std::path::Path;
use std::sync::Arc;

use infra_sqlite::{DataFolder, OpenError, Settings, SqliteStores};
use ports::clock::Clock;
use ports::event::{Metadata, NewEvent};
use ports::event_store::Append;
use ports::memory::ManualClock;
use ports::stream::{StreamName, StreamVersion};
use serde_json::value::RawValue;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) struct Scratch {
    folder: TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) settings: Settings,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a test may write");
        Self { folder, clock: Arc::default(), settings: Settings::default() }
    }

    /// Its clock shows another time at each look.
    pub(crate) fn ticking() -> Self {
        Self { clock: Arc::new(ManualClock::ticking()), ..Self::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn try_open(&self) -> Result<SqliteStores, OpenError> {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        SqliteStores::open(DataFolder::open(self.path())?, &clock, &self.settings)
    }

    pub(crate) fn open(&self) -> SqliteStores {
        self.try_open().expect("the folder is new, or was left in order")
    }
}

pub(crate) fn motor(number: u64) -> StreamName {
    StreamName::new("motor", Uuid::from_u64_pair(0, number))
}

pub(crate) fn event(event_type: &str) -> NewEvent {
    let data = RawValue::from_string(r#"{"velocity_rms_mm_s":2.8}"#.to_owned());
    NewEvent {
        event_type: event_type.to_owned(),
        schema_version: 1,
        data: data.expect("it is an object"),
    }
}

pub(crate) fn append(stream: StreamName, expected: StreamVersion) -> Append {
    Append {
        stream,
        expected,
        events: vec![event("measured")],
        metadata: Metadata::default(),
        key: None,
    }
}
