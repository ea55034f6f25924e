//! `tandem package`: the Salesforce package as a file, for people who deploy with their own tools.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use engine::package;

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
    /// The zip to write, in metadata format; standard output, if left out
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let url = || arguments.url.as_deref().context("say with --url where browsers reach this Tandem");
    let zip = match arguments.part {
        Part::Embed => {
            let secret = std::env::var("TANDEM_EMBED_SECRET").context(
                "the package holds the secret that the embed window's tokens are signed with: put it into \
                 TANDEM_EMBED_SECRET, here and where Tandem is served",
            )?;
            package::embed_zip(url()?, &secret)?
        }
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
