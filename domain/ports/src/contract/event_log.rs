//! The log over the streams: dense positions, pages, and waiting. Part of the suite of the event store.

use std::collections::BTreeMap;

use futures::FutureExt;

use super::event_store::{BothEnds, append, event, fresh_stream};
use super::{beside, fresh_id, fresh_name, in_parallel, in_time};
use crate::event::RecordedEvent;
use crate::event_log::{EventLog, LogPage, LogQuery};
use crate::event_store::{Append, AppendError, Appended, EventStore};
use crate::stream::{GlobalPosition, StreamName};

const WRITERS: usize = 16;
const APPENDS_PER_WRITER: usize = 12;
const EVENTS_PER_APPEND: usize = 2;

pub async fn an_append_is_seen_by_every_later_read(ends: &dyn BothEnds) {
    let (log, stream) = (ends.log(), fresh_stream());
    for version in 0..10 {
        let Appended { position, .. } =
            ends.store().append(append(&stream, version, 1)).await.unwrap();
        assert!(log.head().await.unwrap() >= position);
        let page = log.read(&from(GlobalPosition(position.0 - 1), 1)).await.unwrap();
        assert_eq!(page.events[0].position, position);
        assert_eq!(page.events[0].stream, stream);
    }
}

/// Sixteen writers share four streams, so that they run into conflicts, while one reader follows the log.
pub async fn positions_are_dense_and_in_commit_order(ends: &dyn BothEnds) {
    let start = ends.log().head().await.unwrap();
    let category = fresh_name();
    let streams: Vec<_> = (0..4).map(|_| StreamName::new(category.as_str(), fresh_id())).collect();
    let writer = |n: usize| write_against_others(ends.store(), &streams[n % streams.len()]);
    let events = WRITERS * APPENDS_PER_WRITER * EVENTS_PER_APPEND;
    let reader = follow(ends.log(), start, &category, events);
    let (seen, appended) = beside(reader, in_parallel((0..WRITERS).map(writer).collect())).await;

    for (i, event) in seen.iter().enumerate() {
        assert_eq!(event.position.0, start.0 + 1 + i as u64, "once each, in order, without gaps");
    }
    let place: BTreeMap<_, _> =
        seen.iter().map(|event| (event.position, (&event.stream, event.version))).collect();
    for (n, appended) in appended.iter().enumerate() {
        assert!(appended.is_sorted_by_key(|end| end.position), "later appends stand later");
        for end in appended {
            assert_eq!(place[&end.position], (&streams[n % streams.len()], end.version));
        }
    }
    for stream in &streams {
        let own: Vec<_> = seen.iter().filter(|event| event.stream == *stream).collect();
        let numbers: Vec<_> = own.iter().map(|event| event.version.0).collect();
        assert_eq!(numbers, (1..=own.len() as u64).collect::<Vec<_>>());
    }
}

/// Appends until it has had its share; whenever others were faster, it learns the version and goes on.
async fn write_against_others(store: &dyn EventStore, stream: &StreamName) -> Vec<Appended> {
    let mut version = 0;
    let mut appended = Vec::new();
    while appended.len() < APPENDS_PER_WRITER {
        match store.append(append(stream, version, EVENTS_PER_APPEND)).await {
            Ok(end) => {
                version = end.version.0;
                appended.push(end);
            }
            Err(AppendError::Conflict { actual, .. }) => version = actual.0,
            Err(error) => panic!("{error:?}"),
        }
    }
    appended
}

/// Everything after `after` as it comes, until there are so many events of `category`.
async fn follow(
    log: &dyn EventLog,
    after: GlobalPosition,
    category: &str,
    events: usize,
) -> Vec<RecordedEvent> {
    let mut seen = Vec::new();
    let (mut through, mut own) = (after, 0);
    while own < events {
        log.wait_beyond(through).await.unwrap();
        let page = log.read(&from(through, 7)).await.unwrap();
        assert!(page.through > through, "below the head, every read gets further");
        through = page.through;
        own += page.events.iter().filter(|event| event.stream.category == category).count();
        seen.extend(page.events);
    }
    seen
}

/// Appends of many events race with small ones; a head, once told, has everything below it.
pub async fn a_reader_never_skips_a_slow_writer(ends: &dyn BothEnds) {
    const SIZES: [usize; 8] = [400, 1, 250, 1, 100, 1, 300, 1];
    let start = ends.log().head().await.unwrap();
    let category = fresh_name();
    let appends = SIZES.map(|events| {
        let stream = StreamName::new(category.as_str(), fresh_id());
        async move { ends.store().append(append(&stream, 0, events)).await.unwrap() }
    });
    let reader = async {
        let mut known = vec![];
        while count(&known, &category) < SIZES.iter().sum() {
            let head = ends.log().head().await.unwrap();
            known = up_to(ends.log(), start, head).await;
            let dense = known.iter().zip(start.0 + 1..).all(|(event, n)| event.position.0 == n);
            assert!(dense && known.len() as u64 >= head.0 - start.0, "a hole below the head");
        }
    };
    beside(reader, in_parallel(appends.into())).await;
}

fn count(events: &[RecordedEvent], category: &str) -> usize {
    events.iter().filter(|event| event.stream.category == category).count()
}

async fn up_to(
    log: &dyn EventLog,
    after: GlobalPosition,
    end: GlobalPosition,
) -> Vec<RecordedEvent> {
    let (mut events, mut through) = (Vec::new(), after);
    while through < end {
        let page = log.read(&from(through, 500)).await.unwrap();
        assert!(page.through > through, "below the head, every read gets further");
        through = page.through;
        events.extend(page.events);
    }
    events
}

pub async fn filters_by_category_and_type_still_report_how_far_was_looked(ends: &dyn BothEnds) {
    let [motors, images, others] = [fresh_stream(), fresh_stream(), fresh_stream()];
    let start = ends.log().head().await.unwrap();
    let mut version = 0;
    for _ in 0..5 {
        for stream in [&motors, &images, &others] {
            let events = vec![event("started", "{}"), event("stopped", "{}")];
            ends.store().append(Append { events, ..append(stream, version, 0) }).await.unwrap();
        }
        version += 2;
    }
    let end = ends.log().head().await.unwrap();
    let categories = |streams: &[&StreamName]| {
        streams.iter().map(|stream| stream.category.clone()).collect::<Vec<_>>()
    };
    let both = LogQuery { categories: categories(&[&motors, &images]), ..from(start, 3) };
    let found = all_pages(ends.log(), both, end).await;
    assert_eq!(found.len(), 20);
    assert!(found.is_sorted_by(|earlier, later| earlier.position < later.position));
    assert!(found.iter().all(|event| event.stream == motors || event.stream == images));

    let stops = LogQuery {
        categories: categories(&[&others]),
        event_type: Some("stopped".to_owned()),
        ..from(start, 3)
    };
    let found = all_pages(ends.log(), stops, end).await;
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|event| event.stream == others && event.event_type == "stopped"));

    let nobody = LogQuery { categories: vec![fresh_name()], ..from(start, 3) };
    assert_eq!(all_pages(ends.log(), nobody, end).await.len(), 0);
}

/// Reads on until everything up to `end` was looked at; fails when a page does not get further.
async fn all_pages(
    log: &dyn EventLog,
    mut query: LogQuery,
    end: GlobalPosition,
) -> Vec<RecordedEvent> {
    let mut found = Vec::new();
    while query.after < end {
        let LogPage { events, through } = log.read(&query).await.unwrap();
        assert!(events.len() <= query.events_max);
        assert!(through > query.after, "below the head, every read gets further");
        assert!(events.iter().all(|e| e.position > query.after && e.position <= through));
        query.after = through;
        found.extend(events);
    }
    found
}

pub async fn pages_of_the_log_follow_one_another(ends: &dyn BothEnds) {
    let stream = fresh_stream();
    let start = ends.log().head().await.unwrap();
    let end = ends.store().append(append(&stream, 0, 25)).await.unwrap().position;
    for events_max in [1, 4, 25, 1_000] {
        let found = all_pages(ends.log(), from(start, events_max), end).await;
        let own: Vec<_> = found.iter().filter(|event| event.stream == stream).collect();
        assert!(own.iter().map(|event| event.version.0).eq(1..=25), "pages of {events_max}");
    }
}

pub async fn a_read_beyond_the_head_stays_where_it_is(ends: &dyn BothEnds) {
    let beyond = GlobalPosition(ends.log().head().await.unwrap().0 + 1_000_000);
    let page = ends.log().read(&from(beyond, 10)).await.unwrap();
    assert_eq!((page.events.len(), page.through), (0, beyond));
}

pub async fn wait_beyond_wakes_when_something_is_appended(ends: &dyn BothEnds) {
    let stream = fresh_stream();
    for version in 0..50 {
        let head = ends.log().head().await.unwrap();
        let wait = ends.log().wait_beyond(head);
        let (woken, appended) =
            beside(wait, ends.store().append(append(&stream, version, 1))).await;
        woken.unwrap();
        assert!(appended.unwrap().position > head);
        assert!(ends.log().head().await.unwrap() > head);
    }
}

pub async fn wait_beyond_does_not_wait_for_what_is_there(ends: &dyn BothEnds) {
    let appended = ends.store().append(append(&fresh_stream(), 0, 3)).await.unwrap();
    let before = GlobalPosition(appended.position.0 - 1);
    in_time(ends.log().wait_beyond(before)).await.unwrap();
    let far = GlobalPosition(appended.position.0 + 1_000_000);
    assert!(ends.log().wait_beyond(far).now_or_never().is_none(), "nothing is there yet");
}

pub async fn a_wait_that_is_dropped_disturbs_nothing(ends: &dyn BothEnds) {
    let stream = fresh_stream();
    let head = ends.log().head().await.unwrap();
    for _ in 0..100 {
        let _ = ends.log().wait_beyond(head).now_or_never();
    }
    ends.store().append(append(&stream, 0, 1)).await.unwrap();
    in_time(ends.log().wait_beyond(head)).await.unwrap();
}

pub(super) fn from(after: GlobalPosition, events_max: usize) -> LogQuery {
    LogQuery { after, events_max, ..LogQuery::default() }
}
