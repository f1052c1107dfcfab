//! How things stand at the moment: the queue of pictures, the fleet, the room on disks.

use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Gauge, Meter};

use super::{Instrument, Metrics};

// As they are exported.
const QUEUE_JOBS: &str = "atalaya_queue_jobs";
const QUEUE_OLDEST: &str = "atalaya_queue_oldest_waiting_seconds";
const QUEUE_PAUSED: &str = "atalaya_queue_paused";
const MOTORS: &str = "atalaya_motors";
const MOTOR_ALARMS: &str = "atalaya_motor_alarms";
const SENSORS_LOST: &str = "atalaya_sensors_lost";
const DISK_FREE: &str = "atalaya_disk_free_bytes";
const DISK_SIZE: &str = "atalaya_disk_size_bytes";

pub(super) struct Standing {
    queue_jobs: Gauge<u64>,
    queue_oldest: Gauge<f64>,
    queue_paused: Gauge<u64>,
    motors: Gauge<u64>,
    motor_alarms: Gauge<u64>,
    sensors_lost: Gauge<u64>,
    disk_free: Gauge<u64>,
    disk_size: Gauge<u64>,
}

/// How the queue of pictures stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct QueueState {
    /// Jobs that could be received.
    pub waiting: u64,
    /// Jobs that are to be received later.
    pub delayed: u64,
    /// Jobs in the hands of workers.
    pub leased: u64,
    /// How long the oldest of those that wait has waited; 0 when none does.
    pub oldest_waiting_s: f64,
    /// Nobody receives anything.
    pub paused: bool,
}

/// The room where something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskRoom {
    /// What can still be written.
    pub free_bytes: u64,
    /// What there is in all.
    pub size_bytes: u64,
}

impl Standing {
    pub(super) fn of(meter: &Meter) -> Self {
        let text = |name, description| Instrument { meter, name, description };
        let bytes = |name, description| {
            meter.u64_gauge(name).with_unit("By").with_description(description).build()
        };
        Self {
            queue_jobs: text("atalaya.queue.jobs", "Pictures to be made, by what they wait for")
                .gauge(),
            queue_oldest: meter
                .f64_gauge("atalaya.queue.oldest_waiting")
                .with_unit("s")
                .with_description("How long the oldest job that can be received has waited")
                .build(),
            queue_paused: text("atalaya.queue.paused", "1 while nobody receives a job").gauge(),
            motors: text("atalaya.motors", "Motors in service, by their zone").gauge(),
            motor_alarms: text("atalaya.motor.alarms", "Motors in service that are in alarm")
                .gauge(),
            sensors_lost: text(
                "atalaya.sensors.lost",
                "Measuring points of motors in service from which nothing comes any more",
            )
            .gauge(),
            disk_free: bytes("atalaya.disk.free", "What can still be written where it is kept"),
            disk_size: bytes("atalaya.disk.size", "The room where it is kept, used or not"),
        }
    }
}

impl Metrics {
    /// How the queue of pictures stands. Not told any more when it is not measured any more.
    pub fn queue(&self, queue: QueueState) {
        let states =
            [("waiting", queue.waiting), ("delayed", queue.delayed), ("leased", queue.leased)];
        for (state, jobs) in states {
            self.told(&self.standing.queue_jobs, QUEUE_JOBS, "state", state, jobs);
        }
        self.standing.queue_oldest.record(queue.oldest_waiting_s, &[]);
        self.standing.queue_paused.record(u64::from(queue.paused), &[]);
        for name in [QUEUE_OLDEST, QUEUE_PAUSED] {
            self.fresh.measured(name, "", Instant::now());
        }
    }

    /// So many motors in service are in `zone`. Not told any more when it is not measured any more.
    pub fn motors(&self, zone: &'static str, count: u64) {
        self.told(&self.standing.motors, MOTORS, "zone", zone, count);
    }

    /// So many motors in service have an `alarm` that stands.
    pub fn motor_alarms(&self, alarm: &'static str, count: u64) {
        self.told(&self.standing.motor_alarms, MOTOR_ALARMS, "alarm", alarm, count);
    }

    /// From so many measuring points nothing comes any more.
    pub fn sensors_lost(&self, count: u64) {
        self.standing.sensors_lost.record(count, &[]);
        self.fresh.measured(SENSORS_LOST, "", Instant::now());
    }

    /// The room where `kept` is kept.
    pub fn disk(&self, kept: &'static str, room: DiskRoom) {
        self.told(&self.standing.disk_free, DISK_FREE, "kept", kept, room.free_bytes);
        self.told(&self.standing.disk_size, DISK_SIZE, "kept", kept, room.size_bytes);
    }

    fn told(
        &self,
        gauge: &Gauge<u64>,
        name: &'static str,
        label: &'static str,
        value: &'static str,
        number: u64,
    ) {
        gauge.record(number, &[KeyValue::new(label, value)]);
        self.fresh.measured(name, value, Instant::now());
    }
}
