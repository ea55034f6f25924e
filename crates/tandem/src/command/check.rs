//! `tandem check`: everything that must be right before a sync, each with what to do where it is not.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use serde_json::json;
use transport::World;

use crate::{config, data};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    data: data::Place,
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

struct Line {
    what: &'static str,
    found: Result<String, String>,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    match config::read(arguments.config.as_ref()) {
        Err(error) => lines.push(Line { what: "configuration", found: Err(format!("{error:#}")) }),
        Ok(config) => {
            lines.push(Line { what: "configuration", found: Ok("can be read".to_owned()) });
            platforms(config, &mut lines).await?;
        }
    }
    if arguments.data.data.join("tandem.db").exists() {
        let wrong = data::Data::look(&arguments.data.data)?.store.integrity_check()?;
        let found = if wrong.is_empty() {
            Ok("sound".to_owned())
        } else {
            Err(format!("{}; restore a copy of the data folder", wrong.join("; ")))
        };
        lines.push(Line { what: "database", found });
    }
    let failed = lines.iter().filter(|line| line.found.is_err()).count();
    for line in &lines {
        let (mark, text) = match &line.found {
            Ok(text) => ("ok", text),
            Err(text) => ("FAILED", text),
        };
        if arguments.data.json {
            println!("{}", json!({"check": line.what, "ok": line.found.is_ok(), "message": text}));
        } else {
            println!("{mark:<7} {:<14} {text}", line.what);
        }
    }
    if failed > 0 {
        bail!("{failed} of {} checks failed", lines.len());
    }
    Ok(())
}

/// Asks both platforms, changing nothing on either.
async fn platforms(config: config::Config, lines: &mut Vec<Line>) -> anyhow::Result<()> {
    let world = World::real()?;
    let hubspot =
        hubspot::Client::new(world.clone(), hubspot::Config::new(config.hubspot_url, config.hubspot));
    let salesforce = salesforce::Client::new(world, salesforce::Config::new(config.salesforce));
    let account = hubspot.account().await;
    let org = salesforce.identity().await;
    let both = account.is_ok() && org.is_ok();
    lines.push(Line {
        what: "HubSpot",
        found: account
            .map(|account| format!("account {}", account.portal_id))
            .map_err(|error| error.to_string()),
    });
    lines.push(Line {
        what: "Salesforce",
        found: org
            .map(|who| format!("org {} as {}", who.organization_id, who.username))
            .map_err(|error| error.to_string()),
    });
    if both {
        let found = match engine::check_mappings(&config.settings, &hubspot, &salesforce).await {
            Err(error) => Err(error.to_string()),
            Ok(problems) if problems.is_empty() => Ok("every mapped field is there and fits".to_owned()),
            Ok(problems) => {
                let left: Vec<String> = problems
                    .into_iter()
                    .map(|known| format!("{}: {}", known.mapping, known.problem))
                    .collect();
                Ok(format!("{} automatic mappings are left out: {}", left.len(), left.join(" ")))
            }
        };
        lines.push(Line { what: "mappings", found });
    }
    Ok(())
}
