//! The bytes of pictures over HTTP.

use axum::http::Method;
use domain::image::ImageEvent;
use ports::blobs::{BlobKey, VariantName};

use crate::make::{Story, TASK, failed, produced, submitted};
use crate::site::Site;

const VARIANT: &[u8] = b"\xFF\xD8\xFF\xE0 pixels";
const WEBP: &[u8] = b"RIFF\x0c\0\0\0WEBPVP8L";

async fn site(events: &[ImageEvent]) -> Site {
    let start = Story::default().image(TASK, &submitted());
    let story = events.iter().fold(start, |story, event| story.image(TASK, event));
    let site = Site::of(&story).await;
    site.keeps(BlobKey::Original { task_id: TASK }, b"<svg onload=alert(1)>").await;
    let name = VariantName::new("1024x1024.jpg").expect("a name");
    site.keeps(BlobKey::Variant { task_id: TASK, name }, VARIANT).await;
    site
}

async fn completed() -> Site {
    site(&[produced("1024x1024.jpg"), ImageEvent::Completed {}]).await
}

fn path(name: &str) -> String {
    format!("/v1/images/{TASK}/{name}")
}

#[tokio::test]
async fn a_variant_is_kept_for_ever_under_the_hash_of_its_content() {
    let answer = completed().await.get(&path("1024x1024.jpg")).await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, VARIANT));
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("accept-ranges", "bytes"),
        ("content-disposition", "inline; filename=\"1024x1024.jpg\""),
        ("etag", &format!("\"{}\"", "0b".repeat(32))),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(answer.header("content-security-policy").contains("default-src 'none'"));
}

#[tokio::test]
async fn an_original_is_handed_out_as_a_file_and_never_run() {
    let answer = completed().await.get(&path("original")).await;
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"original.bin\"");
    assert!(answer.header("content-security-policy").contains("sandbox"));
}

#[tokio::test]
async fn head_tells_all_but_the_bytes() {
    let answer = completed().await.asked(Method::HEAD, &path("1024x1024.jpg"), &[]).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-length"), VARIANT.len().to_string());
    assert_eq!(answer.header("content-type"), "image/jpeg");
}

#[tokio::test]
async fn a_part_is_answered_as_a_part() {
    let site = completed().await;
    let path = path("1024x1024.jpg");
    let part = site.get_with(&path, &[("range", "bytes=5-6")]).await;
    assert_eq!((part.status.as_u16(), &part.body[..]), (206, &b"pi"[..]));
    assert_eq!(part.header("content-range"), "bytes 5-6/11");
    let outside = site.get_with(&path, &[("range", "bytes=11-")]).await;
    assert_eq!(outside.problem(), (416, "outside".to_owned()));
    assert_eq!(outside.header("content-range"), "bytes */11");
    assert_eq!(outside.header("cache-control"), "", "only success is kept");
    let changed = site.get_with(&path, &[("range", "bytes=5-6"), ("if-range", "\"other\"")]).await;
    assert_eq!((changed.status.as_u16(), &changed.body[..]), (200, VARIANT));
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let tag = format!("\"{}\"", "0b".repeat(32));
    let known =
        completed().await.get_with(&path("1024x1024.jpg"), &[("if-none-match", &tag)]).await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), tag);
}

#[tokio::test]
async fn not_yet_never_and_unknown_are_told_apart() {
    let (code, detail) = ("corrupt".to_owned(), "no end".to_owned());
    let given_up = ImageEvent::DeadLettered { attempts: 1, code, detail };
    for (events, name, problem) in [
        (vec![], "1024x1024.jpg", (409, "not_yet")),
        (vec![ImageEvent::ProcessingStarted { attempt: 1 }], "800x800.jpg", (409, "not_yet")),
        (vec![ImageEvent::Cancelled {}], "800x800.jpg", (410, "cancelled")),
        (vec![failed(None), given_up], "800x800.jpg", (409, "failed")),
        (vec![], "2000x2000.jpg", (404, "not_found")),
        (vec![], "..", (404, "not_found")),
        (vec![], "..%2f..%2fetc%2fpasswd", (404, "not_found")),
    ] {
        let answer = site(&events).await.get(&path(name)).await;
        let (status, code) = problem;
        assert_eq!(answer.problem(), (status, code.to_owned()), "{name} after {events:?}");
        assert_eq!(answer.header("cache-control"), "");
    }
}

#[tokio::test]
async fn bytes_that_are_lost_are_a_fault_of_ours() {
    let events = [produced("800x800.jpg"), ImageEvent::Completed {}];
    let answer = site(&events).await.get(&path("800x800.jpg")).await;
    assert_eq!(answer.problem(), (500, "bytes_missing".to_owned()));
}

/// A task with a picture as JPEG of ten bytes and as WebP, of different hashes.
async fn in_two_encodings(webp_bytes: u64) -> Site {
    let mut webp = produced("1024x1024.webp");
    if let ImageEvent::VariantProduced(variant) = &mut webp {
        (variant.sha256, variant.bytes) = ("0c".repeat(32), webp_bytes);
    }
    let site = site(&[produced("1024x1024.jpg"), webp, ImageEvent::Completed {}]).await;
    let name = VariantName::new("1024x1024.webp").expect("a name");
    site.keeps(BlobKey::Variant { task_id: TASK, name }, WEBP).await;
    site
}

#[tokio::test]
async fn a_client_that_knows_webp_is_given_it_in_place_of_the_jpeg() {
    let site = in_two_encodings(9).await;
    let (jpeg, webp) = (format!("\"{}\"", "0b".repeat(32)), format!("\"{}\"", "0c".repeat(32)));
    let chrome = ("accept", "image/avif,image/webp,image/*,*/*;q=0.8");
    for (headers, bytes, kind, tag, name) in [
        (vec![chrome], WEBP, "image/webp", &webp, "1024x1024.webp"),
        (vec![("accept", "*/*")], VARIANT, "image/jpeg", &jpeg, "1024x1024.jpg"),
        (vec![], VARIANT, "image/jpeg", &jpeg, "1024x1024.jpg"),
    ] {
        let answer = site.get_with(&path("1024x1024.jpg"), &headers).await;
        assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, bytes), "{headers:?}");
        assert_eq!(answer.header("content-type"), kind);
        assert_eq!(answer.header("etag"), tag);
        assert_eq!(answer.header("vary"), "accept", "a cache must keep both apart");
        assert_eq!(answer.header("content-disposition"), format!("inline; filename=\"{name}\""));
    }
    let known = [chrome, ("if-none-match", webp.as_str())];
    let known = site.get_with(&path("1024x1024.jpg"), &known).await;
    assert_eq!((known.status.as_u16(), known.header("vary")), (304, "accept"));
    let other = [chrome, ("if-none-match", jpeg.as_str())];
    assert_eq!(site.get_with(&path("1024x1024.jpg"), &other).await.status.as_u16(), 200);
    let asked_for = site.get(&path("1024x1024.webp")).await;
    assert_eq!((asked_for.header("content-type"), asked_for.header("vary")), ("image/webp", ""));
}

#[tokio::test]
async fn a_picture_of_one_encoding_or_with_a_webp_that_is_no_shorter_does_not_vary() {
    for site in [completed().await, in_two_encodings(10).await] {
        let answer = site.get_with(&path("1024x1024.jpg"), &[("accept", "image/webp")]).await;
        assert_eq!((answer.header("content-type"), answer.header("vary")), ("image/jpeg", ""));
    }
}

#[tokio::test]
async fn what_was_kept_for_long_enough_is_gone() {
    let variants = vec!["1024x1024.jpg".to_owned()];
    let events =
        [produced("1024x1024.jpg"), ImageEvent::Completed {}, ImageEvent::Expired { variants }];
    let site = site(&events).await;
    for name in ["1024x1024.jpg", "800x800.jpg", "original"] {
        let answer = site.get(&path(name)).await;
        assert_eq!(answer.problem(), (410, "expired".to_owned()), "{name}");
        assert_eq!(answer.header("cache-control"), "");
    }
    assert_eq!(site.get(&path("x.jpg")).await.problem(), (404, "not_found".to_owned()));
    let task = site.get(&format!("/v1/images/{TASK}")).await;
    let task: serde_json::Value = serde_json::from_slice(&task.body).expect("it is JSON");
    assert_eq!(task["state"], "expired");
}
