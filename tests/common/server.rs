//! The real program, started as a person starts it: on a folder of its own and any free port.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::client::Client;
use crate::common::wait::{eventually, within};

/// How long a start may take, with other servers starting beside it.
const START_S_MAX: u64 = 60;
/// How long an orderly end may take.
const STOP_S_MAX: u64 = 30;
/// What the last line of a start says before the address.
const READY: &str = "Atalaya is ready: ";

/// How to start it.
#[derive(Clone, Debug)]
pub(crate) struct ServerOptions {
    pub(crate) data_dir: PathBuf,
    /// The environment, beside which there is none but `PATH`.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// Beside those that every start needs.
    pub(crate) arguments: Vec<&'static str>,
}

impl ServerOptions {
    pub(crate) fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), environment: Vec::new(), arguments: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// The same, with the simulated fleet.
    pub(crate) fn with_demo(mut self) -> Self {
        self.arguments.push("--demo");
        self
    }

    /// The program on this folder, not yet started.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.in_environment();
        command.arg("--data-dir").arg(&self.data_dir).args(["--listen", "127.0.0.1:0"]);
        command.args(&self.arguments);
        command
    }

    /// The program with nothing but the arguments, for what is no server.
    pub(crate) fn bare_command(&self) -> Command {
        let mut command = self.in_environment();
        command.args(&self.arguments);
        command
    }

    fn in_environment(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya"));
        command.env_clear();
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A running server. It is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    log: Log,
    pub(crate) url: String,
}

/// It ended before it was ready.
#[derive(Debug)]
pub(crate) struct Died {
    pub(crate) status: ExitStatus,
    pub(crate) log: String,
}

impl Server {
    /// Starts it, and waits until it says where it is.
    pub(crate) async fn try_start(options: &ServerOptions) -> Result<Self, Died> {
        let mut command = options.command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program can be started");
        let log = Log::default();
        log.follow(child.stdout.take().expect("it is piped"));
        log.follow(child.stderr.take().expect("it is piped"));
        let mut server = Self { child, log, url: String::new() };
        let url_or_end = async || match (server.log.url(), server.child.try_wait()) {
            (Some(url), _) => Some(Ok(url)),
            (None, Ok(Some(status))) => Some(Err(status)),
            (None, _) => None,
        };
        let bound = Duration::from_secs(START_S_MAX);
        match within(bound, url_or_end).await {
            Some(Ok(url)) => server.url = url,
            Some(Err(status)) => return Err(Died { status, log: server.log.text() }),
            None => panic!("the server was not ready within {bound:?}:\n{}", server.log.text()),
        }
        Ok(server)
    }

    pub(crate) async fn start(options: &ServerOptions) -> Self {
        Self::try_start(options).await.unwrap_or_else(|Died { status, log }| {
            panic!("the server ended with {status} before it was ready:\n{log}")
        })
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// `127.0.0.1:12345`
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written so far.
    pub(crate) fn log(&self) -> String {
        self.log.text()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it as an operator does, and asserts that it ends well.
    pub(crate) async fn stop(mut self) {
        self.signal(Signal::TERM);
        let status = self.ended(STOP_S_MAX).await;
        assert!(status.success(), "the server ended with {status}:\n{}", self.log());
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a child has a pid"), signal).expect("it can be told");
    }

    /// Waits until it has ended by itself, and tells by which signal.
    pub(crate) async fn killed_by(&mut self, s_max: u64) -> Option<i32> {
        self.ended(s_max).await.signal()
    }

    async fn ended(&mut self, s_max: u64) -> ExitStatus {
        let child = &mut self.child;
        let bound = Duration::from_secs(s_max);
        eventually("the server ends", bound, async || child.try_wait().ok().flatten()).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let text = self.log.text();
            let tail: Vec<&str> = text.lines().rev().take(40).collect();
            crate::common::say(&format!("the server at {} last said:", self.url));
            tail.iter().rev().for_each(|line| crate::common::say(line));
        }
    }
}

/// All that the program wrote.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn follow(&self, from: impl Read + Send + 'static) {
        let log = self.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                let mut text = log.0.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&line);
                text.push('\n');
            }
        });
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn url(&self) -> Option<String> {
        let text = self.text();
        let (_, after) = text.split_once(READY)?;
        let (url, _) = after.split_once('\n')?;
        Some(url.trim().trim_end_matches('/').to_owned())
    }
}

/// All files below `folder`.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map_while(Result::ok).map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
