//! Samples of before, judged once more.

use domain::motor::{Assessment, GiveVerdict, Reprocessing, Revision, Verdict};

use super::*;
use crate::vibration::reprocess::{Progress, ReprocessError, ReprocessRequest, Reprocessor};

/// A minute of a machine that gets worse, with a baseline, an alarm and a trip on the way.
fn minute() -> Vec<SampleBlock> {
    let velocity = |at_s: u32| [0.9, 3.4, 6.0][(at_s / 20) as usize];
    (0..60).map(|at_s| block(f64::from(at_s), 1.0, velocity(at_s))).collect()
}

fn all_of(number: u128) -> ReprocessRequest {
    let (from, to) = (start().plus_seconds(-1.0), start().plus_seconds(3_600.0));
    ReprocessRequest { motor_id: motor(number), from, to }
}

impl Rig {
    fn reprocessor(&self) -> Reprocessor {
        Reprocessor::new(&self.dependencies(), VibrationSettings::default())
    }

    async fn reprocess(&self, run: u128, request: &ReprocessRequest) -> Reprocessing {
        let (progress, _seen) = watch::channel(Progress::default());
        self.reprocessor().run(Uuid::from_u128(run), request, &progress).await.unwrap()
    }

    async fn given(&self, id: Uuid, run: u128) -> Vec<Verdict> {
        let history = self.history(id).await;
        let of_run = history.into_iter().filter_map(|event| match event {
            MotorEvent::VerdictGiven(GiveVerdict { run: of, verdict }) => {
                (of == Uuid::from_u128(run)).then_some(verdict)
            }
            _ => None,
        });
        of_run.collect()
    }

    /// Live, until all that was told is history.
    async fn live(&mut self, id: Uuid, blocks: Vec<SampleBlock>) {
        let running = (self.assess(), self.tell());
        for block in blocks {
            self.publish_block(id, block).await;
        }
        self.settle().await;
        self.wait_s(8).await;
        drop(running);
    }
}

fn kinds(verdicts: &[Verdict]) -> Vec<String> {
    let name = |verdict| serde_json::to_value(verdict).unwrap();
    let key = |value: serde_json::Value| value.as_object().unwrap().keys().next().unwrap().clone();
    verdicts.iter().map(|verdict| key(name(verdict))).collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_told_live_is_told_again_beside_it() {
    let mut rig = Rig::with_motors(1).await;
    rig.live(motor(1), minute()).await;
    let before = rig.history(motor(1)).await;
    let live: Vec<_> = before.iter().cloned().filter_map(Verdict::of).collect();
    for told in ["zone_changed", "baseline_learned", "alarm_raised", "departure_began"] {
        assert!(kinds(&live).contains(&told.to_owned()), "{told} is missing: {live:?}");
    }
    let readings = rig.readings.of(motor(1));
    let account = rig.reprocess(7, &all_of(1)).await;
    assert_eq!((account.samples, account.dropped, account.left_out), (60, 0, 0));
    let after = rig.history(motor(1)).await;
    assert_eq!(after[..before.len()], before, "what was recorded stays");
    assert_eq!(rig.given(motor(1), 7).await, live);
    assert_eq!(after.last(), Some(&MotorEvent::Reprocessed(account)));
    assert_eq!(rig.readings.of(motor(1)), readings, "the same windows, the same readings");
}

#[tokio::test(start_paused = true)]
async fn the_same_samples_and_settings_give_the_same_to_the_bit() {
    let mut accounts = Vec::new();
    for (shift, slice_bytes_max) in [(0, usize::MAX), (17, usize::MAX), (31, 40_000), (5, 1)] {
        let mut rig = Rig::with_motors(2).await;
        let mut blocks = minute();
        // In another order, some twice, and with a stranger between them.
        blocks.rotate_left(shift);
        for block in blocks {
            rig.publish_block(motor(1), block.clone()).await;
            rig.publish_block(motor(2), block.clone()).await;
            if shift > 10 {
                rig.publish_block(motor(1), block).await;
            }
        }
        let (progress, _seen) = watch::channel(Progress::default());
        let reprocessor = rig.reprocessor().with_slice_bytes_max(slice_bytes_max);
        let run = Uuid::from_u128(7);
        accounts.push(reprocessor.run(run, &all_of(1), &progress).await.unwrap());
        let again = reprocessor.run(run, &all_of(1), &progress).await.unwrap();
        assert_eq!(Some(&again), accounts.last());
    }
    assert!(accounts.iter().all(|account| *account == accounts[0]), "{accounts:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_came_too_late_is_in_its_place() {
    let mut rig = Rig::with_motors(1).await;
    let mut blocks = minute();
    let late = blocks.remove(25);
    blocks.push(late);
    rig.live(motor(1), blocks).await;
    assert_eq!(rig.tally.count(Dropped::Late), 1);
    let has_gap = |readings: &[Reading]| {
        readings.iter().any(|reading| reading.quality.contains(&"gap_before".to_owned()))
    };
    assert!(has_gap(&rig.readings.of(motor(1))));
    let account = rig.reprocess(7, &all_of(1)).await;
    assert_eq!((account.samples, account.dropped), (60, 0));
    let readings = rig.readings.of(motor(1));
    assert!(!has_gap(&readings) && readings.len() == 119, "{}", readings.len());
}

#[tokio::test(start_paused = true)]
async fn other_settings_give_other_verdicts_and_change_nothing_about_now() {
    let mut rig = Rig::with_motors(1).await;
    rig.live(motor(1), (0..10).map(|at_s| block(f64::from(at_s), 1.0, 2.0)).collect()).await;
    let first = rig.reprocess(7, &all_of(1)).await;
    let revision = serde_json::json!({
        "boundaries": { "velocity_mm_s": { "ab": 0.5, "bc": 1.0, "cd": 1.5 } },
    });
    let revision: Revision = serde_json::from_value(revision).unwrap();
    rig.send(motor(1), Command::Revise(revision)).await;
    let second = rig.reprocess(8, &all_of(1)).await;
    assert_eq!(first.samples_sha256, second.samples_sha256);
    assert_ne!(first.settings_sha256, second.settings_sha256);
    assert_ne!(first.verdicts_sha256, second.verdicts_sha256);
    let zone = |verdicts: &[Verdict]| match &verdicts[0] {
        Verdict::ZoneChanged(report) => report.assessment,
        other => panic!("{other:?}"),
    };
    let (old, new) = (rig.given(motor(1), 7).await, rig.given(motor(1), 8).await);
    assert_eq!((zone(&old), zone(&new)), (Assessment::B, Assessment::D));
    assert_eq!(kinds(&new), ["zone_changed", "alarm_raised"]);
    // The motor itself knows of no alarm: there is none to be seen.
    let seen = rig.world.send::<Motor>(motor(1), &Command::AcknowledgeAlarm {}).await;
    assert!(seen.is_err(), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn only_what_is_asked_for_is_judged() {
    let mut rig = Rig::with_motors(1).await;
    for block in minute() {
        rig.publish_block(motor(1), block).await;
    }
    let at = |seconds| start().plus_seconds(seconds);
    let request = ReprocessRequest { from: at(10.0), to: at(20.0), ..all_of(1) };
    assert_eq!(rig.reprocess(7, &request).await.samples, 10);
    let (progress, _seen) = watch::channel(Progress::default());
    let (reprocessor, run) = (rig.reprocessor(), Uuid::from_u128(8));
    let nothing = ReprocessRequest { from: at(100.0), ..all_of(1) };
    let outcome = reprocessor.run(run, &nothing, &progress).await;
    assert!(matches!(outcome, Err(ReprocessError::NothingKept)), "{outcome:?}");
    let outcome = reprocessor.run(run, &all_of(5), &progress).await;
    assert!(matches!(outcome, Err(ReprocessError::UnknownMotor(_))), "{outcome:?}");
}
