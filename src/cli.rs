//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

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
