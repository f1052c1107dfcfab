//! The dashboard in a real browser, over the demo fleet.
//!
//! `SCREENSHOTS` names a folder for what was seen.

#[path = "ui/axe.rs"]
mod axe;
#[path = "ui/browser.rs"]
mod browser;
#[path = "common/common.rs"]
mod common;
#[path = "ui/plant.rs"]
mod plant;
#[path = "ui/texts.rs"]
mod texts;
#[path = "ui/views.rs"]
mod views;

use browser::Browser;
use common::samples::jpeg;
use common::server::{Server, ServerOptions};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn browser_shows_motors_with_zones_and_spectra_and_finished_pictures() {
    let Some(browser) = Browser::start().await else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(&ServerOptions::new(folder.path()).with_demo()).await;

    browser.open(&format!("{}/#/", server.url)).await;
    browser.wait_for(".card[data-zone='A']").await;
    browser.wait_for(".card[data-zone='D']").await;
    browser.click(".card[data-zone='D'] a").await;
    browser.wait_until_shown("figure[data-plot='trend'] img").await;
    browser.wait_until_shown("figure[data-plot='spectrum'] img").await;
    browser.open(&format!("{}/#/images", server.url)).await;
    browser.wait_until_shown(".card[data-state='completed'] .thumb img").await;
    assert_eq!(browser.problems().await, Vec::<String>::new());

    browser.open(&format!("{}/docs/", server.url)).await;
    browser.wait_for(".swagger-ui .opblock").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_shows_every_view_in_both_languages_and_axe_finds_nothing_serious() {
    let Some(browser) = Browser::start().await else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = plant::server(folder.path()).await;
    views::look_at_all(&browser, &server).await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_is_all_that_an_operator_needs() {
    let Some(browser) = Browser::start().await else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = plant::server(folder.path()).await;
    views::operate(&browser, &server).await;
    views::send_pictures(&browser, &server, &jpeg(640, 480, 2)).await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_can_be_used_with_a_key_and_without_a_mouse() {
    const READER: &str = "a secret of somebody who looks";
    const TABS_MAX: usize = 12;
    let Some(browser) = Browser::start().await else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = ServerOptions::new(folder.path()).with("API_KEYS", format!("wall:read:{READER}"));
    let server = Server::start(&options).await;

    browser.open(&format!("{}/#/", server.url)).await;
    browser.wait_for("dialog[open] input").await;
    browser.press(READER).await;
    browser.press("\u{e007}").await;
    browser.wait_for_text("h2", "No motors yet").await;
    browser.wait_for("#live[data-state='live']").await;

    // The first stop is the way past the menu; the menu follows, link by link.
    browser.script("document.activeElement.blur(); document.body.focus()", vec![]).await;
    let mut stops: Vec<Value> = Vec::new();
    let focused =
        "const { id, hash, dataset } = document.activeElement; return id || dataset.view || hash";
    while stops.last() != Some(&json!("projections")) {
        assert!(stops.len() < TABS_MAX, "{stops:?}");
        browser.press("\u{e004}").await;
        stops.push(browser.script(focused, vec![]).await);
    }
    let menu = ["fleet", "alarms", "images", "events", "projections"];
    assert_eq!(stops[0], "skip", "{stops:?}");
    assert!(stops.ends_with(&menu.map(Value::from)), "{stops:?}");
    browser.press("\u{e007}").await;
    // A reader may not look there: that is said, and no key is asked for.
    browser.wait_for_text(".problem", "admin").await;
    assert_eq!(
        browser.script("return document.querySelector('dialog')", vec![]).await,
        Value::Null
    );
    browser.end().await;
}
