//! `tandem serve`: every connection at work, and their pages, until told to stop.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use engine::Supervisor;
use serde_json::json;
use server::{Access, App};
use transport::World;

use crate::events::EventService;
use crate::listen::{bind, told_to_stop};
use crate::{config, connect, data, identity};

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
    let file = arguments.config.as_ref();
    let config = config::read_if_given(file)?;
    let folder = data::Data::open(&arguments.data.data)?;
    let key = data::secret_key(&arguments.data.data)?;
    let mut credentials = config::credentials(key, file, config.as_ref())?;
    credentials.events = Some(Arc::new(EventService));
    let socket = bind(&arguments.listen, "Tandem").await?;
    credentials.public_url.get_or_insert(socket.url().parse()?);
    if let Some(config) = config {
        connect::connect(config, folder.store.clone()).await?;
    }
    let supervisor = Supervisor::new(folder.store.clone(), World::real()?, credentials);
    let rows = folder.store.connections()?;
    for row in &rows {
        eprintln!("{} is kept in step; its page is {}", row.name, socket.url());
    }
    if rows.is_empty() {
        eprintln!("nothing is connected yet; open {}", socket.url());
    }
    let public_url = config::public_url().unwrap_or_else(|| socket.url());
    let app = App::new(folder.store.clone(), Access::SignIn)?
        .with_public_url(Some(&public_url))
        .with_oidc(identity::provider()?)
        .with_supervisor(Arc::clone(&supervisor));
    let administrator = first_link(&folder, &public_url)?;
    if arguments.data.json {
        println!("{}", json!({ "url": socket.url(), "administrator_link": administrator }));
    } else if let Some(link) = &administrator {
        eprintln!("nobody is administrator yet; whoever opens this link within a day becomes it:\n  {link}");
    }
    socket.serve(server::router(app).merge(server::webhooks(webhooks(&supervisor))));
    supervisor.start_all().await?;
    told_to_stop().await;
    eprintln!("stopping: finishing what is in hand");
    supervisor.stop().await;
    Ok(())
}

/// The link for the first administrator, where there is none yet.
fn first_link(folder: &data::Data, public_url: &str) -> anyhow::Result<Option<String>> {
    if folder.store.has_administrator()? {
        return Ok(None);
    }
    let path = server::administrator_link(&folder.store, jiff::Timestamp::now())?;
    Ok(Some(format!("{}{path}", public_url.trim_end_matches('/'))))
}

/// The intake of HubSpot's webhooks, for every connection whose app's secret is known.
fn webhooks(supervisor: &Arc<Supervisor>) -> server::Webhooks {
    let (secrets, connections) = (Arc::clone(supervisor), Arc::clone(supervisor));
    server::Webhooks {
        store: Arc::clone(supervisor.store()),
        client_secret: Arc::new(move |id| secrets.webhook_secret(id)),
        public_url: config::public_url().map(Into::into),
        wake: Arc::new(move |id| {
            if let Some(connection) = connections.connection(id) {
                connection.wake();
            }
        }),
        now: jiff::Timestamp::now,
    }
}
