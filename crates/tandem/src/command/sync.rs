//! `tandem sync --once`: one pass over both sides.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;
use engine::{Connection, Figures};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::{config, connect, data};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    data: data::Place,
    /// One pass, then exit
    #[arg(long)]
    once: bool,
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    if !arguments.once {
        bail!("say --once for a single pass; to keep both sides in step, use `tandem serve`");
    }
    let config = config::read(arguments.config.as_ref())?;
    let folder = data::Data::open(&arguments.data.data)?;
    let began = Instant::now();
    let connection = Arc::new(connect::connect(config, folder.store.clone()).await?);
    let progress = watch(&connection);
    let done = connection.sync_once().await;
    progress.stop();
    let figures = connection.figures();
    if arguments.data.json {
        println!("{}", figures_json(&figures, began.elapsed()));
    } else {
        print(&figures, began.elapsed());
    }
    done?;
    Ok(())
}

/// The figures as the one line that scripts read.
pub fn figures_json(figures: &Figures, took: Duration) -> Value {
    let mut line = serde_json::to_value(figures).unwrap_or_else(|_| json!({}));
    if let Some(line) = line.as_object_mut() {
        line.insert("seconds".into(), json!((took.as_secs_f64() * 1000.0).round() / 1000.0));
    }
    line
}

fn print(figures: &Figures, took: Duration) {
    println!("{} pairs newly linked in {:.1} s", figures.linked, took.as_secs_f64());
    for (name, side) in [("HubSpot", figures.hubspot), ("Salesforce", figures.salesforce)] {
        println!(
            "{name:<11} {} rows read, {} created, {} updated, {} skipped, {} failed, {} API calls",
            side.read, side.created, side.updated, side.skipped, side.failed, side.calls
        );
    }
    if figures.hubspot.failed + figures.salesforce.failed > 0 {
        println!("`tandem errors` says what could not be synced and what to do.");
    }
}

/// A line of progress on a terminal, until it is stopped.
pub struct Progress(Option<(ProgressBar, tokio::task::JoinHandle<()>)>);

pub fn watch(connection: &Arc<Connection>) -> Progress {
    if !std::io::stderr().is_terminal() {
        return Progress(None);
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    let task = tokio::spawn({
        let (bar, connection) = (bar.clone(), Arc::clone(connection));
        async move {
            loop {
                let figures = connection.figures();
                bar.set_message(format!(
                    "{} linked · HubSpot {} created, {} updated · Salesforce {} created, {} updated, {} calls",
                    figures.linked,
                    figures.hubspot.created,
                    figures.hubspot.updated,
                    figures.salesforce.created,
                    figures.salesforce.updated,
                    figures.salesforce.calls
                ));
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    });
    Progress(Some((bar, task)))
}

impl Progress {
    pub fn stop(self) {
        if let Some((bar, task)) = self.0 {
            task.abort();
            bar.finish_and_clear();
        }
    }
}
