//! `tandem status` and `tandem history`: what the data folder knows, for people and for scripts.

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;
use model::Side;
use serde_json::{Value, json};
use server::{outcome_in_words, reason_in_words, status_of};
use store::{HistoryFilter, HistoryScope, Outcome};

use crate::{data, moment};

#[derive(Debug, Args)]
pub struct HistoryArguments {
    /// A record's id, on either side
    record: Option<String>,
    /// Only what this run did (`last` for the latest)
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Only from then on (2026-03-02T08:00:00Z, '2026-03-02 08:00', or 2h for two hours ago)
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    since: Option<Timestamp>,
    /// Only records of this side (hubspot or salesforce)
    #[arg(long, value_parser = side)]
    side: Option<Side>,
    /// Only edits that were declined
    #[arg(long)]
    declined: bool,
    #[command(flatten)]
    data: data::Place,
    /// At most so many lines, the latest
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

fn side(text: &str) -> Result<Side, String> {
    [Side::HubSpot, Side::Salesforce]
        .into_iter()
        .find(|side| side.as_str() == text.to_lowercase())
        .ok_or_else(|| format!("'{text}' is no side; say hubspot or salesforce"))
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
    print_budget(&status["budget"]);
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
        println!("  last run {} ({}) began {}: {ended}", run.id, run.kind, run.started_at);
    }
    Ok(())
}

fn print_budget(budget: &Value) {
    let of = |name: &str| budget[name].as_u64();
    let mut told = format!("  {} Salesforce calls within 24 hours", of("used").unwrap_or(0));
    if let (Some(all), Some(passes)) = (of("allocation"), of("for_passes")) {
        told =
            format!("{told} of {all} allocated ({} kept for what a person asks for)", all - passes.min(all));
    }
    if let (Some(used), Some(max)) = (of("org_used"), of("org_max")) {
        told = format!("{told}; the org's programs together {used} of {max}");
    }
    println!("{told}");
    if let Some(until) = budget["held_until"].as_str() {
        println!("  nothing is asked of Salesforce until {until}");
    }
    println!("  {} HubSpot calls within 24 hours", of("hubspot_used").unwrap_or(0));
}

pub fn history(arguments: &HistoryArguments) -> anyhow::Result<()> {
    let folder = data::Data::look(&arguments.data.data)?;
    let connection = folder.connection()?;
    let filter = HistoryFilter { record: arguments.record.clone(), limit: Some(arguments.limit) };
    let run = match arguments.run.as_deref() {
        Some("last") => folder.store.runs(&connection.id, 1)?.into_iter().next().map(|run| run.id),
        run => run.map(ToOwned::to_owned),
    };
    let scope = HistoryScope {
        side: arguments.side,
        run,
        since: arguments.since,
        outcome: arguments.declined.then_some(Outcome::Declined),
        ..HistoryScope::default()
    };
    let rows = folder.store.history_within(&connection.id, &scope, &filter)?;
    if arguments.data.json {
        for row in &rows {
            let entry = &row.entry;
            let value = |value: &Option<model::Value>| value.as_ref().map(ToString::to_string);
            let line: Value = json!({
                "id": row.id, "run": entry.run, "at": entry.at, "side": entry.side, "object": entry.object,
                "record": entry.record, "field": entry.field, "before": value(&entry.before),
                "after": value(&entry.after), "cause": entry.cause, "reason": entry.reason,
                "why": reason_in_words(&entry.reason), "outcome": entry.outcome.as_str(), "call": entry.call,
                "link": entry.link.map(|link| link.to_string()), "undone_by": row.undone_by,
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
    let mut table = table(&["When", "Record", "Field", "Before", "After", "Why", "Cause", "Call"]);
    for row in &rows {
        let entry = &row.entry;
        let shown =
            |value: &Option<model::Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
        let why = match (entry.outcome, reason_in_words(&entry.reason)) {
            (Outcome::Declined, why) => format!("This edit was overruled. {why}"),
            (outcome, "") => outcome_in_words(outcome).to_owned(),
            (_, why) => why.to_owned(),
        };
        let why = match &row.undone_by {
            Some(run) => format!("{why} Taken back by {run}."),
            None => why,
        };
        table.add_row([
            entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            format!("{} {} {}", entry.side, entry.object, entry.record),
            entry.field.clone().unwrap_or_default(),
            shown(&entry.before),
            shown(&entry.after),
            why,
            entry.cause.clone(),
            entry.call.clone().unwrap_or_default(),
        ]);
    }
    println!("{table}");
    Ok(())
}
