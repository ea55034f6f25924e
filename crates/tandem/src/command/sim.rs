//! `tandem sim`: both simulators and nothing else.

use clap::{Args, ValueEnum};
use hubspot_sim::HubSpotSim;
use salesforce_sim::SalesforceSim;
use serde_json::json;

use crate::listen::{bind, told_to_stop};
use crate::simulators::{Dataset, add_people, fill};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Where the HubSpot account listens
    #[arg(long, default_value = "127.0.0.1:8101", value_name = "ADDR")]
    hubspot: String,
    /// Where the Salesforce org listens
    #[arg(long, default_value = "127.0.0.1:8102", value_name = "ADDR")]
    salesforce: String,
    /// Where change events will be served; not served yet
    #[arg(long, value_name = "ADDR", hide = true)]
    pubsub: Option<String>,
    /// What is in them: empty, demo, or a folder of exports (hubspot/contacts.csv, salesforce/Contact.csv, …)
    #[arg(long, default_value = "empty", value_name = "empty|demo|PATH")]
    dataset: String,
    /// Made-up contacts to add on each side, half of them the same people by email
    #[arg(long, default_value_t = 0, value_name = "N")]
    contacts: usize,
    /// Whether the platforms' limits are kept
    #[arg(long, value_enum, default_value_t = Limits::None)]
    limits: Limits,
    /// Where ids, tokens and chance come from
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Limits {
    Real,
    None,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let hubspot_socket = bind(&arguments.hubspot, "the simulated HubSpot account").await?;
    let salesforce_socket = bind(&arguments.salesforce, "the simulated Salesforce org").await?;
    let real = arguments.limits == Limits::Real;
    let hubspot =
        HubSpotSim::new(hubspot_sim::Options { seed: arguments.seed, ..hubspot_sim::Options::default() });
    let salesforce = SalesforceSim::new(salesforce_sim::Options {
        seed: arguments.seed,
        base_url: salesforce_socket.url(),
        ..salesforce_sim::Options::default()
    });
    fill(&hubspot, &salesforce, &Dataset::from(arguments.dataset))?;
    if arguments.contacts > 0 {
        add_people(&hubspot, &salesforce, arguments.contacts)?;
    }
    if real {
        hubspot.set_limits(hubspot_sim::Limits::Real);
        salesforce.set_limits(salesforce_sim::Limits::Real);
    }
    let (on_hubspot, on_salesforce) = (hubspot.access(), salesforce.access());
    let ready = json!({
        "hubspot": {
            "base_url": hubspot_socket.url(), "token": on_hubspot.token, "client_id": on_hubspot.client_id,
            "client_secret": on_hubspot.client_secret, "account_id": on_hubspot.account_id,
        },
        "salesforce": {
            "login_url": salesforce_socket.url(), "instance_url": salesforce_socket.url(),
            "client_id": on_salesforce.client_id, "client_secret": on_salesforce.client_secret,
            "username": on_salesforce.username, "password": on_salesforce.password,
            "access_token": on_salesforce.access_token, "org_id": on_salesforce.org_id, "pubsub_endpoint": null,
        },
    });
    eprintln!("HubSpot (simulated):    {}/_sim/console", hubspot_socket.url());
    eprintln!("Salesforce (simulated): {}/_sim/console", salesforce_socket.url());
    if arguments.pubsub.is_some() {
        eprintln!("change events are not served yet; --pubsub is ignored");
    }
    hubspot_socket.serve(hubspot.router());
    salesforce_socket.serve(salesforce.router());
    println!("{ready}");
    told_to_stop().await;
    Ok(())
}
