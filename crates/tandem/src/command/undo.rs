//! `tandem undo`: takes back what Tandem did, after showing it.

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use engine::{UndoAction, UndoOutcome, UndoPlan, UndoScope, UndoStep};
use jiff::Timestamp;

use super::lists::table;
use crate::{config, connect, data, moment};

#[derive(Debug, Args)]
pub struct Arguments {
    /// A record's id, on either side: all that was done to it and to the one it is linked to
    #[arg(required_unless_present_any = ["run", "since"], conflicts_with_all = ["run", "since"])]
    record: Option<String>,
    /// What this run did (its name is in the history; `last` for the latest)
    #[arg(long, value_name = "RUN", conflicts_with = "since")]
    run: Option<String>,
    /// All that was done since (2026-03-02T08:00:00Z, '2026-03-02 08:00', or 2h for two hours ago)
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    since: Option<Timestamp>,
    /// Do it without asking
    #[arg(long)]
    yes: bool,
    /// Also take back what somebody has changed since
    #[arg(long)]
    force: bool,
    /// Show at most so many steps; all with 0
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    data: data::Place,
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = config::read(arguments.config.as_ref())?;
    // What is already there is undone; a folder without data has nothing to undo.
    data::Data::look(&arguments.data.data)?;
    let folder = data::Data::open(&arguments.data.data)?;
    let scope = scope(&arguments, &folder)?;
    let connection = connect::connect(config, folder.store.clone()).await?;
    let plan = connection.plan_undo(&scope, arguments.force).await?;
    let asks = !arguments.yes && !arguments.data.json && std::io::stdin().is_terminal();
    if !arguments.yes {
        show(&arguments, &plan)?;
    }
    if plan.to_do() == 0 {
        if arguments.yes {
            show(&arguments, &plan)?;
        }
        return Ok(());
    }
    let goes_on = arguments.yes || (asks && agreed()?);
    if !goes_on {
        if !arguments.data.json {
            println!("Nothing was written. Say --yes to do it.");
        }
        return Ok(());
    }
    let done = connection.undo(&scope, arguments.force).await?;
    show(&arguments, &done)?;
    if done.failed() > 0 {
        bail!("{} steps could not be done; the list says why", done.failed());
    }
    Ok(())
}

fn scope(arguments: &Arguments, folder: &data::Data) -> anyhow::Result<UndoScope> {
    if let Some(since) = arguments.since {
        return Ok(UndoScope::Since(since));
    }
    if let Some(record) = &arguments.record {
        return Ok(UndoScope::Record(record.clone()));
    }
    let connection = folder.connection()?;
    let runs = folder.store.runs(&connection.id, u32::MAX)?;
    let wanted = arguments.run.as_deref().unwrap_or_default();
    let run = if wanted == "last" { runs.first() } else { runs.iter().find(|run| run.id == wanted) };
    let run = run.with_context(|| {
        let latest: Vec<String> =
            runs.iter().take(5).map(|run| format!("{} ({}, {})", run.id, run.kind, run.started_at)).collect();
        format!("there is no run '{wanted}'; the latest are: {}", latest.join(", "))
    })?;
    Ok(UndoScope::Run(run.id.clone()))
}

pub fn agreed() -> anyhow::Result<bool> {
    print!("Do this? [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn show(arguments: &Arguments, plan: &UndoPlan) -> anyhow::Result<()> {
    if arguments.data.json {
        println!("{}", serde_json::to_string(plan)?);
        return Ok(());
    }
    if plan.steps.is_empty() {
        println!("There is nothing to take back.");
        return Ok(());
    }
    let shown = if arguments.limit == 0 { plan.steps.len() } else { arguments.limit };
    let mut steps = table(&["Record", "What", "Field", "Now", "Then", "Remarks"]);
    for step in plan.steps.iter().take(shown) {
        steps.add_row([
            format!("{} {} {}", step.side, step.object, step.record),
            in_words(step).to_owned(),
            step.field.clone().unwrap_or_default(),
            step.now.clone().unwrap_or_default(),
            step.then.clone().unwrap_or_default(),
            remark(step),
        ]);
    }
    println!("{steps}");
    if plan.steps.len() > shown {
        println!("… and {} more; --limit 0 shows all.", plan.steps.len() - shown);
    }
    if plan.conflicts() > 0 {
        println!(
            "{} are left because they were changed since; --force takes them back too.",
            plan.conflicts()
        );
    }
    match &plan.run {
        Some(run) => {
            println!(
                "{} steps done in {run}; `tandem undo --run {run}` takes that back.",
                plan.to_do() - plan.failed()
            );
        }
        None => println!("{} steps to do.", plan.to_do()),
    }
    Ok(())
}

fn remark(step: &UndoStep) -> String {
    match &step.outcome {
        Some(UndoOutcome::Refused { message, remedy, .. }) => format!("{message} {remedy}"),
        Some(UndoOutcome::Unknown) => {
            "No answer came; the next pass finds out whether it happened.".to_owned()
        }
        Some(UndoOutcome::Done) | None => step.why.clone().unwrap_or_default(),
    }
}

fn in_words(step: &UndoStep) -> &'static str {
    match (step.action, &step.outcome) {
        (UndoAction::Leave, _) => "left as it is",
        (_, Some(UndoOutcome::Refused { .. })) => "refused",
        (_, Some(UndoOutcome::Unknown)) => "not known",
        (UndoAction::Write, None) => "would be written back",
        (UndoAction::Write, Some(UndoOutcome::Done)) => "written back",
        (UndoAction::Delete, None) => "would go into the recycle bin",
        (UndoAction::Delete, Some(UndoOutcome::Done)) => "put into the recycle bin",
        (UndoAction::Part, None) => "would be parted",
        (UndoAction::Part, Some(UndoOutcome::Done)) => "parted",
        (UndoAction::Relink, None) => "would be in step again",
        (UndoAction::Relink, Some(UndoOutcome::Done)) => "in step again",
    }
}
