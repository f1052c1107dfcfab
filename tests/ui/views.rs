//! Every view, in both languages, light and dark, on a desk and on a telephone.

use serde_json::json;

use crate::axe::Axe;
use crate::browser::Browser;
use crate::common::server::Server;
use crate::plant;

const DESK: (u32, u32) = (1_440, 1_000);
const TELEPHONE: (u32, u32) = (390, 844);
/// Each look of the dashboard: its language, its size, its colours.
const LOOKS: [(&str, (u32, u32), &str); 4] = [
    ("en", DESK, "light"),
    ("es", DESK, "light"),
    ("es", TELEPHONE, "light"),
    ("en", DESK, "dark"),
];

/// A view by the name of its picture, where it is, and what it shows when it is ready.
struct View {
    name: &'static str,
    hash: String,
    ready: &'static str,
}

/// All of them; `motor` has readings and an alarm, `task` is a picture that is ready.
fn views(motor: &str, task: &str) -> Vec<View> {
    let view = |name, hash: &str, ready| View { name, hash: hash.to_owned(), ready };
    vec![
        view("fleet", "#/", ".card[data-zone='D']"),
        view("motor", &format!("#/motors/{motor}"), "[data-fault] li"),
        view("alarms", "#/alarms", ".alarm-panel[data-alarm] .primary"),
        view("images", "#/images", ".card[data-state='completed'] .thumb img"),
        view("events", "#/events", ".log [data-key]"),
        view("history", &format!("#/events/motor/{motor}"), ".changes tbody tr"),
        view("picture", &format!("#/events/image/{task}"), ".changes tbody tr"),
        view("projections", "#/projections", "tr[data-state='live'] button"),
        view("letters", "#/letters", ".letters .panel"),
        view("system", "#/system", ".checks .chip[data-state='well']"),
    ]
}

pub(crate) async fn look_at_all(browser: &Browser, server: &Server) {
    let axe = Axe::fetched();
    browser.open(&format!("{}/#/alarms", server.url)).await;
    browser.wait_for(".alarm-panel[data-alarm='trip'] h2 a").await;
    let link = "return document.querySelector('.alarm-panel[data-alarm=\"trip\"] h2 a').hash";
    let link = browser.script(link, vec![]).await;
    let motor = link.as_str().and_then(|link| link.rsplit('/').next()).expect("it names a motor");
    browser.open(&format!("{}/#/images", server.url)).await;
    browser.wait_until_shown(".card[data-state='completed'] .thumb img").await;
    let task = "return document.querySelector('.card[data-state=\"completed\"]').dataset.key";
    let task = browser.script(task, vec![]).await;
    let views = views(motor, task.as_str().expect("it is a task"));
    for (language, size, scheme) in LOOKS {
        browser.look_like(size, scheme).await;
        browser.speak(language).await;
        for View { name, hash, ready } in &views {
            let page = format!("{name}-{language}-{}-{scheme}", size.0);
            browser.open("about:blank").await;
            browser.open(&format!("{}/{hash}", server.url)).await;
            browser.wait_for(ready).await;
            browser.wait_for("#live[data-state='live']").await;
            browser.screenshot(&page).await;
            axe.is_content_with(browser, &page).await;
            assert_eq!(browser.problems().await, Vec::<String>::new(), "{page}");
            let facts = "return [document.documentElement.lang, document.documentElement.dataset.untold ?? '',\
                         document.documentElement.scrollWidth > innerWidth]";
            let facts = browser.script(facts, vec![]).await;
            assert_eq!(
                facts,
                json!([language, "", false]),
                "{page}: language, texts without translation, wider than the window"
            );
        }
    }
    browser.look_like(DESK, "light").await;
    browser.speak("en").await;
}

/// The operator's walk: an alarm, the log, a motor as it was, a projection, what could not be handled, the queue.
pub(crate) async fn operate(browser: &Browser, server: &Server) {
    let open = async |hash: &str| browser.open(&format!("{}/{hash}", server.url)).await;
    let confirm = async || browser.click("dialog[open] button[value='yes']").await;

    open("#/alarms").await;
    browser.wait_for(".alarm-panel .primary").await;
    let acknowledged = "const panel = document.querySelector('.alarm-panel:has(.primary)');\
                        panel.querySelector('.primary').click(); return panel.dataset.key";
    let motor = browser.script(acknowledged, vec![]).await;
    let motor = motor.as_str().expect("a motor").to_owned();
    browser.wait_for(&format!(".alarm-panel[data-key='{motor}']:not(:has(.primary)) .soft")).await;

    open("#/events").await;
    browser.choose(".picker:not(form) select", "motor").await;
    browser
        .choose(".picker:not(form) label:nth-of-type(2) select", "atalaya.motor.alarm_acknowledged")
        .await;
    browser.wait_for(".log li[data-type='atalaya.motor.alarm_acknowledged']").await;
    browser.wait_until_gone(".log li:not([data-type='atalaya.motor.alarm_acknowledged'])").await;

    open(&format!("#/events/motor/{motor}")).await;
    browser.wait_for_text(".history li:last-child strong", "registered").await;
    browser.click(".history li:last-child button").await;
    browser.wait_for_text("#as-of", "Version 1").await;
    browser.wait_for_text(".changes tr", "rated_power_kw").await;
    let at = "const input = document.getElementById('at-time'); input.value = arguments[0];\
              input.form.requestSubmit()";
    browser.script(at, vec![json!("2001-01-01T00:00:00")]).await;
    browser.wait_for_text(".problem", "there was no motor").await;
    browser.script(at, vec![json!("2100-01-01T00:00:00")]).await;
    browser.wait_until_gone(".problem").await;
    browser.screenshot("state-of-a-time").await;

    open("#/projections").await;
    browser.click("tr[data-key^='images '] button").await;
    browser.wait_for("dialog[open]").await;
    browser.screenshot("question").await;
    confirm().await;
    browser.wait_for("tr[data-key='images 2'] [data-rebuild='done']").await;
    browser.click("tr[data-key='images 2'] .actions button:last-child").await;
    confirm().await;
    browser.wait_for("tr[data-key='images 1'][data-state='live']").await;

    open("#/letters").await;
    browser.wait_for_text(".letters .failure", "").await;
    browser.wait_for(&format!(".letters a[href$='{}']", plant::SICK)).await;
    let count = "return document.querySelectorAll('.letters > li').length";
    let letters = browser.script(count, vec![]).await.as_u64().expect("a number");
    browser.click(".letters li:first-child .actions .primary").await;
    confirm().await;
    browser.wait_for(".toast").await;
    browser.click(".letters li:last-child .actions button:last-child").await;
    confirm().await;
    let fewer = format!("return document.querySelectorAll('.letters > li').length < {letters}");
    browser.until("a letter is gone", &fewer).await;

    open("#/system").await;
    browser.click("section[aria-labelledby='t-queue'] button").await;
    confirm().await;
    browser.wait_for("section[aria-labelledby='t-queue'] [data-state='paused']").await;
    browser.click("section[aria-labelledby='t-queue'] button").await;
    confirm().await;
    browser.wait_for("section[aria-labelledby='t-queue'] [data-state='running']").await;
}

/// Pictures: dropped, shown while they go, looked at with the keyboard; and one that failed, tried again.
pub(crate) async fn send_pictures(browser: &Browser, server: &Server, whole: &[u8]) {
    browser.open(&format!("{}/#/images", server.url)).await;
    browser.wait_for(".drop").await;
    let drop = "const files = new DataTransfer();\
        const bytes = (list) => new Uint8Array(list);\
        files.items.add(new File([bytes(arguments[0])], 'whole.jpg', { type: 'image/jpeg' }));\
        files.items.add(new File([bytes(arguments[1])], 'half.jpg', { type: 'image/jpeg' }));\
        files.items.add(new File(['no picture'], 'text.txt', { type: 'text/plain' }));\
        globalThis.seen = []; \
        new MutationObserver(() => { for (const bar of document.querySelectorAll('.uploads progress')) seen.push(bar.value) })\
            .observe(document.querySelector('.uploads'), { subtree: true, childList: true, attributes: true });\
        document.querySelector('.drop').dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }))";
    let half = &whole[..whole.len() / 2];
    browser.script(drop, vec![json!(whole), json!(half)]).await;
    browser.wait_for_text(".uploads li", "accepted as").await;
    browser.wait_for_text(".uploads .problem", "not supported").await;
    let seen = browser.script("return seen.length", vec![]).await;
    assert!(seen.as_u64().is_some_and(|count| count > 0), "progress was shown: {seen}");
    browser.wait_for(".card[data-state='failed'] .failure").await;
    browser.screenshot("uploads").await;
    let failed = "return document.querySelector(\".card[data-state='failed']\").dataset.key";
    let failed = browser.script(failed, vec![]).await;
    let failed = failed.as_str().expect("a task").to_owned();
    browser.click(&format!(".card[data-key='{failed}'] .actions button")).await;
    let retried = format!("/v1/images/{failed}/history");
    let client = server.client();
    let events = async || {
        let history = client.json(&retried).await;
        let items = history["items"].as_array().expect("a page").clone();
        items.iter().any(|event| event["type"] == "atalaya.image.retry_requested").then_some(())
    };
    crate::common::wait::eventually(
        "it is tried again",
        std::time::Duration::from_secs(30),
        events,
    )
    .await;

    browser.wait_until_shown(".card[data-state='completed'] .thumb img").await;
    browser.click(".card[data-state='completed'] a.thumb").await;
    browser.wait_until_shown("dialog.gallery .stage img").await;
    browser.screenshot("gallery").await;
    browser.press("\u{e00c}").await;
    browser.wait_until_gone("dialog.gallery").await;
}
