//! The same read model as a user of cqrs-es has it: a view, kept by a generic query over postgres-es.

use std::sync::Arc;
use std::time::Instant;

use cqrs_es::persist::{GenericQuery, QueryReplay};
use cqrs_es::{EventEnvelope, View};
use domain::motor::{Assessment, Motor, MotorEvent, Nameplate};
use postgres_es::{PostgresEventRepository, PostgresViewRepository, default_postgress_pool};
use projections::condition::{Alarm, Sensors};
use serde::{Deserialize, Serialize};
use sqlx::Executor;

use crate::common::Database;

/// As the crate documents it.
const VIEWS: &str = "CREATE TABLE motor_view (
    view_id text NOT NULL, version bigint CHECK (version >= 0) NOT NULL, payload json NOT NULL, PRIMARY KEY (view_id)
)";

type Views = PostgresViewRepository<MotorView, Motor>;

/// What the product's document of a motor holds.
#[derive(Debug, Default, Serialize, Deserialize)]
struct MotorView {
    nameplate: Option<Nameplate>,
    is_decommissioned: bool,
    zone: Option<Assessment>,
    zone_reason: Option<String>,
    alarm: Alarm,
    acknowledged: Option<bool>,
    sensors: Sensors,
    version: usize,
}

impl View<Motor> for MotorView {
    fn update(&mut self, event: &EventEnvelope<Motor>) {
        self.sensors.apply(&event.payload);
        match &event.payload {
            MotorEvent::Registered(nameplate) | MotorEvent::Revised(nameplate) => {
                self.nameplate = Some(nameplate.clone());
            }
            MotorEvent::Relocated { location } => {
                if let Some(nameplate) = &mut self.nameplate {
                    nameplate.location.clone_from(location);
                }
            }
            MotorEvent::Decommissioned {} => self.is_decommissioned = true,
            MotorEvent::AlarmRaised(_) => self.acknowledged = Some(false),
            MotorEvent::AlarmAcknowledged {} => self.acknowledged = Some(true),
            _ => {}
        }
        (self.zone, self.zone_reason) = self.sensors.zone();
        self.alarm = self.sensors.alarm();
        self.version = event.sequence;
    }
}

/// How many events were replayed, and in how many seconds.
pub(crate) async fn replay(database: &Database) -> (u64, f64) {
    let mut stranger = database.stranger().await;
    stranger.execute(VIEWS).await.unwrap();
    let pool = default_postgress_pool(&database.settings.url).await;
    let views = Arc::new(Views::new("motor_view", pool.clone()));
    let mut query = GenericQuery::new(views);
    query.use_error_handler(Box::new(|error| panic!("{error}")));
    let events = PostgresEventRepository::new(pool.clone());
    let mut replay = QueryReplay::<_, _, Motor>::new(events, query);
    replay.use_error_handler(Box::new(|error| panic!("{error}")));
    let begun = Instant::now();
    replay.replay_all().await.unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    pool.close().await;
    let replayed = sqlx::query_scalar::<_, i64>("SELECT sum(version)::bigint FROM motor_view");
    (replayed.fetch_one(&mut stranger).await.unwrap().cast_unsigned(), seconds)
}
