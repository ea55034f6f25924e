//! `tandem campaign`: puts a HubSpot contact into a Salesforce campaign.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand};
use engine::Joined;
use serde_json::json;

use crate::{config, connect, data};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the Salesforce campaigns
    List(List),
    /// Add a HubSpot contact that is in step to an active Salesforce campaign
    Add(Add),
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    data: data::Place,
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Add {
    #[command(flatten)]
    data: data::Place,
    /// The HubSpot contact's id
    contact: String,
    /// The Salesforce campaign's id
    campaign: String,
    /// The member's status; the campaign's default where none is named
    #[arg(long)]
    status: Option<String>,
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.what {
        What::List(all) => list(all).await,
        What::Add(one) => add(one).await,
    }
}

async fn list(all: List) -> anyhow::Result<()> {
    let config = config::read(all.config.as_ref())?;
    let folder = data::Data::open(&all.data.data)?;
    let connection = connect::connect(config, folder.store.clone()).await?;
    let campaigns = connection.campaigns().await?;
    if all.data.json {
        println!("{}", json!(campaigns));
        return Ok(());
    }
    for campaign in campaigns {
        let closed = if campaign.active { "" } else { "  (not active)" };
        println!("{}  {}{closed}", campaign.id, campaign.name);
    }
    Ok(())
}

async fn add(add: Add) -> anyhow::Result<()> {
    let config = config::read(add.config.as_ref())?;
    let folder = data::Data::open(&add.data.data)?;
    let connection = connect::connect(config, folder.store.clone()).await?;
    let joined = connection.add_to_campaign(&add.contact, &add.campaign, add.status.as_deref()).await?;
    match joined {
        Joined::Added if add.data.json => {
            println!("{}", json!({ "contact": add.contact, "campaign": add.campaign, "outcome": "added" }));
        }
        Joined::Added => println!(
            "The contact {} is in the campaign now; HubSpot shows it after the next pass.",
            add.contact
        ),
        Joined::Unknown => bail!("Salesforce gave no answer; the next pass shows whether it was done"),
        Joined::Refused(reason) => bail!("{reason}"),
    }
    Ok(())
}
