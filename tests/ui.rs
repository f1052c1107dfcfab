//! The dashboard in a real browser, over the demo fleet.

#[path = "ui/browser.rs"]
mod browser;

use browser::Browser;

#[tokio::test(flavor = "multi_thread")]
async fn browser_sees_motors_with_zones_spectra_and_finished_pictures() {
    let Some(browser) = Browser::start().await else { return };
    browser.open("#/").await;
    browser.wait_for(".card[data-zone]").await;
    browser.wait_for(".card[data-zone='A']").await;
    browser.wait_for(".card[data-zone='D']").await;
    browser.screenshot("fleet").await;

    browser.click(".card[data-zone='D'] a").await;
    browser.wait_for("figure[data-plot='trend'] img").await;
    browser.wait_until_shown("figure[data-plot='spectrum'] img").await;
    browser.screenshot("motor").await;

    browser.open("#/images").await;
    browser.wait_until_shown("img[src*='800x800.jpg'], img[src^='blob:']").await;
    browser.screenshot("images").await;

    browser.open("#/events").await;
    browser.wait_for("[data-key]").await;
    browser.open("#/system").await;
    browser.wait_for("[data-key^='motors']").await;
    browser.screenshot("system").await;
    assert_eq!(browser.problems().await, Vec::<String>::new());
}
