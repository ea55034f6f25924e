//! `tandem settings`: shown, exported, changed with their plan first, and who changed them.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

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
    /// Show what the recommended settings would change, and the properties they would make; keep them with --yes
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
        Command::Recommended { data, yes } => recommended(&data, yes).await,
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

/// A copy of what is kept, to rehearse on.
pub fn copy(data: &data::Place) -> anyhow::Result<Arc<store::Store>> {
    if data.data.join("tandem.db").exists() {
        return Ok(data::Data::look(&data.data)?.store.fork()?.into());
    }
    Ok(store::Store::open_in_memory()?.into())
}

/// Shows the plan of a change, and keeps it where that was said: beforehand, or when asked.
async fn change(config: config::Config, data: &data::Place, yes: bool) -> anyhow::Result<()> {
    if !yes {
        let (file, config) = (config.clone(), config);
        let plan = connect::open(config, copy(data)?).await?.plan().await?;
        if !show(&plan, &[], data)? {
            return Ok(());
        }
        return keep(file, data).await;
    }
    keep(config, data).await
}

async fn keep(config: config::Config, data: &data::Place) -> anyhow::Result<()> {
    let folder = data::Data::open(&data.data)?;
    connect::connect(config, folder.store.clone()).await?;
    kept_now(data, &[]);
    Ok(())
}

fn kept_now(data: &data::Place, made: &[String]) {
    if data.json {
        println!("{}", json!({"kept": true, "made": made}));
        return;
    }
    if !made.is_empty() {
        println!("{} HubSpot properties made, in the group 'Salesforce'.", made.len());
    }
    println!("Kept. The next pass works under them; `tandem plan` shows what it would do.");
}

/// The recommended settings, with a property for each Salesforce field that has none.
async fn recommended(data: &data::Place, yes: bool) -> anyhow::Result<()> {
    let mut config = config::read(None)?;
    config.settings = Settings::recommended();
    config.from_file = false;
    if !yes {
        let connection = connect::open(config.clone(), copy(data)?).await?.rehearse()?;
        let found = connection.recommended().await?;
        let plan = connection.plan_change(found.settings, &found.new_properties).await?;
        if !show(&plan, &found.new_properties, data)? {
            return Ok(());
        }
    }
    let folder = data::Data::open(&data.data)?;
    let connection = connect::open(config, folder.store.clone()).await?.keep()?;
    let found = connection.recommended().await?;
    let made = connection.keep_settings(&found.settings, &found.new_properties, &connect::who()).await?;
    kept_now(data, &made);
    Ok(())
}

/// Shows a plan; answers whether to go on, which only a person at the screen can say.
fn show(plan: &engine::Plan, properties: &[model::NewProperty], data: &data::Place) -> anyhow::Result<bool> {
    if data.json {
        let mut shown = serde_json::to_value(plan)?;
        shown["new_properties"] = json!(properties);
        println!("{shown}");
        return Ok(false);
    }
    for new in properties {
        println!("{}: the property '{}' ({}) would be made.", new.object, new.label, new.name);
    }
    plan::print(plan, 10);
    println!("{}", in_short(plan));
    let at_screen = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if at_screen && super::undo::agreed()? {
        return Ok(true);
    }
    println!("The settings were not kept either; --yes keeps them.");
    Ok(false)
}

/// What a change of the settings would do, in a sentence.
fn in_short(plan: &engine::Plan) -> String {
    let changing = [engine::Action::Create, engine::Action::Update, engine::Action::Delete];
    let counts = plan.counts.iter().filter(|count| changing.contains(&count.action));
    let said: Vec<String> = counts
        .map(|count| {
            format!("{} {} {} of {}", count.action.as_str(), count.records, count.object, count.side)
        })
        .collect();
    if said.is_empty() {
        return "These settings would change no record.".to_owned();
    }
    format!("These settings would {}.", said.join(", "))
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
