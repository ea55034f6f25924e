//! `tandem status`, `errors` and `history`: what the data folder knows, for people and for scripts.

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;
use serde_json::{Value, json};
use server::{outcome_in_words, reason_in_words, status_of};
use store::{ErrorFilter, HistoryFilter, Outcome};

use crate::data;

#[derive(Debug, Args)]
pub struct ErrorArguments {
    #[command(flatten)]
    data: data::Place,
    /// Only this category (property_value, picklist, required_field, duplicate, permission, association, …)
    #[arg(long)]
    category: Option<String>,
    /// Only this record
    #[arg(long, value_name = "ID")]
    record: Option<String>,
}

#[derive(Debug, Args)]
pub struct HistoryArguments {
    /// A record's id, on either side
    record: Option<String>,
    #[command(flatten)]
    data: data::Place,
    /// At most so many lines, the latest
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    table
}

pub fn status(arguments: &data::Place) -> anyhow::Result<()> {
    let folder = data::Data::look(&arguments.data)?;
    let connection = folder.connection()?;
    let status = status_of(&folder.store, &connection.id, Timestamp::now())?;
    if arguments.json {
        println!("{status}");
        return Ok(());
    }
    println!("{} is {}", connection.name, connection.state.as_str());
    if let Some(reason) = &connection.state_reason {
        println!("  {reason}");
    }
    for (hubspot, salesforce, links) in folder.store.link_counts(&connection.id)? {
        println!("  {links} {hubspot} in step with {salesforce}");
    }
    for ((side, object), counts) in folder.store.mark_counts(&connection.id, Timestamp::now())? {
        println!("  {side} {object}: {} to look at, {} waiting after a failure", counts.due, counts.waiting);
    }
    let errors = folder.store.error_summary(&connection.id)?;
    if errors.is_empty() {
        println!("  nothing that could not be synced");
    }
    for summary in errors {
        println!(
            "  {} errors of kind {} on {} records, the last {}; see `tandem errors --category {}`",
            summary.errors, summary.category, summary.records, summary.last_seen, summary.category
        );
    }
    if let Some(run) = folder.store.runs(&connection.id, 1)?.into_iter().next() {
        let ended = run.outcome.unwrap_or_else(|| "still running, or was killed".to_owned());
        println!("  last run ({}) began {}: {ended}", run.kind, run.started_at);
    }
    Ok(())
}

pub fn errors(arguments: &ErrorArguments) -> anyhow::Result<()> {
    let folder = data::Data::look(&arguments.data.data)?;
    let connection = folder.connection()?;
    let filter = ErrorFilter { category: arguments.category.clone(), record: arguments.record.clone() };
    let errors = folder.store.errors(&connection.id, &filter)?;
    if arguments.data.json {
        for row in &errors {
            let error = &row.error;
            let line = json!({
                "side": error.side, "object": error.object, "record": error.record, "field": error.field,
                "category": error.category, "code": error.code, "message": error.message, "remedy": error.remedy,
                "first_seen": row.first_seen, "last_seen": error.at, "tries": row.tries,
            });
            println!("{line}");
        }
        return Ok(());
    }
    if errors.is_empty() {
        println!("Everything could be synced.");
        return Ok(());
    }
    let mut table = table(&["Record", "Field", "What happened", "What to do", "Tries"]);
    for row in &errors {
        let error = &row.error;
        table.add_row([
            format!("{} {} {}", error.side, error.object, error.record),
            error.field.clone().unwrap_or_default(),
            format!("{} ({})", error.message, error.code),
            error.remedy.clone(),
            row.tries.to_string(),
        ]);
    }
    println!("{table}");
    Ok(())
}

pub fn history(arguments: &HistoryArguments) -> anyhow::Result<()> {
    let folder = data::Data::look(&arguments.data.data)?;
    let connection = folder.connection()?;
    let filter = HistoryFilter { record: arguments.record.clone(), limit: Some(arguments.limit) };
    let rows = folder.store.history(&connection.id, &filter)?;
    if arguments.data.json {
        for row in &rows {
            let entry = &row.entry;
            let value = |value: &Option<model::Value>| value.as_ref().map(ToString::to_string);
            let line: Value = json!({
                "id": row.id, "run": entry.run, "at": entry.at, "side": entry.side, "object": entry.object,
                "record": entry.record, "field": entry.field, "before": value(&entry.before),
                "after": value(&entry.after), "cause": entry.cause, "reason": entry.reason,
                "why": reason_in_words(&entry.reason), "outcome": entry.outcome.as_str(), "call": entry.call,
            });
            println!("{line}");
        }
        return Ok(());
    }
    if rows.is_empty() {
        println!(
            "No history{}.",
            arguments.record.as_ref().map(|id| format!(" of {id}")).unwrap_or_default()
        );
        return Ok(());
    }
    let mut table = table(&["When", "Record", "Field", "Before", "After", "Why"]);
    for row in &rows {
        let entry = &row.entry;
        let shown =
            |value: &Option<model::Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
        let why = match (entry.outcome, reason_in_words(&entry.reason)) {
            (Outcome::Declined, why) => format!("This edit was overruled. {why}"),
            (outcome, "") => outcome_in_words(outcome).to_owned(),
            (_, why) => why.to_owned(),
        };
        table.add_row([
            entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            format!("{} {} {}", entry.side, entry.object, entry.record),
            entry.field.clone().unwrap_or_default(),
            shown(&entry.before),
            shown(&entry.after),
            why,
        ]);
    }
    println!("{table}");
    Ok(())
}
