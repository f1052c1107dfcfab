//! The dashboard in a real browser, over the demo fleet.
//!
//! `SCREENSHOTS` names a folder for what was seen.

#[path = "ui/browser.rs"]
mod browser;
#[path = "common/common.rs"]
mod common;

use browser::Browser;
use common::server::{Server, ServerOptions};

#[tokio::test(flavor = "multi_thread")]
async fn browser_shows_motors_with_zones_and_spectra_and_finished_pictures() {
    let Some(browser) = Browser::start().await else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(&ServerOptions::new(folder.path()).with_demo()).await;

    browser.open(&format!("{}/#/", server.url)).await;
    browser.wait_for(".card[data-zone='A']").await;
    browser.wait_for(".card[data-zone='D']").await;
    browser.screenshot("fleet").await;

    browser.click(".card[data-zone='D'] a").await;
    browser.wait_until_shown("figure[data-plot='trend'] img").await;
    browser.wait_until_shown("figure[data-plot='spectrum'] img").await;
    browser.screenshot("motor").await;

    browser.open(&format!("{}/#/images", server.url)).await;
    browser.wait_until_shown(".card[data-state='completed'] .thumb img").await;
    browser.screenshot("images").await;

    browser.open(&format!("{}/#/events", server.url)).await;
    browser.wait_for("main [data-key]").await;
    browser.screenshot("events").await;

    browser.open(&format!("{}/#/system", server.url)).await;
    browser.wait_for("[data-key^='motors']").await;
    browser.screenshot("system").await;
    assert_eq!(browser.problems().await, Vec::<String>::new());

    browser.open(&format!("{}/docs/", server.url)).await;
    browser.wait_for(".swagger-ui .opblock").await;
    browser.end().await;
}
