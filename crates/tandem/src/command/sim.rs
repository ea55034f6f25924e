//! `tandem sim`: both simulators and nothing else.

use std::io::Write;
use std::net::IpAddr;

use anyhow::Context;
use clap::{Args, ValueEnum};
use hubspot_sim::HubSpotSim;
use salesforce_sim::SalesforceSim;
use serde_json::json;
use sim_base::{Clock, Tls};
use tempfile::NamedTempFile;

use crate::listen::{Socket, bind, told_to_stop};
use crate::simulators::{Dataset, add_people, fill};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Where the HubSpot account listens
    #[arg(long, default_value = "127.0.0.1:8101", value_name = "ADDR")]
    hubspot: String,
    /// Where the Salesforce org listens
    #[arg(long, default_value = "127.0.0.1:8102", value_name = "ADDR")]
    salesforce: String,
    /// Where the Salesforce org serves change events (Pub/Sub API); not served unless given
    #[arg(long, value_name = "ADDR")]
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
    /// Serve https, with certificates of an authority made at the start; ca_file in the line of JSON names its own
    #[arg(long)]
    tls: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Limits {
    Real,
    None,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let hubspot_socket = bind(&arguments.hubspot, "the simulated HubSpot account").await?;
    let salesforce_socket = bind(&arguments.salesforce, "the simulated Salesforce org").await?;
    let pubsub_socket = match &arguments.pubsub {
        Some(address) => Some(bind(address, "the simulated Pub/Sub API").await?),
        None => None,
    };
    let pubsub_endpoint = pubsub_socket.as_ref().map(|socket| socket.address.to_string());
    let secure = if arguments.tls { Some(Authority::new(hubspot_socket.address.ip())?) } else { None };
    let url = |socket: &Socket| if secure.is_some() { socket.secure_url() } else { socket.url() };
    let (hubspot_url, salesforce_url) = (url(&hubspot_socket), url(&salesforce_socket));
    // One clock, so that a test that moves it moves both.
    let clock = Clock::system();
    let real = arguments.limits == Limits::Real;
    let hubspot = HubSpotSim::new(hubspot_sim::Options {
        seed: arguments.seed,
        clock: clock.clone(),
        ..hubspot_sim::Options::default()
    });
    let salesforce = SalesforceSim::new(salesforce_sim::Options {
        seed: arguments.seed,
        clock,
        base_url: salesforce_url.clone(),
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
    let mut ready = json!({
        "hubspot": {
            "base_url": hubspot_url, "token": on_hubspot.token, "client_id": on_hubspot.client_id,
            "client_secret": on_hubspot.client_secret, "account_id": on_hubspot.account_id,
            "refresh_token": on_hubspot.refresh_token, "app_id": on_hubspot.app_id,
            "developer_key": on_hubspot.developer_key,
        },
        "salesforce": {
            "login_url": salesforce_url, "instance_url": salesforce_url,
            "client_id": on_salesforce.client_id, "client_secret": on_salesforce.client_secret,
            "username": on_salesforce.username, "password": on_salesforce.password,
            "access_token": on_salesforce.access_token, "refresh_token": on_salesforce.refresh_token,
            "org_id": on_salesforce.org_id, "user_id": on_salesforce.user_id, "pubsub_endpoint": pubsub_endpoint,
        },
    });
    if let Some(authority) = &secure {
        ready["ca_pem"] = json!(authority.tls.ca_pem());
        ready["ca_file"] = json!(authority.file.path());
    }
    eprintln!("HubSpot (simulated):    {hubspot_url}/_sim/console");
    eprintln!("Salesforce (simulated): {salesforce_url}/_sim/console");
    let tls = secure.as_ref().map(|authority| authority.tls.clone());
    if let Some(socket) = pubsub_socket {
        eprintln!("Pub/Sub API (simulated): {}", url(&socket));
        socket.simulate(salesforce.pubsub_router(), tls.clone());
    }
    hubspot.set_secure(tls.is_some());
    tokio::spawn(hubspot_sim::pump(hubspot.clone()));
    hubspot_socket.simulate(hubspot.router(), tls.clone());
    salesforce_socket.simulate(salesforce.router(), tls);
    println!("{ready}");
    told_to_stop().await;
    Ok(())
}

/// Where clients call that can be given no other address. Whoever leads these names to loopback is served.
const REAL_HOSTS: [&str; 5] =
    ["*.hubapi.com", "*.hubspot.com", "*.salesforce.com", "*.my.salesforce.com", "*.pubsub.salesforce.com"];

/// Who signs the certificates, and a file for callers to trust it by. The file goes when the simulators end.
struct Authority {
    tls: Tls,
    file: NamedTempFile,
}

impl Authority {
    fn new(address: IpAddr) -> anyhow::Result<Self> {
        let tls = Tls::new(Some(address), &REAL_HOSTS)?;
        let mut file = tempfile::Builder::new().prefix("tandem-sim-").suffix(".pem").tempfile()?;
        file.write_all(tls.ca_pem().as_bytes())
            .context("the authority's certificate could not be written to the folder for temporary files")?;
        Ok(Self { tls, file })
    }
}
