//! A motor that sends a second of samples after the other without a gap, from sound to bad and back.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::ledger::Gone;
use crate::common::client::{Client, Request};
use crate::common::feed::FeedEvent;
use crate::common::samples::{Second, an_hour_ago, later};
use crate::common::wait::eventually;

/// In zones A, B or C, and D, long enough for an alarm and for its end.
const VELOCITIES_MM_S: [f64; 12] = [0.5, 0.5, 3.2, 3.2, 3.2, 9.0, 9.0, 9.0, 9.0, 9.0, 3.2, 0.5];
const SAMPLE_RATE_HZ: u32 = 3_200;
const BLOCKS_MAX: u32 = 48;
const JUDGED_S_MAX: u64 = 30;

/// The blocks of one motor.
pub(crate) struct Blocks {
    pub(crate) motor: Uuid,
    start: Timestamp,
    acknowledged: Cell<u32>,
}

impl Blocks {
    pub(crate) fn new(motor: Uuid) -> Self {
        Self { motor, start: an_hour_ago(), acknowledged: Cell::new(0) }
    }

    /// The next one, which is the same as before when it was not acknowledged. `false`: there are no more.
    pub(crate) async fn send_next(&self, client: &Client) -> Result<bool, Gone> {
        let number = self.acknowledged.get();
        if number == BLOCKS_MAX {
            return Ok(false);
        }
        let answer = client.try_send(&self.block(number)).await.map_err(|_| Gone)?;
        assert_eq!(answer.status, 202, "{}", answer.text());
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

    /// Every window has one reading, and there are no others.
    pub(crate) async fn assert_read(&self, client: &Client) {
        let path = format!("/v1/motors/{}/trend?sensor=NDE&limit=10000", self.motor);
        let expected = self.windows();
        let mut found = Vec::new();
        let bound = Duration::from_secs(JUDGED_S_MAX);
        let what = format!("all {} windows are read", expected.len());
        let judged = eventually(&what, bound, async || {
            let trend = client.get(&path).await;
            // The motor may have been registered a moment ago.
            let trend = if trend.status == 404 { return None } else { trend.success().json() };
            let at = |point: &Value| point["at"].as_str().and_then(|at| at.parse().ok());
            found = trend["points"].as_array()?.iter().filter_map(at).collect::<Vec<Timestamp>>();
            (found.len() >= expected.len()).then_some(())
        });
        judged.await;
        let count = found.len();
        let found: BTreeSet<_> = found.into_iter().collect();
        assert_eq!((found.len(), &found), (count, &expected), "a reading per window, once");
    }

    /// A motor that was never disturbed, and sends the same.
    pub(crate) async fn twin(&self, client: &Client, motor: Uuid) -> Self {
        let twin = Self { motor, start: self.start, acknowledged: Cell::new(0) };
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
