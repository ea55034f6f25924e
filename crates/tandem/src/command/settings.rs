//! `tandem settings`: shown, exported, changed with their plan first, and who changed them.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use engine::Settings;
use serde_json::json;

use super::lists::table;
use super::plan;
use crate::{config, connect, data};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the settings that are kept as a file
    Export {
        #[command(flatten)]
        data: data::Place,
        /// The file; the screen where none is named
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Show what the settings in a file would change; keep them with --yes
    Apply {
        #[command(flatten)]
        data: data::Place,
        /// The settings file
        file: PathBuf,
        /// Keep them
        #[arg(long)]
        yes: bool,
    },
    /// Show what the recommended settings would change; keep them with --yes
    Recommended {
        #[command(flatten)]
        data: data::Place,
        /// Keep them
        #[arg(long)]
        yes: bool,
    },
    /// Who changed the settings, when, and what
    History {
        #[command(flatten)]
        data: data::Place,
        /// At most so many changes
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::Export { data, output } => export(&data, output),
        Command::Apply { data, file, yes } => {
            let config = config::read(Some(&file))?;
            change(config, &data, yes).await
        }
        Command::Recommended { data, yes } => {
            let mut config = config::read(None)?;
            config.settings = Settings::recommended();
            config.from_file = true;
            change(config, &data, yes).await
        }
        Command::History { data, limit } => history(&data, limit),
    }
}

/// The settings that are kept in a data folder; none where it holds no connection yet.
pub fn kept(data: &data::Place) -> anyhow::Result<Option<Settings>> {
    if !data.data.join("tandem.db").exists() {
        return Ok(None);
    }
    let folder = data::Data::look(&data.data)?;
    let Some(row) = folder.store.connections()?.into_iter().next() else { return Ok(None) };
    serde_json::from_value(row.settings).map(Some).context("the settings that are kept cannot be understood")
}

fn export(data: &data::Place, output: Option<PathBuf>) -> anyhow::Result<()> {
    let settings = kept(data)?.unwrap_or_else(Settings::recommended);
    let text = if data.json { serde_json::to_string_pretty(&settings)? } else { config::to_toml(&settings)? };
    match output {
        Some(path) => {
            std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
            println!("{} written.", path.display());
        }
        None => println!("{text}"),
    }
    Ok(())
}

/// Shows the plan of a change, and keeps it where that was said.
pub async fn change(config: config::Config, data: &data::Place, yes: bool) -> anyhow::Result<()> {
    if yes {
        let folder = data::Data::open(&data.data)?;
        connect::connect(config, folder.store.clone()).await?;
        if data.json {
            println!("{}", json!({"kept": true}));
        } else {
            println!("Kept. The next pass works under them; `tandem plan` shows what it would do.");
        }
        return Ok(());
    }
    let store = if data.data.join("tandem.db").exists() {
        data::Data::look(&data.data)?.store.fork()?
    } else {
        store::Store::open_in_memory()?
    };
    let plan = connect::open(config, store.into()).await?.plan().await?;
    if data.json {
        println!("{}", serde_json::to_string(&plan)?);
        return Ok(());
    }
    plan::print(&plan, 10);
    println!("The settings were not kept either; --yes keeps them.");
    Ok(())
}

fn history(data: &data::Place, limit: usize) -> anyhow::Result<()> {
    let folder = data::Data::look(&data.data)?;
    let entries = folder.store.audit(&folder.connection()?.id, limit)?;
    if data.json {
        for entry in &entries {
            let line = json!({
                "at": entry.at, "who": entry.who, "what": entry.what, "before": entry.before, "after": entry.after,
            });
            println!("{line}");
        }
        return Ok(());
    }
    let mut rows = table(&["When", "Who", "What changed"]);
    for entry in &entries {
        rows.add_row([
            entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            entry.who.clone(),
            differences(entry).join(", "),
        ]);
    }
    println!("{rows}");
    Ok(())
}

/// The keys under which the two differ.
fn differences(entry: &store::AuditEntry) -> Vec<String> {
    let (Some(before), Some(after)) = (
        entry.before.as_ref().and_then(serde_json::Value::as_object),
        entry.after.as_ref().and_then(serde_json::Value::as_object),
    ) else {
        return vec![entry.what.clone()];
    };
    after.iter().filter(|(key, value)| before.get(*key) != Some(value)).map(|(key, _)| key.clone()).collect()
}
