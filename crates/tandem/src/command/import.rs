//! `tandem import`: records that a person chose, brought to the other side.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use engine::{Chosen, Import, ImportSummary};
use jiff::Timestamp;
use model::Side;
use store::Store;

use super::lists::table;
use super::{plan, sync};
use crate::{config, connect, data};

/// The side records come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    #[value(name = "hubspot")]
    HubSpot,
    Salesforce,
}

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    data: data::Place,
    /// The object whose records are imported, for example Contact, or companies with --from hubspot
    #[arg(long, required_unless_present = "resume")]
    object: Option<String>,
    /// The side the records are on
    #[arg(long, value_enum, default_value_t = From::Salesforce)]
    from: From,
    /// Only Salesforce records that meet this SOQL condition, as after WHERE
    #[arg(long, value_name = "CONDITION", conflicts_with = "segment")]
    filter: Option<String>,
    /// Only members of this HubSpot segment, by its list id
    #[arg(long, value_name = "ID")]
    segment: Option<String>,
    /// Only records made at this moment or later, for example 2026-11-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    created_since: Option<Timestamp>,
    /// Only records changed at this moment or later
    #[arg(long, value_name = "TIME")]
    modified_since: Option<Timestamp>,
    /// These records: a file with one id a line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["filter", "segment", "created_since", "modified_since"])]
    ids: Option<PathBuf>,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on with the import that was cut short
    #[arg(long, conflicts_with_all = ["object", "filter", "segment", "created_since", "modified_since", "ids", "dry_run"])]
    resume: bool,
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let import = import_of(&arguments)?;
    let config = config::read(arguments.config.as_ref())?;
    let json = arguments.data.json;
    if arguments.dry_run {
        let import = import.context("name the --object to import")?;
        let store = if arguments.data.data.exists() {
            data::Data::look(&arguments.data.data)?.store
        } else {
            Arc::new(Store::open_in_memory()?)
        };
        let plan = connect::open(config, Arc::new(store.fork()?)).await?.plan_import(import).await?;
        if json {
            println!("{}", serde_json::to_string(&plan)?);
        } else {
            plan::print(&plan, 10);
        }
        return Ok(());
    }
    let folder = data::Data::open(&arguments.data.data)?;
    let connection = Arc::new(connect::connect(config, folder.store.clone()).await?);
    if let (Some(_), Some(left)) = (&import, connection.unfinished_import()?) {
        bail!(
            "an import of {} from {} was cut short; go on with it by --resume, then import this",
            left.object,
            left.from
        );
    }
    let progress = sync::watch(&connection);
    let done = connection.import(import).await;
    progress.stop();
    let summary = done.context("the import stopped; --resume goes on with it")?;
    if json {
        println!("{}", serde_json::to_string(&summary)?);
    } else {
        print(&summary);
    }
    Ok(())
}

fn import_of(arguments: &Arguments) -> anyhow::Result<Option<Import>> {
    let Some(object) = arguments.object.clone() else { return Ok(None) };
    let from = match arguments.from {
        From::HubSpot => Side::HubSpot,
        From::Salesforce => Side::Salesforce,
    };
    match from {
        Side::HubSpot if arguments.filter.is_some() => {
            bail!("--filter is a SOQL condition; records of HubSpot are chosen by --segment")
        }
        Side::Salesforce if arguments.segment.is_some() => {
            bail!("--segment is HubSpot's; records of Salesforce are chosen by --filter")
        }
        _ => {}
    }
    let chosen = Chosen {
        condition: arguments.filter.clone().or_else(|| arguments.segment.clone()),
        created_since: arguments.created_since,
        modified_since: arguments.modified_since,
        ids: arguments.ids.as_deref().map(|path| ids_in(path, from)).transpose()?,
    };
    Ok(Some(Import { from, object, chosen }))
}

/// The ids in a file, one a line; what is empty or begins with `#` says nothing.
fn ids_in(path: &Path, side: Side) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut ids = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let id = line.trim().trim_matches('"');
        if id.is_empty() || id.starts_with('#') {
            continue;
        }
        let long = match side {
            Side::HubSpot => id.chars().all(|digit| digit.is_ascii_digit()).then(|| id.to_owned()),
            Side::Salesforce => model::salesforce_id_18(id),
        };
        match long {
            Some(id) => ids.push(id),
            None => bail!("line {number} of {}: '{id}' is no record id of {side}", path.display()),
        }
    }
    if ids.is_empty() {
        bail!("{} names no records; write one id a line", path.display());
    }
    Ok(ids)
}

fn print(summary: &ImportSummary) {
    println!(
        "{} records chosen: {} imported, {} linked with one that was there, {} in step before, {} skipped, {} refused.",
        summary.chosen, summary.imported, summary.linked, summary.in_step, summary.skipped, summary.refused
    );
    if summary.skipped > 0 {
        println!(
            "Skipped are records that are gone, outside the segment or filter, or that no mapping makes."
        );
    }
    if !summary.refusals.is_empty() {
        let mut refusals = table(&["Record", "Field", "What happened", "What to do"]);
        for refusal in &summary.refusals {
            refusals.add_row([
                refusal.record.clone(),
                refusal.field.clone().unwrap_or_default(),
                refusal.message.clone(),
                refusal.remedy.clone(),
            ]);
        }
        println!("{refusals}");
    }
}
