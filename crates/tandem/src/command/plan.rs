//! `tandem plan`: what a pass would do, and do nothing.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use engine::{Action, Plan, PlannedField, PlannedRecord};
use server::reason_in_words;
use store::Store;

use super::lists::table;
use crate::{config, connect, data};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    data: data::Place,
    /// The settings file; what would change under it is shown before it is ever used
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Show at most so many records; all with 0
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = config::read(arguments.config.as_ref())?;
    // A folder that is not there yet is not made for a mere look.
    let store = if arguments.data.data.exists() {
        data::Data::look(&arguments.data.data)?.store
    } else {
        Arc::new(Store::open_in_memory()?)
    };
    let opened = connect::open(config, Arc::new(store.fork()?)).await?;
    let plan = opened.plan().await?;
    if arguments.data.json {
        println!("{}", serde_json::to_string(&plan)?);
    } else {
        print(&plan, arguments.limit);
    }
    Ok(())
}

pub(super) fn print(plan: &Plan, limit: usize) {
    if plan.counts.is_empty() {
        println!("Nothing to do: both sides are in step.");
        return;
    }
    let mut counts = table(&["Side", "Object", "What would happen", "Records"]);
    for count in &plan.counts {
        counts.add_row([
            count.side.to_string(),
            count.object.clone(),
            in_words(count.action).to_owned(),
            count.records.to_string(),
        ]);
    }
    println!("{counts}");
    let shown = if limit == 0 { plan.records.len() } else { limit };
    let mut records = table(&["Record", "What", "Field", "Now", "Then", "Why"]);
    for record in plan.records.iter().take(shown) {
        if record.fields.is_empty() {
            records.add_row(row(record, None));
        }
        for field in &record.fields {
            records.add_row(row(record, Some(field)));
        }
    }
    println!("{records}");
    if plan.records.len() > shown {
        println!("… and {} more; --limit 0 shows all.", plan.records.len() - shown);
    }
    if !plan.brake.is_empty() {
        println!(
            "The brake would stop the pass before it did this, and wait for `tandem resume --release-brake`:"
        );
        for stop in &plan.brake {
            println!("  {stop}");
        }
    }
    println!("Nothing was written. `tandem sync --once` does it.");
}

fn row(record: &PlannedRecord, field: Option<&PlannedField>) -> [String; 6] {
    let name = record.record.as_deref().unwrap_or("(new)");
    let why = field.map_or_else(String::new, |field| match (reason_in_words(&field.reason), &field.remedy) {
        (_, Some(remedy)) => format!("{} {remedy}", field.reason),
        ("", None) => field.reason.clone(),
        (sentence, None) => sentence.to_owned(),
    });
    [
        format!("{} {} {name}", record.side, record.object),
        in_words(record.action).to_owned(),
        field.and_then(|field| field.field.clone()).unwrap_or_default(),
        field.and_then(|field| field.before.clone()).unwrap_or_default(),
        field.and_then(|field| field.after.clone()).unwrap_or_default(),
        why,
    ]
}

fn in_words(action: Action) -> &'static str {
    match action {
        Action::Create => "would be created",
        Action::Update => "would be updated",
        Action::Link => "would be linked",
        Action::Delete => "would go into the recycle bin",
        Action::Relink => "its link would change",
        Action::Decline => "an edit would be declined",
        Action::Refuse => "could not be synced",
    }
}
