//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use uuid::Uuid;

use crate::roles::Role;

/// Watches electric motors and keeps pictures of them.
#[derive(Debug, Parser)]
#[command(name = "atalaya", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; without it, serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: Serve,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve all roles, or some of them
    Serve(Serve),
    /// Copy all that cannot be made again; servers may go on meanwhile
    Backup {
        /// Below which folder
        #[arg(long)]
        to: PathBuf,
        /// Remove all backups there but this many, the newest
        #[arg(long)]
        keep: Option<usize>,
        /// Of the embedded profile: what is copied [default: data]
        #[arg(long)]
        data_dir: Option<PathBuf>,
    },
    /// Put a backup back where there is nothing yet
    Restore {
        /// The backup: a folder that `backup` has made
        from: PathBuf,
        /// Only compare it with its list of hashes
        #[arg(long)]
        check: bool,
        /// Of the embedded profile: a new folder [default: data]
        #[arg(long)]
        data_dir: Option<PathBuf>,
    },
    /// Bring the database and the topics to this release's form
    Migrate,
    /// Build a projection anew beside the live one, compare, and swap
    Rebuild {
        /// Which one: `motors`
        projection: String,
        /// Swap even when the documents differ
        #[arg(long)]
        force: bool,
        /// Show the documents of before the last rebuild again
        #[arg(long, conflicts_with = "force")]
        rollback: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Judge samples of before once more, by the nameplate and the settings of today
    Reprocess {
        /// Which motor
        #[arg(long)]
        motor: Uuid,
        /// Samples that ended after this moment: `2026-01-31T12:00:00Z`
        #[arg(long)]
        from: Timestamp,
        /// Samples that began before this moment [default: now]
        #[arg(long)]
        to: Option<Timestamp>,
        #[command(flatten)]
        server: Server,
    },
    /// Let motors that are not there send samples
    Simulate(Box<Simulate>),
    /// See to events that could not be handled
    DeadLetters {
        #[command(subcommand)]
        command: DeadLetters,
        #[command(flatten)]
        server: Server,
    },
    /// Look at the log
    Events {
        #[command(subcommand)]
        command: Events,
        #[command(flatten)]
        server: Server,
    },
    /// Print the effective settings, secrets hidden
    Config(Serve),
    /// Render pictures for another process of this program, which feeds them in
    #[command(name = processors::image_resize::cell::ARGUMENT, hide = true)]
    Render {
        /// Limits and presets
        orders: String,
    },
    /// Ask a server whether it is ready; the exit code tells
    Healthcheck {
        /// Of the server
        #[arg(default_value_t = default_url())]
        url: String,
    },
}

/// How to serve.
#[derive(Clone, Debug, Default, Args)]
pub struct Serve {
    /// What this process is: ams, api, relay, projections, images, vibration; all of them by default
    #[arg(long, value_delimiter = ',')]
    pub roles: Option<Vec<Role>>,
    /// Holds everything that is kept [default: data]
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// Where to serve HTTP [default: 127.0.0.1:3000]
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// Simulate a fleet that sends samples and pictures through the API
    #[arg(long)]
    pub demo: bool,
}

/// Which server to talk to.
#[derive(Clone, Debug, Args)]
pub struct Server {
    /// Of the server
    #[arg(long, global = true, default_value_t = default_url())]
    pub url: String,
}

/// Which motors are simulated, and how they send.
#[derive(Clone, Debug, Args)]
pub struct Simulate {
    /// How many motors
    #[arg(long, default_value_t = 7)]
    pub motors: u32,
    /// What is wrong with them, in turn; each of them once by default
    #[arg(long, value_delimiter = ',')]
    pub fault: Vec<SimulatedFault>,
    /// How bad it is
    #[arg(long, default_value = "clear")]
    pub severity: Severity,
    /// Of the drive end: a designation; or elements, their and the pitch diameter in mm, and the angle, with commas
    #[arg(long, default_value = "6205")]
    pub bearing: String,
    /// Of the shafts
    #[arg(long, default_value_t = 1480.0)]
    pub speed_rpm: f64,
    /// So long they take from standstill to that
    #[arg(long, default_value_t = 0.0)]
    pub run_up_s: f64,
    /// The deviation of the noise
    #[arg(long, default_value_t = 0.5)]
    pub noise_m_s2: f64,
    /// How often sensors drop out; 0: never
    #[arg(long, default_value_t = 0.0)]
    pub drop_out_every_s: f64,
    /// For how long
    #[arg(long, default_value_t = 2.0)]
    pub drop_out_s: f64,
    /// Of the sensors
    #[arg(long, default_value_t = 12_800.0)]
    pub sample_rate_hz: f64,
    /// In one block
    #[arg(long, default_value_t = 1.0)]
    pub block_s: f64,
    /// From each motor
    #[arg(long, default_value_t = 60)]
    pub blocks: u32,
    /// When the first sample was taken [default: so that the last one is taken now]
    #[arg(long)]
    pub start: Option<Timestamp>,
    /// Of all motors together; 0: as fast as they are taken [default: as fast as they are measured]
    #[arg(long)]
    pub blocks_per_s: Option<f64>,
    /// Another one gives other motors and another noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Send samples to Kafka instead of HTTP: host:port of each broker, with commas between
    #[arg(long)]
    pub kafka: Option<String>,
    /// On which topic
    #[arg(long, default_value = "vibration-topic")]
    pub topic: String,
    /// The registry for the schema of samples
    #[arg(long, default_value = "http://127.0.0.1:8085")]
    pub registry: String,
    #[command(flatten)]
    pub server: Server,
}

/// What is wrong with a simulated motor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SimulatedFault {
    /// Nothing
    Healthy,
    /// A heavy spot: strong at the speed of the shaft
    Unbalance,
    /// Shafts out of line: strong at twice the speed
    Misalignment,
    /// Loose feet: many harmonics, and half the speed
    Looseness,
    /// A spalled outer race
    OuterRace,
    /// A spalled inner race
    InnerRace,
    /// A broken cage
    Cage,
}

impl SimulatedFault {
    /// Each of them.
    pub const ALL: [Self; 7] = [
        Self::Healthy,
        Self::Unbalance,
        Self::Misalignment,
        Self::Looseness,
        Self::OuterRace,
        Self::InnerRace,
        Self::Cage,
    ];

    /// As the diagnosis calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unbalance => "unbalance",
            Self::Misalignment => "misalignment",
            Self::Looseness => "looseness",
            Self::OuterRace => "bearing_outer_race",
            Self::InnerRace => "bearing_inner_race",
            Self::Cage => "cage",
        }
    }
}

/// How bad a simulated fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Severity {
    /// 2.0 mm/s, or impacts of 1.5 deviations of the noise
    Slight,
    /// 3.4 mm/s, or impacts of 4 deviations
    Clear,
    /// 7.0 mm/s, or impacts of 12 deviations
    Grave,
}

/// What can be done about dead letters.
#[derive(Debug, Subcommand)]
pub enum DeadLetters {
    /// One line each, oldest first
    List,
    /// All that is known of one
    Show {
        /// From the list
        id: u64,
    },
    /// Let the handler act on the letter's whole sequence again
    Replay {
        /// From the list
        id: u64,
    },
    /// Give one event up for good
    Discard {
        /// From the list
        id: u64,
    },
}

/// Ways to look at the log.
#[derive(Debug, Subcommand)]
pub enum Events {
    /// Print events as they happen, one JSON object per line, until interrupted
    Tail {
        /// Begin after this position; without it, at the end
        #[arg(long)]
        after: Option<u64>,
        /// Only this category: `motor`
        #[arg(long)]
        category: Option<String>,
    },
}

fn default_url() -> String {
    let port = std::env::var("SERVER_PORT").unwrap_or_else(|_| "3000".to_owned());
    format!("http://127.0.0.1:{port}")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_it_serves() {
        let cli = Cli::parse_from(["atalaya", "--demo", "--roles", "ams,images"]);
        assert!(cli.command.is_none() && cli.serve.demo);
        assert_eq!(cli.serve.roles, Some(vec![Role::Ams, Role::Images]));
    }
}
