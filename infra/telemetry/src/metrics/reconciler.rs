//! What the reconciler has to say.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Meter};

use super::{Instrument, Metrics};

pub(super) struct Reconciled {
    differences: Gauge<u64>,
    checked: Counter<u64>,
    pass_time: Gauge<f64>,
    pass_position: Gauge<u64>,
    passes: Counter<u64>,
}

impl Reconciled {
    pub(super) fn of(meter: &Meter) -> Self {
        let text = |name, description| Instrument { meter, name, description };
        Self {
            differences: text(
                "atalaya.reconciler.differences",
                "What the log and what was made of it do not agree on",
            )
            .gauge(),
            checked: text("atalaya.reconciler.checked", "What was compared with the log").counter(),
            pass_time: meter
                .f64_gauge("atalaya.reconciler.last_pass.time")
                .with_unit("s")
                .with_description("When everything was last compared, in Unix time")
                .build(),
            pass_position: text(
                "atalaya.reconciler.last_pass.position",
                "Up to which position everything was last compared",
            )
            .gauge(),
            passes: text("atalaya.reconciler.passes", "How often everything was compared")
                .counter(),
        }
    }
}

impl Metrics {
    /// So many differences of a `kind` are known in a `model` at the moment.
    pub fn reconciler_differences(&self, model: &str, kind: &'static str, count: u64) {
        let labels = [KeyValue::new("model", model.to_owned()), KeyValue::new("kind", kind)];
        self.reconciled.differences.record(count, &labels);
    }

    /// So many documents, records or events of a `model` were compared with the log.
    pub fn reconciler_checked(&self, model: &str, count: u64) {
        self.reconciled.checked.add(count, &[KeyValue::new("model", model.to_owned())]);
    }

    /// Everything was compared, up to `position` of the log. `time_s` is when, in seconds of Unix time.
    pub fn reconciler_passed(&self, position: u64, time_s: f64) {
        self.reconciled.pass_position.record(position, &[]);
        self.reconciled.pass_time.record(time_s, &[]);
        self.reconciled.passes.add(1, &[]);
    }
}
