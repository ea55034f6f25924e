//! `tandem serve`: the engine and its page, until told to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use engine::stopper;
use server::Site;

use crate::listen::{bind, told_to_stop};
use crate::{config, connect, data};

/// How long a batch in hand may take to finish once told to stop.
const LAST_BATCH: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    data: data::Place,
    /// Where the page is served
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: String,
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = config::read(arguments.config.as_ref())?;
    let folder = data::Data::open(&arguments.data.data)?;
    let socket = bind(&arguments.listen, "Tandem").await?;
    let connection = Arc::new(connect::connect(config, folder.store.clone()).await?);
    let row = folder.connection()?;
    eprintln!("{} is kept in step; its page is {}", row.name, socket.url());
    socket.serve(server::router(Site { store: folder.store.clone(), connection: row.id, links: Vec::new() }));
    let (stop, stopped) = stopper();
    let mut engine = tokio::spawn({
        let connection = Arc::clone(&connection);
        async move { connection.run(stopped).await }
    });
    tokio::select! {
        ended = &mut engine => {
            ended??;
            return Ok(());
        }
        () = told_to_stop() => {}
    }
    eprintln!("stopping: finishing what is in hand");
    stop.stop();
    if let Ok(ended) = tokio::time::timeout(LAST_BATCH, engine).await {
        ended??;
    }
    Ok(())
}
