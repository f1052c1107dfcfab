//! Lists, items, and the positions that they are answered from.

use std::path::Path;

use domain::motor::{AlarmLevel, Assessment, MotorEvent};
use ports::dead_letter::{DeadLetters, NewDeadLetter};
use ports::stream::GlobalPosition;
use ports::subscription::progress_at;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::make::{
    MOTOR, OTHER_MOTOR, Story, TASK, alarm, at, found, lost, registered, submitted, zone,
};
use crate::site::Site;

fn numbered(i: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + i)
}

fn seven_motors() -> Story {
    // Two have the same name, so that the order of their ids must tell them apart.
    let names = ["P-4", "P-2", "P-7", "P-2", "P-1", "P-6", "P-3"];
    names
        .iter()
        .zip(0..)
        .fold(Story::default(), |story, (name, i)| story.motor(numbered(i), &registered(name)))
}

fn names(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items").iter();
    items.map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn a_list_is_read_page_by_page_to_its_end() {
    let site = Site::of(&seven_motors()).await;
    let mut path = "/v1/motors?limit=3&state=in_service".to_owned();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let answer = site.get(&path).await;
        assert_eq!(answer.header("atalaya-position"), "7");
        let page = answer.json();
        seen.extend(names(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/motors?limit=3&state=in_service&cursor={next}");
        assert_eq!(answer.header("link"), format!("<{path}>; rel=\"next\""));
    }
    assert_eq!(seen, ["P-1", "P-2", "P-2", "P-3", "P-4", "P-6", "P-7"]);
    let last = site.get(&path).await;
    assert!(last.json().get("next").is_none() && last.header("link").is_empty());
}

#[tokio::test]
async fn a_list_is_narrowed_and_leaves_out_what_has_left() {
    let story = seven_motors()
        .motor(numbered(0), &zone("DE", Assessment::C))
        .motor(numbered(1), &zone("DE", Assessment::C))
        .motor(numbered(1), &MotorEvent::Decommissioned {});
    let site = Site::of(&story).await;
    for (query, expected) in [
        ("zone=C", vec!["P-4"]),
        ("zone=C&state=any", vec!["P-2", "P-4"]),
        ("state=decommissioned", vec!["P-2"]),
        ("zone=unknown&name=P-2", vec!["P-2"]),
        ("location=Hall%202&name=P-7", vec!["P-7"]),
        ("zone=D", vec![]),
    ] {
        let page = site.get(&format!("/v1/motors?{query}")).await.json();
        assert_eq!(names(&page), expected, "{query}");
    }
    let gone = site.get(&format!("/v1/motors/{}", numbered(1))).await;
    assert_eq!((gone.status.as_u16(), &gone.json()["state"]), (200, &json!("decommissioned")));
}

#[tokio::test]
async fn what_a_query_gets_wrong_is_told_and_not_ignored() {
    let site = Site::of(&seven_motors()).await;
    for query in [
        "zoen=C",
        "limit=0",
        "limit=201",
        "limit=many",
        "cursor=made-up",
        "zone=A&zone=B",
        "min_position=-1",
    ] {
        let answer = site.get(&format!("/v1/motors?{query}")).await;
        assert_eq!(answer.problem(), (400, "bad_parameter".to_owned()), "{query}");
        let name = query.split('=').next().expect("a name");
        assert_eq!(answer.json()["errors"][0]["pointer"], format!("/{name}"));
    }
    assert_eq!(site.get("/v1/fleet?x=1").await.status, 400);
    assert_eq!(site.get(&format!("/v1/motors/{}?x=1", numbered(0))).await.status, 400);
}

#[tokio::test]
async fn an_item_has_its_version_as_etag_and_is_not_sent_twice() {
    let story = Story::default().motor(MOTOR, &registered("P-101")).motor(MOTOR, &found("DE"));
    let site = Site::of(&story).await;
    let path = format!("/v1/motors/{MOTOR}");
    let answer = site.get(&path).await;
    assert_eq!((answer.header("etag"), answer.header("atalaya-position")), ("\"2\"", "2"));
    assert_eq!(answer.json()["version"], 2);
    for known in ["\"2\"", "W/\"2\"", "\"1\", \"2\"", "*"] {
        let again = site.get_with(&path, &[("if-none-match", known)]).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{known}");
        assert_eq!(again.header("etag"), "\"2\"");
    }
    assert_eq!(site.get_with(&path, &[("if-none-match", "\"1\"")]).await.status, 200);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let site = Site::of(&seven_motors()).await;
    for path in [
        format!("/v1/motors/{MOTOR}"),
        "/v1/motors/none".to_owned(),
        format!("/v1/images/{TASK}"),
        format!("/v1/motors/{MOTOR}/history"),
        format!("/v1/motors/{MOTOR}/trend"),
        format!("/v1/motors/{MOTOR}/trend.svg"),
        "/ui/none.js".to_owned(),
        "/ui/../Cargo.toml".to_owned(),
    ] {
        assert_eq!(site.get(&path).await.problem(), (404, "not_found".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_picture_task_is_found_by_its_motor_the_newest_first() {
    let story = Story::default()
        .image(numbered(1), &submitted())
        .image(numbered(2), &submitted())
        .image(numbered(2), &domain::image::ImageEvent::Cancelled {});
    let site = Site::of(&story).await;
    let page = site.get(&format!("/v1/images?motor_id={MOTOR}")).await.json();
    let ids: Vec<_> =
        page["items"].as_array().expect("items").iter().map(|item| &item["task_id"]).collect();
    assert_eq!(ids, [&json!(numbered(2)), &json!(numbered(1))]);
    let page = site.get("/v1/images?state=cancelled").await.json();
    assert_eq!(page["items"][0]["task_id"], json!(numbered(2)));
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn the_fleet_counts_what_is_in_service() {
    let story = seven_motors()
        .motor(numbered(0), &zone("DE", Assessment::A))
        .motor(numbered(1), &zone("DE", Assessment::D))
        .motor(numbered(1), &alarm("DE", AlarmLevel::Trip))
        .motor(numbered(2), &zone("DE", Assessment::NotAssessable))
        .motor(numbered(2), &lost("DE"))
        .motor(numbered(2), &lost("NDE"))
        .motor(numbered(3), &lost("DE"))
        .motor(numbered(4), &zone("DE", Assessment::D))
        .motor(numbered(4), &lost("DE"))
        .motor(numbered(4), &MotorEvent::Decommissioned {});
    let answer = Site::of(&story).await.get("/v1/fleet").await;
    assert_eq!(answer.header("atalaya-position"), "17");
    assert_eq!(
        answer.json(),
        json!({
            "motors": 6,
            "zones": { "A": 1, "B": 0, "C": 0, "D": 1, "not_assessable": 1, "unknown": 3 },
            "alarms": { "alarm": 0, "trip": 1 },
            "sensors_lost": 3,
        })
    );
}

#[tokio::test]
async fn the_history_of_one_motor_is_paged_by_version() {
    let story = Story::default()
        .motor(MOTOR, &registered("P-101"))
        .motor(OTHER_MOTOR, &registered("P-102"))
        .motor(MOTOR, &found("DE"))
        .motor(MOTOR, &lost("DE"));
    let site = Site::of(&story).await;
    let first = site.get(&format!("/v1/motors/{MOTOR}/history?limit=2")).await.json();
    let ids = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().expect("items").iter();
        items.map(|event| event["id"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(ids(&first), [format!("motor-{MOTOR}/1"), format!("motor-{MOTOR}/2")]);
    let cursor = first["next"].as_str().expect("there is more");
    let rest =
        site.get(&format!("/v1/motors/{MOTOR}/history?limit=2&cursor={cursor}")).await.json();
    assert_eq!(ids(&rest), [format!("motor-{MOTOR}/3")]);
    assert!(rest.get("next").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_reader_waits_for_a_position_but_not_for_ever() {
    let story = Story::default().motor(MOTOR, &registered("P-101"));
    let site = Site::of(&story).await;
    let path = format!("/v1/motors/{MOTOR}?min_position=2");
    let started = tokio::time::Instant::now();
    let answer = site.get(&path).await;
    assert_eq!(answer.problem(), (503, "behind".to_owned()));
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(started.elapsed().as_millis(), 2_000);
    site.happens(&story.motor(MOTOR, &found("DE")).events[1]).await;
    let (answer, ()) = tokio::join!(site.get(&path), site.fold());
    assert_eq!((answer.status.as_u16(), answer.header("atalaya-position")), (200, "2"));
    assert_eq!(answer.json()["version"], 2);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_parked_event_is_told_so() {
    let story = Story::default()
        .motor(MOTOR, &registered("P-101"))
        .motor(MOTOR, &found("DE"))
        .motor(OTHER_MOTOR, &registered("P-102"));
    let site = Site::of(&Story::default()).await;
    for event in &story.events {
        site.happens(event).await;
    }
    // The runner folded the first and the third event, and parked the second.
    let kind = projections::all().swap_remove(0);
    let folded = [story.events[0].clone(), story.events[2].clone()];
    let handler = kind.projector(1, site.models.clone());
    handler.handle(&folded, &progress_at(GlobalPosition(3))).await.expect("sound");
    let (event, reason) = (story.events[1].clone(), "it is broken".to_owned());
    let handler = "motors.1".to_owned();
    let letter = NewDeadLetter { handler, event, reason, attempts: 5, parked_at: at(0.0) };
    site.dead_letters.park(&[letter]).await.expect("memory");
    let motor = |id, position| format!("/v1/motors/{id}?min_position={position}");
    assert_eq!(site.get(&motor(MOTOR, 2)).await.problem(), (503, "parked".to_owned()));
    assert_eq!(site.get(&motor(MOTOR, 3)).await.problem(), (503, "parked".to_owned()));
    assert_eq!(site.get(&motor(MOTOR, 1)).await.status, 200, "that much is known");
    assert_eq!(site.get(&motor(OTHER_MOTOR, 3)).await.status, 200, "others are not concerned");
    assert_eq!(site.get(&format!("/v1/motors/{MOTOR}")).await.status, 200, "nobody asked for more");
}

#[tokio::test]
async fn every_route_that_is_described_is_there() {
    let story = Story::default().motor(MOTOR, &registered("P-101")).image(TASK, &submitted());
    let site = Site::of(&story).await;
    let api = projections::openapi();
    let paths = api["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), 21);
    for path in paths.keys() {
        let id = if path.contains("motors") { MOTOR } else { TASK };
        let path = path.replace("{id}", &id.to_string()).replace("{file}", "original");
        if path.ends_with("/events") && path.contains("images") {
            continue;
        }
        let answer = site.get(&path).await;
        assert!(!answer.body.is_empty(), "{path} is no route");
    }
}

#[tokio::test]
async fn the_dashboard_loads_nothing_from_elsewhere_and_is_asked_for_again() {
    let site = Site::of(&Story::default()).await;
    for (path, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/ui/", "text/html; charset=utf-8"),
        ("/ui/lib/api.js", "text/javascript; charset=utf-8"),
        ("/ui/icons.svg", "image/svg+xml"),
    ] {
        let answer = site.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, content_type));
        assert_eq!(answer.header("cache-control"), "no-cache");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        let again = site.get_with(path, &[("if-none-match", answer.header("etag"))]).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{path}");
    }
}

#[tokio::test]
async fn the_dashboard_from_a_directory_is_the_same_and_stays_in_it() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
    let site = Site::with_ui(&Story::default(), Some(dir)).await;
    let embedded = Site::of(&Story::default()).await;
    for path in ["/", "/ui/lib/api.js"] {
        let (one, other) = (site.get(path).await, embedded.get(path).await);
        assert_eq!(
            (one.status.as_u16(), one.header("etag")),
            (200, other.header("etag")),
            "{path}"
        );
    }
    for path in ["/ui/../Cargo.toml", "/ui/%2e%2e/Cargo.toml", "/ui//etc/hostname", "/ui/lib"] {
        assert_eq!(site.get(path).await.status, 404, "{path}");
    }
}

#[test]
fn whatever_lists_are_narrowed_and_sorted_by_is_declared() {
    for kind in projections::all() {
        let Some(resource) = kind.resource() else { continue };
        let declared: Vec<&str> =
            kind.collection(1).fields.iter().map(|field| field.name).collect();
        let filters = resource.filters.iter().map(|filter| filter.field);
        let sort = resource.sort.map(|sort| sort.field);
        for field in filters.chain(sort) {
            assert!(declared.contains(&field), "{field} of {}", kind.name());
        }
    }
}
