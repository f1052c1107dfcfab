//! Serves: adapters, roles, HTTP; then drains in order.

mod door;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use infra_telemetry::{Identity, Metrics};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};
use uuid::Uuid;

use crate::adapters::{self, Adapters};
use crate::admin::print;
use crate::config::{Access, ApiKeys, Config, Pictures, Profile, Secret};
use crate::demo;
use crate::http::{DiskProbe, Rationing, Surroundings, service};
use crate::roles::{self, Role, RoleSettings};
use crate::simulate::client::Client;
use crate::supervisor::Supervisor;

/// Who the simulated fleet is, where keys are asked for.
const DEMO_KEY_NAME: &str = "demo";

/// Serves until told to stop by SIGINT or SIGTERM.
///
/// # Errors
/// Something that is needed is not there, or a task has failed.
pub async fn run(config: Config, identity: Identity, demo: bool) -> anyhow::Result<()> {
    // The port is bound before anything is opened: whoever finds it taken has changed nothing.
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("listening on {} failed", config.listen))?;
    let address = listener.local_addr()?;
    warn_if_open(&config, address);
    if config.roles.contains(&Role::Images) && !processors::picture::simd() {
        warn!(
            "this build makes pictures without SIMD, several times slower: install nasm and build again"
        );
    }
    let (adapters, foundation) = adapters::open(&config).await?;
    let served = tokio::select! {
        served = serve(&config, identity, adapters, listener, demo) => served,
        () = foundation.keep_house() => Ok(()),
    };
    foundation.close().await;
    served
}

async fn serve(
    config: &Config,
    identity: Identity,
    adapters: Adapters,
    listener: TcpListener,
    demo: bool,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let settings = settings(config, &identity);
    let metrics = Arc::new(Metrics::of(identity)?);
    let mut workers = Supervisor::default();
    let mut started = roles::start(&config.roles, &adapters, &settings, &metrics, &mut workers);
    started.probes.push(Arc::new(DiskProbe::of(folders(config), &metrics)));
    let (demo_key, api_keys) = demo_key(config, demo);
    let surroundings = Surroundings {
        api_keys,
        rationing: Rationing {
            quotas: Arc::clone(&adapters.quotas),
            settings: config.quota.clone(),
            clock: Arc::clone(&adapters.clock),
        },
        origins: config.origins.clone(),
        metrics,
        probes: started.probes,
    };
    let app = service(started.routes, surroundings);
    // Whoever sends is stopped before whoever works on what was sent.
    let mut senders = Supervisor::default();
    senders.spawn("http", door::answer(listener, app, senders.drain()));
    let url = format!("http://{address}");
    if demo {
        let client = Client::new(url.clone(), demo_key);
        senders.spawn("demo", demo::run(client, senders.drain()));
    }
    announce(&url, demo);
    let failed = tokio::select! {
        () = stop_signal() => None,
        name = senders.first_to_end() => Some(name),
        name = workers.first_to_end() => Some(name),
    };
    info!("finishing what is in hand");
    let grace = Duration::from_secs(config.drain_s_max);
    senders.stop_soon();
    let worked_out = workers.shut_down(grace).await;
    let answered = senders.shut_down(grace).await;
    match failed {
        Some(name) => bail!("the task {name} ended unasked; see the log"),
        None if !(worked_out && answered) => {
            bail!("some tasks did not end within {} s", grace.as_secs())
        }
        None => Ok(()),
    }
}

fn settings(config: &Config, identity: &Identity) -> RoleSettings {
    let mut settings = RoleSettings::default();
    settings.processors.image.worker_id.clone_from(&config.worker_id);
    settings.processors.image.concurrency = config.concurrency;
    settings.processors.image.cell_program = own_program();
    settings.processors.image.retries_max = config.max_retries;
    let Pictures { s_max, presets, retention_hours, limits } = &config.pictures;
    settings.processors.image.render_s_max = f64::from(*s_max);
    settings.processors.image.presets.clone_from(presets);
    settings.processors.image.retention_s =
        (*retention_hours > 0).then(|| f64::from(*retention_hours) * 3_600.0);
    settings.processors.image.limits.clone_from(limits);
    settings.processors.image.decode_bytes_in_flight_max = limits.decode_bytes_max;
    settings.processors.webhook.clone_from(&config.webhooks.messages);
    settings.candidate.clone_from(&identity.instance);
    settings.ui_dir.clone_from(&config.ui_dir);
    settings
}

/// This program as it is running: also after the file was replaced by another release. None where nobody knows; then
/// pictures are rendered in this process.
fn own_program() -> Option<PathBuf> {
    if cfg!(target_os = "linux") {
        return Some(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe()
        .inspect_err(|error| warn!(%error, "pictures are rendered in this process"))
        .ok()
}

/// Where this process keeps something on a disk, by what it is.
fn folders(config: &Config) -> Vec<(&'static str, PathBuf)> {
    let pictures = ("pictures", config.storage_output_path.clone());
    match &config.profile {
        Profile::Embedded => vec![("data", config.data_dir.clone()), pictures],
        Profile::Production(services) if services.bucket.is_none() => vec![pictures],
        Profile::Production(_) => Vec::new(),
    }
}

/// Where keys are asked for, the simulated fleet has one of its own that ends with the process.
fn demo_key(config: &Config, demo: bool) -> (Option<Secret>, ApiKeys) {
    let keys = config.api_keys.clone();
    if keys.is_empty() || !demo {
        return (None, keys);
    }
    let secret = format!("{}{}", Uuid::now_v7(), Uuid::now_v7());
    let keys = keys.and(DEMO_KEY_NAME, Access::Write, &secret);
    (Some(Secret::new(secret)), keys)
}

fn warn_if_open(config: &Config, address: SocketAddr) {
    if config.api_keys.is_empty() && !address.ip().is_loopback() {
        warn!(%address, "anyone who reaches this address may do anything: set API_KEY");
    }
}

/// The last thing that a newcomer reads is where to look.
fn announce(url: &str, demo: bool) {
    info!(url, "ready");
    let fleet = if demo { "  A simulated fleet is sending samples and pictures.\n" } else { "" };
    print(&format!("\n{fleet}  Atalaya is ready: {url}/\n  Ctrl-C stops it.\n\n"));
}

async fn stop_signal() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(error) => {
                warn!(%error, "SIGTERM cannot be listened to");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
