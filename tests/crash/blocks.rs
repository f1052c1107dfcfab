//! A motor that sends a second of samples after the other without a gap, from sound to bad and back.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;
use uuid::Uuid;

use super::ledger::Gone;
use crate::common::client::{Client, Request};
use crate::common::feed::FeedEvent;
use crate::common::samples::{Second, an_hour_ago, later};
use crate::common::wait::within;

/// In zones A, B or C, and D, long enough for an alarm and for its end.
const VELOCITIES_MM_S: [f64; 12] = [0.5, 0.5, 3.2, 3.2, 3.2, 9.0, 9.0, 9.0, 9.0, 9.0, 3.2, 0.5];
const SAMPLE_RATE_HZ: u32 = 3_200;
const BLOCKS_MAX: u32 = 36;
/// A sensor that has said nothing for five seconds is taken to have finished, and what comes then begins anew. From
/// this on it may be so.
const PAUSE_S_MAX: f64 = 4.0;
const JUDGED_S_MAX: u64 = 30;
/// What takes samples in is away for a while.
const UNAVAILABLE: u16 = 503;

/// The blocks of one motor.
pub(crate) struct Blocks {
    pub(crate) motor: Uuid,
    start: Timestamp,
    acknowledged: Cell<u32>,
    /// When the last acknowledged block was tried first, and when the next one was: a try that was not acknowledged
    /// may have been heard.
    tried_at: Cell<Option<Instant>>,
    tries_since: Cell<Option<Instant>>,
    /// Windows across a border at which there was a pause: whether there is one depends on how long it was.
    doubtful: RefCell<BTreeSet<Timestamp>>,
}

impl Blocks {
    pub(crate) fn new(motor: Uuid) -> Self {
        Self::starting(motor, an_hour_ago())
    }

    fn starting(motor: Uuid, start: Timestamp) -> Self {
        let (acknowledged, doubtful) = <(Cell<_>, RefCell<_>)>::default();
        let (tried_at, tries_since) = <(Cell<_>, Cell<_>)>::default();
        Self { motor, start, acknowledged, tried_at, tries_since, doubtful }
    }

    /// The next one, which is the same as before when it was not acknowledged. `false`: there are no more.
    pub(crate) async fn send_next(&self, client: &Client) -> Result<bool, Gone> {
        let number = self.acknowledged.get();
        if number == BLOCKS_MAX {
            return Ok(false);
        }
        let since = self.tries_since.get().unwrap_or_else(Instant::now);
        self.tries_since.set(Some(since));
        let answer = client.try_send(&self.block(number)).await.map_err(|_| Gone)?;
        if answer.status == UNAVAILABLE {
            return Err(Gone);
        }
        assert_eq!(answer.status, 202, "{}", answer.text());
        self.tries_since.set(None);
        let before = self.tried_at.replace(Some(since));
        if before.is_some_and(|before| before.elapsed().as_secs_f64() > PAUSE_S_MAX) {
            self.doubtful.borrow_mut().insert(later(self.start, f64::from(number) + 0.5));
        }
        self.acknowledged.set(number + 1);
        Ok(true)
    }

    fn block(&self, number: u32) -> Request {
        let started_at = later(self.start, number.into());
        let path = format!(
            "/v1/motors/{}/vibration?sensor=NDE&axis=radial_v&unit=m/s2&sample_rate_hz={SAMPLE_RATE_HZ}\
             &started_at={started_at}&speed_rpm=1480",
            self.motor
        );
        let velocity_rms_mm_s = VELOCITIES_MM_S[number as usize % VELOCITIES_MM_S.len()];
        let second = Second { sample_rate_hz: SAMPLE_RATE_HZ, velocity_rms_mm_s };
        Request::post(path).bytes("application/octet-stream", second.bytes())
    }

    /// Half-overlapping windows of a second each: one per block, and one across each border.
    fn windows(&self) -> BTreeSet<Timestamp> {
        let halves = (2 * self.acknowledged.get()).saturating_sub(1);
        (0..halves).map(|half| later(self.start, 1.0 + 0.5 * f64::from(half))).collect()
    }

    /// Whether any was acknowledged, so that the motor is registered.
    pub(crate) fn has_begun(&self) -> bool {
        self.acknowledged.get() > 0
    }

    /// Whether the blocks came one after the other as they should.
    pub(crate) fn is_smooth(&self) -> bool {
        self.doubtful.borrow().is_empty()
    }

    /// Every window has one reading, and there are no others.
    pub(crate) async fn assert_read(&self, client: &Client) {
        let path = format!("/v1/motors/{}/trend?sensor=NDE&limit=10000", self.motor);
        let doubtful = self.doubtful.borrow().clone();
        let expected: BTreeSet<_> = self.windows().difference(&doubtful).copied().collect();
        let mut found = Vec::new();
        let judged = within(Duration::from_secs(JUDGED_S_MAX), async || {
            let trend = client.get(&path).await;
            // The motor may have been registered a moment ago.
            let trend = if trend.status == 404 { return None } else { trend.success().json() };
            let at = |point: &Value| point["at"].as_str().and_then(|at| at.parse().ok());
            let points = trend["points"].as_array()?.iter().filter_map(at);
            found = points.filter(|at| !doubtful.contains(at)).collect::<Vec<Timestamp>>();
            (found.len() >= expected.len()).then_some(())
        });
        let in_time = judged.await.is_some();
        let distinct: BTreeSet<_> = found.iter().copied().collect();
        let missing: Vec<_> = expected.difference(&distinct).collect();
        assert!(in_time, "of {} windows these are not read: {missing:?}", expected.len());
        assert_eq!(
            (found.len(), &distinct),
            (expected.len(), &expected),
            "a reading per window, once"
        );
    }

    /// A motor that was never disturbed, and sends the same.
    pub(crate) async fn twin(&self, client: &Client, motor: Uuid) -> Self {
        let twin = Self::starting(motor, self.start);
        while twin.acknowledged.get() < self.acknowledged.get() {
            assert!(twin.send_next(client).await.is_ok_and(|sent| sent), "the twin can send");
        }
        twin
    }

    /// What the motor was told of its condition.
    pub(crate) fn told<'a>(&self, events: &'a [FeedEvent]) -> Vec<(&'a str, &'a Value)> {
        let motor = self.motor.to_string();
        let of_condition = |event: &&FeedEvent| {
            event.subject == motor
                && ["zone_changed", "alarm_raised", "alarm_cleared"]
                    .iter()
                    .any(|name| event.kind.ends_with(name))
        };
        let told = events.iter().filter(of_condition);
        told.map(|event| (event.kind.as_str(), &event.data)).collect()
    }
}
