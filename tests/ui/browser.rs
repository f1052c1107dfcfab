//! Chromium by `WebDriver`: what a person would see.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::http::Method;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use url::{ParseError, Url};

const PATIENCE_S: u64 = 120;
const POLL_MS: u64 = 100;
const WINDOW: (u32, u32) = (1_440, 1_000);

pub(crate) struct Browser {
    client: Client,
    driver: Child,
    profile: tempfile::TempDir,
}

impl Browser {
    /// `None`, with a word about it, where there is no browser; with `REQUIRE_SERVICES=1` that is a failure.
    pub(crate) async fn start() -> Option<Self> {
        let Some(mut driver) = start_driver() else {
            let required = std::env::var("REQUIRE_SERVICES").is_ok_and(|value| value == "1");
            assert!(!required, "there is no chromedriver: install chromium and chromium-driver");
            crate::common::say("skipped: there is no chromedriver");
            return None;
        };
        let port = port_of(&mut driver);
        let profile = tempfile::tempdir().expect("a temporary folder");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let wishes = json!({
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(wishes) = wishes else { unreachable!("it is an object") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wishes)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromedriver starts a browser");
        client.set_window_size(WINDOW.0, WINDOW.1).await.expect("the window has a size");
        Some(Self { client, driver, profile })
    }

    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.expect("the page opens");
    }

    pub(crate) async fn click(&self, selector: &str) {
        self.wait_for(selector).await;
        // A refresh may replace the element between finding and clicking it.
        let script = "document.querySelector(arguments[0])?.click()";
        self.run(script, selector).await;
    }

    /// Presses keys, as `fantoccini::key` names them or as letters, where the focus is.
    pub(crate) async fn press(&self, keys: &str) {
        let focused = self.client.active_element().await.expect("something has the focus");
        focused.send_keys(keys).await.expect("keys can be pressed");
    }

    /// Chooses from a list, as a person does.
    pub(crate) async fn choose(&self, selector: &str, value: &str) {
        self.wait_for(selector).await;
        let script = "const list = document.querySelector(arguments[0]);\
                      list.value = arguments[1];\
                      list.dispatchEvent(new Event('change', { bubbles: true }))";
        self.script(script, vec![json!(selector), json!(value)]).await;
    }

    /// What a script returns.
    pub(crate) async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.expect("the page runs scripts")
    }

    /// What a script gives to the function that is its last argument.
    pub(crate) async fn script_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute_async(script, arguments).await.expect("the page runs scripts")
    }

    /// Waits until the element says this.
    pub(crate) async fn wait_for_text(&self, selector: &str, text: &str) {
        let script = "return [...document.querySelectorAll(arguments[0])]\
                      .some((one) => one.textContent.includes(arguments[1]))";
        let waiting = async {
            while self.script(script, vec![json!(selector), json!(text)]).await != json!(true) {
                sleep(Duration::from_millis(POLL_MS)).await;
            }
        };
        self.patiently(&format!("{selector} with {text:?}"), waiting).await;
    }

    /// Waits for an element to go.
    pub(crate) async fn wait_until_gone(&self, selector: &str) {
        self.until(selector, "return document.querySelector(arguments[0]) === null").await;
    }

    /// The language of the pages that are opened from now on; some page of the server is open.
    pub(crate) async fn speak(&self, language: &str) {
        let script = "localStorage.setItem('atalaya.language', arguments[0])";
        self.script(script, vec![json!(language)]).await;
    }

    /// As large as this, with this scheme of colours: `light` or `dark`.
    pub(crate) async fn look_like(&self, (width, height): (u32, u32), scheme: &str) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", scheme).await;
    }

    async fn devtools(&self, command: &'static str, parameters: Value) {
        let asked = self.client.issue_cmd(Devtools { command, parameters }).await;
        asked.expect("the driver hands it on");
    }

    /// Waits for an element.
    pub(crate) async fn wait_for(&self, selector: &str) {
        let script = "return document.querySelector(arguments[0]) !== null";
        self.until(selector, script).await;
    }

    /// Waits for a picture that has really been loaded and drawn.
    pub(crate) async fn wait_until_shown(&self, selector: &str) {
        let script = "const picture = document.querySelector(arguments[0]);\
                      return Boolean(picture && picture.complete && picture.naturalWidth > 100)";
        self.until(selector, script).await;
    }

    /// Keeps what is seen in the folder that `SCREENSHOTS` names, if it names one.
    pub(crate) async fn screenshot(&self, name: &str) {
        let picture = self.client.screenshot().await.expect("the browser draws");
        assert!(picture.len() > 10_000, "the page {name} looks empty");
        if let Ok(folder) = std::env::var("SCREENSHOTS") {
            let path = PathBuf::from(folder).join(format!("{name}.png"));
            std::fs::write(path, picture).expect("the folder can be written");
        }
    }

    /// What the page shows as problems.
    pub(crate) async fn problems(&self) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll('.problem')].map((box) => box.textContent)";
        let found = self.client.execute(script, vec![]).await.expect("the page runs scripts");
        serde_json::from_value(found).expect("a list of texts")
    }

    pub(crate) async fn until(&self, selector: &str, script: &str) {
        let waiting = async {
            while self.run(script, selector).await != json!(true) {
                sleep(Duration::from_millis(POLL_MS)).await;
            }
        };
        self.patiently(selector, waiting).await;
    }

    async fn patiently(&self, what: &str, waiting: impl Future<Output = ()>) {
        if timeout(Duration::from_secs(PATIENCE_S), waiting).await.is_err() {
            let text = "return document.body.innerText";
            let seen = self.client.execute(text, vec![]).await.unwrap_or_default();
            panic!("waited for {what}; the page says:\n{}", seen.as_str().unwrap_or(""));
        }
    }

    async fn run(&self, script: &str, selector: &str) -> Value {
        self.client.execute(script, vec![json!(selector)]).await.expect("the page runs scripts")
    }

    /// Ends the browser and its driver.
    pub(crate) async fn end(mut self) {
        self.client.clone().close().await.expect("the browser closes");
        self.driver.kill().expect("the driver was ours");
        self.driver.wait().expect("the driver was ours");
        drop(self.profile);
    }
}

/// What `WebDriver` has no words for.
#[derive(Debug)]
struct Devtools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}

fn start_driver() -> Option<Child> {
    Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()
}

/// The driver chooses a free port and says which.
fn port_of(driver: &mut Child) -> u16 {
    let output = driver.stdout.take().expect("its output is a pipe");
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if let Some(port) = line.split("on port ").nth(1) {
            let digits: String = port.chars().take_while(char::is_ascii_digit).collect();
            if let Ok(port @ 1..) = digits.parse() {
                return port;
            }
        }
    }
    panic!("chromedriver ended before it listened");
}
