//! Given what happened, when this is asked, then that happens.

use cqrs_es::test::TestFramework;

use super::*;

type Images = TestFramework<Image>;

fn submission() -> Submission {
    Submission {
        motor_id: None,
        priority: 0,
        not_before: None,
        format: "jpeg".to_owned(),
        width: 4_000,
        height: 3_000,
        bytes: 2_000_000,
        sha256: "00".repeat(32),
    }
}

fn submitted() -> ImageEvent {
    ImageEvent::Submitted(submission())
}

fn variant(name: &str) -> Variant {
    Variant { name: name.to_owned(), width: 8, height: 6, bytes: 90, sha256: "11".repeat(32) }
}

fn started(attempt: u32) -> ImageEvent {
    ImageEvent::ProcessingStarted { attempt }
}

fn start() -> Command {
    Command::StartProcessing(StartProcessing { attempts_max: 4 })
}

fn fail(attempt: u32, retry_at: Option<Timestamp>) -> Command {
    let (code, detail) = ("storage".to_owned(), "the disk is full".to_owned());
    Command::FailAttempt(FailAttempt { attempt, code, detail, retry_at })
}

fn failed(attempt: u32, retry_at: Option<Timestamp>) -> ImageEvent {
    let (code, detail) = ("storage".to_owned(), "the disk is full".to_owned());
    ImageEvent::AttemptFailed { attempt, code, detail, retry_at }
}

fn dead_lettered(attempts: u32) -> ImageEvent {
    let (code, detail) = ("storage".to_owned(), "the disk is full".to_owned());
    ImageEvent::DeadLettered { attempts, code, detail }
}

fn not_now(code: &'static str, detail: &'static str) -> Rejection {
    Rejection::NotNow { code, detail }
}

#[test]
fn a_picture_is_submitted_once() {
    Images::with(())
        .given_no_previous_events()
        .when(Command::Submit(submission()))
        .then_expect_events(vec![submitted()]);
    Images::with(())
        .given(vec![submitted()])
        .when(Command::Submit(submission()))
        .then_expect_error(Rejection::AlreadyExists);
}

#[test]
fn an_attempt_is_counted_before_it_is_made() {
    Images::with(()).given(vec![submitted()]).when(start()).then_expect_events(vec![started(1)]);
}

#[test]
fn an_attempt_whose_worker_died_counts_as_failed() {
    let crashed = ImageEvent::AttemptFailed {
        attempt: 1,
        code: "crashed".to_owned(),
        detail: "the worker died during it".to_owned(),
        retry_at: None,
    };
    Images::with(())
        .given(vec![submitted(), started(1)])
        .when(start())
        .then_expect_events(vec![crashed, started(2)]);
}

#[test]
fn a_picture_that_kills_every_worker_is_given_up() {
    let events = Images::with(())
        .given(vec![submitted(), started(1), started(2), started(3), started(4)])
        .when(start())
        .inspect_result()
        .unwrap();
    assert!(matches!(events.as_slice(), [_, ImageEvent::DeadLettered { attempts: 4, .. }]));
}

#[test]
fn all_variants_and_the_completion_are_one_decision() {
    let variants = vec![variant("1024x1024.jpg"), variant("800x800.jpg")];
    Images::with(())
        .given(vec![submitted(), started(1)])
        .when(Command::Complete(Complete { attempt: 1, variants, same_as: None }))
        .then_expect_events(vec![
            ImageEvent::VariantProduced(variant("1024x1024.jpg")),
            ImageEvent::VariantProduced(variant("800x800.jpg")),
            ImageEvent::Completed {},
        ]);
}

#[test]
fn a_worker_that_was_taken_for_dead_cannot_complete_the_next_ones_attempt() {
    let variants = vec![variant("800x800.jpg")];
    Images::with(())
        .given(vec![submitted(), started(1), started(2)])
        .when(Command::Complete(Complete { attempt: 1, variants, same_as: None }))
        .then_expect_error(not_now("attempt_superseded", "this is not the attempt under way"));
}

#[test]
fn an_attempt_that_may_heal_is_tried_again_and_one_that_cannot_is_given_up() {
    let later = Some(Timestamp::from_micros(1));
    let given = || Images::with(()).given(vec![submitted(), started(1)]);
    given().when(fail(1, later)).then_expect_events(vec![failed(1, later)]);
    given().when(fail(1, None)).then_expect_events(vec![failed(1, None), dead_lettered(1)]);
}

#[test]
fn a_failed_task_can_be_tried_anew_and_counts_its_attempts_from_one() {
    let past = vec![submitted(), started(1), failed(1, None), dead_lettered(1)];
    Images::with(())
        .given(past.clone())
        .when(Command::Retry {})
        .then_expect_events(vec![ImageEvent::RetryRequested {}]);
    Images::with(())
        .given([past, vec![ImageEvent::RetryRequested {}]].concat())
        .when(start())
        .then_expect_events(vec![started(1)]);
    Images::with(())
        .given(vec![submitted()])
        .when(Command::Retry {})
        .then_expect_error(not_now("not_failed", "only a failed image task can be tried anew"));
}

#[test]
fn a_task_is_cancelled_once_and_a_finished_one_never() {
    let cancelled = || ImageEvent::Cancelled {};
    Images::with(())
        .given(vec![submitted()])
        .when(Command::Cancel {})
        .then_expect_events(vec![cancelled()]);
    Images::with(())
        .given(vec![submitted(), cancelled()])
        .when(Command::Cancel {})
        .then_expect_events(vec![]);
    Images::with(())
        .given(vec![submitted(), started(1), ImageEvent::Completed {}])
        .when(Command::Cancel {})
        .then_expect_error(not_now("finished", "the image task is finished already"));
    Images::with(())
        .given(vec![submitted(), cancelled()])
        .when(start())
        .then_expect_error(not_now("finished", "the image task is finished already"));
}

#[test]
fn nothing_can_be_asked_of_a_task_that_was_never_submitted() {
    let commands =
        [start(), fail(1, None), Command::Cancel {}, Command::Retry {}, Command::Expire {}];
    for command in commands {
        Images::with(())
            .given_no_previous_events()
            .when(command)
            .then_expect_error(Rejection::Unknown);
    }
}

#[test]
fn variants_of_another_task_are_told_as_such() {
    let other = Uuid::from_u128(7);
    let variants = vec![variant("800x800.jpg")];
    Images::with(())
        .given(vec![submitted(), started(1)])
        .when(Command::Complete(Complete { attempt: 1, variants, same_as: Some(other) }))
        .then_expect_events(vec![
            ImageEvent::Reused { task_id: other },
            ImageEvent::VariantProduced(variant("800x800.jpg")),
            ImageEvent::Completed {},
        ]);
}

#[test]
fn what_is_finished_expires_once_and_names_what_there_was() {
    let given_up = vec![submitted(), started(1), failed(1, None), dead_lettered(1)];
    let made = ImageEvent::VariantProduced(variant("800x800.jpg"));
    let completed = vec![submitted(), started(1), made, ImageEvent::Completed {}];
    let cancelled = vec![submitted(), ImageEvent::Cancelled {}];
    for (past, names) in
        [(given_up, vec![]), (completed, vec!["800x800.jpg".to_owned()]), (cancelled, vec![])]
    {
        let expired = ImageEvent::Expired { variants: names };
        Images::with(())
            .given(past.clone())
            .when(Command::Expire {})
            .then_expect_events(vec![expired.clone()]);
        Images::with(())
            .given([past, vec![expired]].concat())
            .when(Command::Expire {})
            .then_expect_events(vec![]);
    }
}

#[test]
fn what_is_not_finished_does_not_expire() {
    let refused = || not_now("not_finished", "only a finished image task can expire");
    let retried = vec![submitted(), started(1), dead_lettered(1), ImageEvent::RetryRequested {}];
    for past in [vec![submitted()], vec![submitted(), started(1)], retried] {
        Images::with(()).given(past).when(Command::Expire {}).then_expect_error(refused());
    }
}

#[test]
fn an_expired_task_does_nothing_more() {
    let past =
        vec![submitted(), ImageEvent::Cancelled {}, ImageEvent::Expired { variants: vec![] }];
    for command in [start(), Command::Cancel {}] {
        Images::with(())
            .given(past.clone())
            .when(command)
            .then_expect_error(not_now("finished", "the image task is finished already"));
    }
    Images::with(())
        .given(past)
        .when(Command::Retry {})
        .then_expect_error(not_now("not_failed", "only a failed image task can be tried anew"));
}

#[test]
fn what_was_submitted_before_a_start_could_be_put_off_is_still_read() {
    let stored = r#"{"priority":3,"format":"png","width":8,"height":6,"bytes":90,"sha256":"0a"}"#;
    let stored = serde_json::value::RawValue::from_string(stored.to_owned()).unwrap();
    let event = crate::aggregate::decode::<Image>("submitted", 1, &stored).unwrap();
    let ImageEvent::Submitted(submission) = event else { panic!("{event:?}") };
    assert_eq!((submission.priority, submission.not_before), (3, None));
}

#[test]
fn of_cancel_and_the_end_of_the_work_the_first_counts() {
    let complete =
        || Complete { attempt: 1, variants: vec![variant("800x800.jpg")], same_as: None };
    let finished = || not_now("finished", "the image task is finished already");
    let past = vec![submitted(), started(1)];
    Images::with(())
        .given([past.clone(), vec![ImageEvent::Cancelled {}]].concat())
        .when(Command::Complete(complete()))
        .then_expect_error(finished());
    Images::with(())
        .given([past, vec![ImageEvent::Completed {}]].concat())
        .when(Command::Cancel {})
        .then_expect_error(finished());
}
