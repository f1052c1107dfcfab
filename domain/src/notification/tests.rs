//! Given what happened, when this is asked, then that happens.

use cqrs_es::test::TestFramework;

use super::*;

type Notifications = TestFramework<Notification>;

const URL: &str = "https://hooks.example/atalaya";

fn message(task_version: u64) -> Message {
    Message {
        message_id: format!("image-7/{task_version}"),
        message_type: "image.completed".to_owned(),
        task_version,
        url: URL.to_owned(),
        body: "{}".to_owned(),
    }
}

fn announced(task_version: u64) -> NotificationEvent {
    NotificationEvent::Announced(message(task_version))
}

fn delivery(task_version: u64, attempt: u32) -> Delivery {
    Delivery { message_id: message(task_version).message_id, attempt, status: 204 }
}

fn delivered(task_version: u64, attempt: u32) -> NotificationEvent {
    NotificationEvent::Delivered(delivery(task_version, attempt))
}

fn failure(task_version: u64, attempt: u32, retry_at: Option<Timestamp>) -> Failure {
    let message_id = message(task_version).message_id;
    Failure { message_id, attempt, status: Some(500), reason: "it answered 500".into(), retry_at }
}

fn given_up(task_version: u64, attempts: u32) -> [NotificationEvent; 2] {
    let message_id = message(task_version).message_id;
    [
        NotificationEvent::AttemptFailed(failure(task_version, attempts, None)),
        NotificationEvent::Parked { message_id, attempts },
    ]
}

fn replayed(task_version: u64) -> NotificationEvent {
    NotificationEvent::ReplayRequested { message_id: message(task_version).message_id }
}

fn folded(events: impl IntoIterator<Item = NotificationEvent>) -> Notification {
    let mut notification = Notification::default();
    events.into_iter().for_each(|event| notification.apply(event));
    notification
}

fn superseded() -> Rejection {
    let detail = "this is not the attempt that is due";
    Rejection::NotNow { code: "attempt_superseded", detail }
}

#[test]
fn what_is_announced_twice_is_told_once() {
    Notifications::with(())
        .given(vec![announced(4)])
        .when(Command::Announce(message(4)))
        .then_expect_events(vec![]);
    Notifications::with(())
        .given(vec![announced(4), delivered(4, 1)])
        .when(Command::Announce(message(3)))
        .then_expect_events(vec![]);
}

#[test]
fn messages_are_told_in_the_order_of_the_task() {
    let notification = folded([announced(4), announced(9)]);
    assert_eq!(notification.due().unwrap().message.task_version, 4);
    let rejected = notification.decide(Command::RecordDelivery(delivery(9, 1)));
    assert_eq!(rejected, Err(superseded()));
    let notification = folded([announced(4), announced(9), delivered(4, 1)]);
    assert_eq!(notification.due().unwrap().message.task_version, 9);
}

#[test]
fn a_failed_attempt_is_followed_by_another_one_at_its_time() {
    let retry_at = Some(Timestamp::from_micros(1));
    let failed = NotificationEvent::AttemptFailed(failure(4, 1, retry_at));
    Notifications::with(())
        .given(vec![announced(4)])
        .when(Command::RecordFailure(failure(4, 1, retry_at)))
        .then_expect_events(vec![failed.clone()]);
    let notification = folded([announced(4), failed]);
    let due = notification.due().unwrap();
    assert_eq!((due.attempt, due.at), (2, retry_at));
}

#[test]
fn without_another_attempt_it_is_parked_and_nothing_is_due() {
    Notifications::with(())
        .given(vec![announced(4)])
        .when(Command::RecordFailure(failure(4, 1, None)))
        .then_expect_events(given_up(4, 1).to_vec());
    assert_eq!(folded([announced(4)].into_iter().chain(given_up(4, 1))).due(), None);
}

#[test]
fn an_attempt_that_is_not_due_is_not_recorded() {
    for events in [vec![], vec![announced(4), delivered(4, 1)], vec![announced(9)]] {
        Notifications::with(())
            .given(events)
            .when(Command::RecordDelivery(delivery(4, 1)))
            .then_expect_error(superseded());
    }
    Notifications::with(())
        .given(vec![announced(4)])
        .when(Command::RecordFailure(failure(4, 2, None)))
        .then_expect_error(superseded());
}

#[test]
fn a_replay_tries_what_was_parked_anew_and_in_order() {
    let history = || [announced(4), announced(9)].into_iter().chain(given_up(4, 3));
    Notifications::with(())
        .given(history().collect())
        .when(Command::Replay {})
        .then_expect_events(vec![replayed(4)]);
    let notification = folded(history().chain([replayed(4)]));
    let due = notification.due().unwrap();
    assert_eq!((due.message.task_version, due.attempt, due.at), (4, 1, None));
}

#[test]
fn a_replay_sends_the_last_message_again_when_nothing_waits() {
    let history = || [announced(4), delivered(4, 1)];
    Notifications::with(())
        .given(history().to_vec())
        .when(Command::Replay {})
        .then_expect_events(vec![replayed(4)]);
    let notification = folded(history().into_iter().chain([replayed(4)]));
    assert_eq!(notification.due().unwrap().message, &message(4));
    let again = folded(history().into_iter().chain([replayed(4), delivered(4, 1)]));
    assert_eq!(again, folded(history()), "and it could be sent once more");
}

#[test]
fn a_replay_of_what_is_about_to_be_sent_changes_nothing() {
    Notifications::with(())
        .given(vec![announced(4)])
        .when(Command::Replay {})
        .then_expect_events(vec![]);
}

#[test]
fn a_replay_of_nothing_is_refused() {
    Notifications::with(())
        .given_no_previous_events()
        .when(Command::Replay {})
        .then_expect_error(Rejection::Unknown);
    let subscribed = NotificationEvent::Subscribed(Subscription { url: URL.to_owned() });
    let rejected = folded([subscribed]).decide(Command::Replay {});
    assert!(matches!(rejected, Err(Rejection::NotNow { code: "nothing_announced", .. })));
}

#[test]
fn a_new_message_gives_the_parked_ones_another_chance() {
    let history = [announced(4)].into_iter().chain(given_up(4, 3)).chain([announced(9)]);
    let notification = folded(history);
    let due = notification.due().unwrap();
    assert_eq!((due.message.task_version, due.attempt), (4, 1));
}

#[test]
fn a_subscription_is_recorded_once_and_may_change() {
    let subscribe = |url: &str| Command::Subscribe(Subscription { url: url.to_owned() });
    let subscribed =
        |url: &str| NotificationEvent::Subscribed(Subscription { url: url.to_owned() });
    Notifications::with(())
        .given(vec![subscribed(URL)])
        .when(subscribe(URL))
        .then_expect_events(vec![]);
    let other = "https://other.example/";
    Notifications::with(())
        .given(vec![subscribed(URL)])
        .when(subscribe(other))
        .then_expect_events(vec![subscribed(other)]);
    let long = format!("https://hooks.example/{}", "x".repeat(URL_CHARACTERS_MAX));
    assert!(matches!(folded([]).decide(subscribe(&long)), Err(Rejection::Invalid(_))));
}

#[test]
fn a_reason_is_cut() {
    let failure = Failure { reason: "x".repeat(10_000), ..failure(4, 1, None) };
    let events = folded([announced(4)]).decide(Command::RecordFailure(failure)).unwrap();
    let NotificationEvent::AttemptFailed(recorded) = &events[0] else { panic!("{events:?}") };
    assert_eq!(recorded.reason.len(), REASON_CHARACTERS_MAX);
}
