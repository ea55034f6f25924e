//! `tandem package`: the Salesforce package as a file, for people who deploy with their own tools.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use engine::{embed, package};
use store::{Durability, Store};

use crate::data;

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Part {
    /// The embed window and the fields that Tandem writes
    Embed,
    /// The External Client App that people sign in to Salesforce through
    ClientApp,
    /// Takes away again what embed brought
    Uninstall,
}

#[derive(Debug, Args)]
pub struct Arguments {
    #[arg(value_enum, default_value = "embed")]
    part: Part,
    /// Where browsers reach this Tandem
    #[arg(long, env = "TANDEM_PUBLIC_URL", value_name = "URL")]
    url: Option<String>,
    /// The org it is for, by its id; that of the only connection, if left out
    #[arg(long, value_name = "ID")]
    org: Option<String>,
    /// The data folder: it keeps the secret that the embed window's tokens are signed with
    #[arg(long, default_value = "tandem-data", value_name = "DIR", env = "TANDEM_DATA")]
    data: PathBuf,
    /// The zip to write, in metadata format; standard output, if left out
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let url = || arguments.url.as_deref().context("say with --url where browsers reach this Tandem");
    let zip = match arguments.part {
        Part::Embed => package::embed_zip(url()?, &secret(arguments)?)?,
        Part::ClientApp => package::client_app_zip(url()?)?,
        Part::Uninstall => package::uninstall_zip()?,
    };
    match &arguments.out {
        Some(path) => {
            std::fs::write(path, zip).with_context(|| format!("{} cannot be written", path.display()))
        }
        None if std::io::stdout().is_terminal() => bail!("name a file for the zip with --out"),
        None => Ok(std::io::stdout().write_all(&zip)?),
    }
}

/// The secret of the org's embed window, made where there is none yet.
fn secret(arguments: &Arguments) -> anyhow::Result<String> {
    let dir = &arguments.data;
    std::fs::create_dir_all(dir)
        .with_context(|| format!("the data folder {} cannot be made", dir.display()))?;
    // Beside an engine that may be using it.
    let store = Store::open(&dir.join("tandem.db"), Durability::Normal)?;
    let org = match (&arguments.org, store.connections()?.as_slice()) {
        (Some(org), _) => org.clone(),
        (None, [one]) => one.salesforce_org.clone(),
        (None, []) => {
            bail!("nothing is connected in {} yet: say with --org which org it is for", dir.display())
        }
        (None, _) => bail!("there are several connections: say with --org which org it is for"),
    };
    Ok(embed::embed_secret(&store, &data::secret_key(dir)?, &org)?)
}
