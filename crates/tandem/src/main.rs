//! The command line; wires the rest together and holds no logic of its own.

mod command;
mod config;
mod connect;
mod data;
mod events;
mod identity;
mod listen;
mod moment;
mod simulators;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::command::{
    admin, campaign, check, demo, errors, import, lists, mappings, package, pause, plan, remote, serve,
    settings, sim, sync, undo,
};

/// Keeps a HubSpot account and a Salesforce org in step, both ways.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start both simulators with sample data and a connected Tandem; nothing is left behind
    Demo(demo::Arguments),
    /// Start both simulators and nothing else
    Sim(sim::Arguments),
    /// Keep both sides in step until told to stop
    Serve(serve::Arguments),
    /// Bring both sides in step once
    Sync(sync::Arguments),
    /// What a pass would do now; nothing is written
    Plan(plan::Arguments),
    /// Bring chosen records to the other side, although nothing may be made there by itself
    Import(import::Arguments),
    /// Which field goes with which: suggested, listed, checked; the properties that are missing
    Mappings(mappings::Arguments),
    /// The settings: shown, exported, changed with their plan first, and who changed them
    Settings(settings::Arguments),
    /// What is in step, what waits, how the last run ended
    Status(data::Place),
    /// What could not be synced, why, and what to do
    Errors(errors::Arguments),
    /// Try again at once what could not be synced
    Retry(errors::RetryArguments),
    /// What was written, why, and what was declined
    History(lists::HistoryArguments),
    /// Take back what Tandem did: to a record, in a run, or since a moment
    Undo(undo::Arguments),
    /// Check settings, access to both platforms, mappings and the database
    Check(check::Arguments),
    /// Put a HubSpot contact into a Salesforce campaign
    Campaign(campaign::Arguments),
    /// Write Tandem's own Salesforce package into a zip file
    Package(package::Arguments),
    /// Ask and tell a running Tandem over its API, from anywhere
    Remote(remote::Arguments),
    /// One-time links for administrators
    Admin(admin::Arguments),
    /// Let changes wait
    Pause(data::Place),
    /// Go on after a pause, or after the brake stopped a pass
    Resume(pause::ResumeArguments),
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("TANDEM_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .init();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the program could not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match arguments.command {
            Command::Demo(arguments) => demo::run(arguments).await,
            Command::Sim(arguments) => sim::run(arguments).await,
            Command::Serve(arguments) => serve::run(arguments).await,
            Command::Sync(arguments) => sync::run(arguments).await,
            Command::Plan(arguments) => plan::run(arguments).await,
            Command::Import(arguments) => import::run(arguments).await,
            Command::Mappings(arguments) => mappings::run(arguments).await,
            Command::Settings(arguments) => settings::run(arguments).await,
            Command::Status(arguments) => lists::status(&arguments),
            Command::Errors(arguments) => errors::run(&arguments),
            Command::Retry(arguments) => errors::retry(&arguments),
            Command::History(arguments) => lists::history(&arguments),
            Command::Undo(arguments) => undo::run(arguments).await,
            Command::Check(arguments) => check::run(arguments).await,
            Command::Campaign(arguments) => campaign::run(arguments).await,
            Command::Package(arguments) => package::run(&arguments),
            Command::Remote(arguments) => remote::run(arguments).await,
            Command::Admin(arguments) => admin::run(&arguments),
            Command::Pause(arguments) => pause::pause(&arguments),
            Command::Resume(arguments) => pause::resume(&arguments),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
