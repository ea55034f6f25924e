//! `tandem admin`: coming in where nobody can sign in any more.

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use crate::{config, data};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print a one-time link that makes whoever opens it administrator; it opens once, within a day
    Link(Link),
}

#[derive(Debug, Args)]
struct Link {
    #[command(flatten)]
    data: data::Place,
    /// Where people reach the server, where TANDEM_PUBLIC_URL does not say so
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let What::Link(link) = &arguments.what;
    let folder = data::Data::look(&link.data.data)?;
    let path =
        server::administrator_link(&folder.store, Timestamp::now()).context("no link could be made")?;
    let base = config::public_url().unwrap_or_else(|| link.url.clone());
    let address = format!("{}{path}", base.trim_end_matches('/'));
    if link.data.json {
        println!("{}", json!({ "administrator_link": address }));
    } else {
        println!("{address}");
    }
    Ok(())
}
