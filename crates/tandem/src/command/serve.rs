//! `tandem serve`: the engine and its page, until told to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use engine::{Connection, stopper};
use server::{Access, App};

use crate::events::PubSub;
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
    let (connection, salesforce) = connect::connect_with_client(config, folder.store.clone()).await?;
    let connection = Arc::new(connection);
    let row = folder.connection()?;
    eprintln!("{} is kept in step; its page is {}", row.name, socket.url());
    let app = App::new(folder.store.clone(), Access::Open)?.with_public_url(config::public_url().as_deref());
    let mut pages = server::router(app);
    if let Some(intake) = webhooks(&connection, &folder) {
        pages = pages.merge(server::webhooks(intake));
    }
    socket.serve(pages);
    let (stop, stopped) = stopper();
    if let Some(events) = PubSub::of(salesforce).await {
        tokio::spawn({
            let (connection, stopped) = (Arc::clone(&connection), stopped.clone());
            async move {
                if let Err(error) = connection.follow(&events, stopped).await {
                    tracing::error!(%error, "change events are no longer followed; polls go on");
                }
            }
        });
    }
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

/// The intake of HubSpot's webhooks, where the secret of the app that sends them is set.
fn webhooks(connection: &Arc<Connection>, folder: &data::Data) -> Option<server::Webhooks> {
    let given = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let connection = Arc::clone(connection);
    Some(server::Webhooks {
        store: folder.store.clone(),
        client_secret: given("HUBSPOT_CLIENT_SECRET")?.trim().into(),
        public_url: config::public_url().map(Into::into),
        wake: Arc::new(move || connection.wake()),
        now: jiff::Timestamp::now,
    })
}
