//! `tandem demo`: both simulators with a sample company, a connected Tandem, one page to open. Nothing is left behind.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use engine::embed::embed_secret;
use engine::package;
use engine::{Credentials, Environment, GivenApp, Options, Settings, Supervisor};
use hubspot_sim::HubSpotSim;
use jiff::Timestamp;
use model::{ConnectionId, Side, Sides, SyncRule};
use salesforce_sim::SalesforceSim;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use server::{Access, App, reason_in_words};
use store::{ConnectionRow, ConnectionState, Durability, HistoryFilter, Outcome, SecretKey, Store};
use transport::World;

use crate::data;
use crate::listen::{Socket, bind, told_to_stop};
use crate::simulators::{Dataset, fill};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Where the page is served; the two consoles take the ports after it
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Print one line of JSON when ready
    #[arg(long)]
    json: bool,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("a temporary folder for the demo cannot be made")?;
    let port = |offset: u16| if arguments.port == 0 { 0 } else { arguments.port.saturating_add(offset) };
    let page = bind(&format!("127.0.0.1:{}", port(0)), "the demo").await?;
    let hubspot_socket = bind(&format!("127.0.0.1:{}", port(1)), "the simulated HubSpot account").await?;
    let salesforce_socket = bind(&format!("127.0.0.1:{}", port(2)), "the simulated Salesforce org").await?;
    let hubspot = HubSpotSim::new(hubspot_sim::Options::default());
    let salesforce = SalesforceSim::new(salesforce_sim::Options {
        base_url: salesforce_socket.url(),
        ..salesforce_sim::Options::default()
    });
    fill(&hubspot, &salesforce, &Dataset::Demo)?;
    // The person behind the Salesforce console works in HubSpot, too.
    hubspot.add_person("Ida", "Field", "ida.field@lantern.example");
    let store = Arc::new(Store::open(&folder.path().join("tandem.db"), Durability::Normal)?);
    let key = data::secret_key(folder.path())?;
    let credentials =
        connect(key, &store, &hubspot, &salesforce, (&hubspot_socket, &salesforce_socket, &page))?;
    let supervisor = Supervisor::new(store.clone(), World::real()?, credentials);
    let id = ConnectionId::new("demo");
    let (hubspot_console, salesforce_console) = (
        format!("{}/_sim/console", hubspot_socket.url()),
        format!("{}/_sim/console", salesforce_socket.url()),
    );
    let url = page.url();
    let salesforce_url = salesforce_socket.url();
    hubspot_socket.simulate(hubspot.router(), None);
    salesforce_socket.simulate(salesforce.router(), None);
    let app =
        App::new(store.clone(), Access::Open)?.with_supervisor(Arc::clone(&supervisor)).with_links(vec![
            ("HubSpot console".to_owned(), hubspot_console.clone()),
            ("Salesforce console".to_owned(), salesforce_console.clone()),
        ]);
    page.serve(server::router(app));
    if arguments.json {
        let ready = json!({
            "url": url, "hubspot_console": hubspot_console, "salesforce_console": salesforce_console,
        });
        println!("{ready}");
    } else {
        println!("Tandem is running with a sample company. Open {url}\n");
        println!("  HubSpot console     {hubspot_console}\n  Salesforce console  {salesforce_console}\n");
        println!(
            "Edit a contact on either console and watch the other. Ctrl-C ends the demo and leaves nothing behind.\n"
        );
    }
    std::io::stdout().flush()?;
    supervisor.start_all().await?;
    tokio::spawn(show_embed_window(Arc::clone(&supervisor), salesforce.access(), salesforce_url, url));
    let quiet = arguments.json;
    tokio::select! {
        ended = show(&store, &id, &hubspot, &salesforce, quiet) => ended?,
        () = told_to_stop() => {}
    }
    if tokio::time::timeout(Duration::from_secs(5), supervisor.stop()).await.is_err() {
        tracing::info!("the demo ends in the middle of a batch");
    }
    drop(supervisor);
    drop(store);
    folder.close().context("the demo's temporary folder could not be removed")?;
    Ok(())
}

/// Brings the embed window into the org as the wizard does: the package is deployed, and the component put on record pages.
async fn show_embed_window(
    supervisor: Arc<Supervisor>,
    access: salesforce_sim::Access,
    org_url: String,
    public_url: String,
) {
    let done: anyhow::Result<()> = async {
        let secret = embed_secret(supervisor.store(), &supervisor.credentials().key, &access.org_id)?;
        let auth = salesforce::Auth::AccessToken {
            instance_url: org_url.parse()?,
            token: SecretString::from(access.access_token),
        };
        let client = salesforce::Client::new(World::real()?, salesforce::Config::new(auth));
        let steps = [
            (package::embed_zip(&public_url, &secret)?, package::APEX_TESTS.as_slice()),
            (package::record_pages_zip()?, &[]),
        ];
        for (zip, tests) in steps {
            let id = client.deploy(&zip, tests).await?;
            loop {
                let deployment = client.deployment(&id).await?;
                if deployment.done {
                    anyhow::ensure!(deployment.success, "{:?}", deployment.details.component_failures);
                    break;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        Ok(())
    }
    .await;
    if let Err(error) = done {
        tracing::error!(%error, "the embed window is not in the simulated org");
    }
}

/// Keeps the demo's connection, and gives what it works with: what the wizard would ask for is at hand, too.
fn connect(
    key: SecretKey,
    store: &Store,
    hubspot: &HubSpotSim,
    salesforce: &SalesforceSim,
    (hubspot_socket, salesforce_socket, page): (&Socket, &Socket, &Socket),
) -> anyhow::Result<Credentials> {
    let (on_hubspot, on_salesforce) = (hubspot.access(), salesforce.access());
    // Two-way, so that an edit on either console is seen to arrive on the other.
    let settings = Settings::recommended().with_rule(SyncRule::TwoWay);
    store.create_connection(&ConnectionRow {
        id: ConnectionId::new("demo"),
        name: "Lantern Instruments".into(),
        hubspot_account: on_hubspot.account_id.to_string(),
        salesforce_org: on_salesforce.org_id,
        state: ConnectionState::Active,
        state_reason: None,
        settings: serde_json::to_value(&settings)?,
        created_at: Timestamp::now(),
    })?;
    Ok(Credentials {
        hubspot_api: hubspot_socket.url().parse()?,
        hubspot_web: hubspot_socket.url().parse()?,
        hubspot_app: GivenApp {
            client_id: Some(on_hubspot.client_id),
            client_secret: Some(on_hubspot.client_secret.into()),
        },
        salesforce_login: Some(salesforce_socket.url().parse()?),
        salesforce_app: GivenApp {
            client_id: Some(on_salesforce.client_id),
            client_secret: Some(on_salesforce.client_secret.into()),
        },
        environment: Some(Environment {
            hubspot: hubspot::Auth::Token(SecretString::from(on_hubspot.token)),
            salesforce: salesforce::Auth::AccessToken {
                instance_url: salesforce_socket.url().parse()?,
                token: SecretString::from(on_salesforce.access_token),
            },
        }),
        public_url: Some(page.url().parse()?),
        options: Options {
            poll_interval: Sides { hubspot: Duration::from_secs(2), salesforce: Duration::from_secs(2) },
            ..Options::default()
        },
        ..Credentials::new(key)?
    })
}

/// Tells what crosses over; once the first sync has come to rest, makes an edit on each side to show it.
async fn show(
    store: &Store,
    id: &ConnectionId,
    hubspot: &HubSpotSim,
    salesforce: &SalesforceSim,
    quiet: bool,
) -> anyhow::Result<()> {
    let mut told = 0;
    let mut calm = 0;
    let mut shown = false;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let marks = store.mark_counts(id, Timestamp::now())?;
        let busy = marks.values().any(|counts| counts.due > 0);
        let rows = store.history(id, &HistoryFilter { limit: Some(200), ..HistoryFilter::default() })?;
        let last = rows.last().map_or(0, |row| row.id);
        if !shown {
            told = last;
            let linked: u64 = store.link_counts(id)?.iter().map(|(_, _, links)| links).sum();
            calm = if busy || linked == 0 { 0 } else { calm + 1 };
            if calm < 4 {
                continue;
            }
            shown = true;
            if !quiet {
                println!("{linked} records are in step. Two people now edit the same contact:");
                example(hubspot, salesforce, store, id)?;
            }
            continue;
        }
        for row in rows.iter().filter(|row| row.id > told && !quiet) {
            let entry = &row.entry;
            if entry.outcome == Outcome::Written {
                println!(
                    "  {} {} {} {}: {} → {}  ({})",
                    entry.at.strftime("%H:%M:%S"),
                    entry.side,
                    entry.object,
                    entry.field.as_deref().unwrap_or_default(),
                    entry.before.as_ref().map_or_else(|| "nothing".to_owned(), |value| format!("'{value}'")),
                    entry.after.as_ref().map_or_else(|| "nothing".to_owned(), |value| format!("'{value}'")),
                    reason_in_words(&entry.reason).trim_end_matches('.')
                );
            }
        }
        told = last.max(told);
    }
}

/// One edit on each side of a linked contact, as two people would make them.
fn example(
    hubspot: &HubSpotSim,
    salesforce: &SalesforceSim,
    store: &Store,
    id: &ConnectionId,
) -> anyhow::Result<()> {
    let links = store.links_after(id, None, 2_000)?;
    let Some(link) = links.iter().find(|link| link.object(Side::Salesforce) == "Contact" && link.is_active())
    else {
        return Ok(());
    };
    let mut fields = Map::new();
    fields.insert("Title".to_owned(), Value::String("Head of Everything".to_owned()));
    let contact = link.record(Side::Salesforce);
    salesforce
        .edit_record("Contact", contact, fields)
        .map_err(|_| anyhow::anyhow!("the example edit was refused"))?;
    println!("  somebody in Salesforce sets the title of Contact {contact} to 'Head of Everything'");
    let other = link.record(Side::HubSpot);
    hubspot.edit_record("contacts", other, [("mobilephone", "+31 6 1234 5678")])?;
    println!("  somebody in HubSpot sets the mobile phone of contact {other} to '+31 6 1234 5678'");
    Ok(())
}
