//! `atalaya`: arguments → settings → whatever was asked for.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use atalaya::cli::{Cli, Command, Serve};
use atalaya::config::{Config, ConfigError, Overrides};
use atalaya::{adapters, admin, backup, serve, simulate};
use clap::Parser;
use infra_telemetry::LogFormat;
use tokio::runtime::Runtime;
use uuid::Uuid;

/// As sysexits.h has it: used wrongly.
const EXIT_USAGE: u8 = 64;
/// For threads that are still at work when everything has been drained.
const SHUTDOWN_S_MAX: u64 = 2;

fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    atalaya::kill_points::arm();
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("atalaya: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the threads")?;
    let result = act(&runtime, cli);
    // A decoder that hangs cannot be interrupted; the process does not wait for it.
    runtime.shutdown_timeout(Duration::from_secs(SHUTDOWN_S_MAX));
    result
}

fn act(runtime: &Runtime, cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(options) => match read_config(&options).and_then(guarded) {
            Ok(config) => {
                let identity = config.identity(&Uuid::now_v7().to_string()).named_by(&environment);
                let (format, filter) = (config.log_format, &config.log_filter);
                let telemetry = infra_telemetry::start(format, filter, &identity, &environment);
                let served = runtime.block_on(serve::run(config, identity, options.demo));
                telemetry.stop();
                served?;
            }
            Err(code) => return Ok(code),
        },
        Command::Config(options) => match read_config(&options) {
            Ok(config) => admin::print(&config.describe()),
            Err(code) => return Ok(code),
        },
        Command::Migrate => match read_config(&Serve::default()) {
            Ok(config) => {
                infra_telemetry::start_logs(config.log_format, &config.log_filter);
                admin::print(&runtime.block_on(adapters::migrate(&config))?);
            }
            Err(code) => return Ok(code),
        },
        Command::Backup { to, keep, data_dir } => match read_config(&of_folder(data_dir)) {
            Ok(config) => {
                admin::print(&runtime.block_on(backup::back_up(&config, &to, keep))?);
            }
            Err(code) => return Ok(code),
        },
        Command::Restore { from, check: true, .. } => admin::print(&backup::check(&from)?),
        Command::Restore { from, data_dir, .. } => match read_config(&of_folder(data_dir)) {
            Ok(config) => admin::print(&runtime.block_on(backup::restore(&config, &from))?),
            Err(code) => return Ok(code),
        },
        Command::Rebuild { projection, force, rollback, server } => {
            runtime.block_on(admin::rebuild(&server, &projection, force, rollback))?;
        }
        Command::Reprocess { motor, from, to, server } => {
            runtime.block_on(admin::reprocess(&server, motor, from, to))?;
        }
        Command::Simulate(options) => {
            infra_telemetry::start_logs(LogFormat::Text, "warn");
            runtime.block_on(simulate::simulate(&options))?;
        }
        Command::DeadLetters { command, server } => {
            runtime.block_on(admin::dead_letters(&server, command))?;
        }
        Command::Events { command, server } => {
            runtime.block_on(admin::events(&server, command))?;
        }
        Command::Render { orders } => render(&orders)?,
        Command::Healthcheck { url } => runtime.block_on(admin::healthcheck(&url))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn render(orders: &str) -> anyhow::Result<()> {
    #[cfg(feature = "failpoints")]
    let before = atalaya::kill_points::meet_poison;
    #[cfg(not(feature = "failpoints"))]
    let before = |_: &[u8]| {};
    Ok(processors::image_resize::cell::serve(orders, &before)?)
}

fn read_config(options: &Serve) -> Result<Config, ExitCode> {
    let overrides = Overrides {
        roles: options.roles.clone(),
        data_dir: options.data_dir.clone(),
        listen: options.listen,
    };
    Config::read(&environment, overrides).map_err(|error| used_wrongly(&error))
}

fn of_folder(data_dir: Option<PathBuf>) -> Serve {
    Serve { data_dir, ..Serve::default() }
}

fn guarded(config: Config) -> Result<Config, ExitCode> {
    match config.require_key_beyond_loopback() {
        Ok(()) => Ok(config),
        Err(error) => Err(used_wrongly(&error)),
    }
}

fn used_wrongly(error: &ConfigError) -> ExitCode {
    complain(&format!("atalaya: {error}"));
    ExitCode::from(EXIT_USAGE)
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[expect(
    clippy::print_stderr,
    reason = "a person at a terminal reads it, perhaps before logging has begun"
)]
fn complain(line: &str) {
    eprintln!("{line}");
}
