//! Both simulators, with data in them.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use hubspot_sim::HubSpotSim;
use salesforce_sim::SalesforceSim;
use serde_json::{Map, Value};
use sim_base::people::person;

/// What the simulators start with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dataset {
    /// Nothing.
    Empty,
    /// The sample company.
    Demo,
    /// A folder of exports.
    Folder(PathBuf),
}

impl From<String> for Dataset {
    fn from(text: String) -> Self {
        match text.as_str() {
            "empty" => Self::Empty,
            "demo" => Self::Demo,
            _ => Self::Folder(PathBuf::from(text)),
        }
    }
}

macro_rules! demo_file {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../simulators/datasets/demo/", $path)))
    };
}

/// The sample company, carried in the program.
const DEMO: [(&str, &str); 7] = [
    demo_file!("salesforce/Account.csv"),
    demo_file!("salesforce/Contact.csv"),
    demo_file!("salesforce/Lead.csv"),
    demo_file!("salesforce/Opportunity.csv"),
    demo_file!("hubspot/companies.csv"),
    demo_file!("hubspot/contacts.csv"),
    demo_file!("hubspot/deals.csv"),
];

/// Fills both simulators. What the platforms would refuse is said and left out.
pub fn fill(hubspot: &HubSpotSim, salesforce: &SalesforceSim, dataset: &Dataset) -> anyhow::Result<()> {
    match dataset {
        Dataset::Empty => {}
        Dataset::Demo => {
            let folder = tempfile::tempdir()?;
            for (path, text) in DEMO {
                let path = folder.path().join(path);
                if let Some(parent) = path.parent() {
                    std::fs::create_dir_all(parent)?;
                }
                std::fs::write(&path, text)?;
            }
            load(hubspot, salesforce, folder.path())?;
        }
        Dataset::Folder(path) => load(hubspot, salesforce, path)?,
    }
    hubspot.mark_start();
    salesforce.mark_start();
    Ok(())
}

fn load(hubspot: &HubSpotSim, salesforce: &SalesforceSim, folder: &Path) -> anyhow::Result<()> {
    let (on_hubspot, on_salesforce) = (folder.join("hubspot"), folder.join("salesforce"));
    if !on_hubspot.is_dir() && !on_salesforce.is_dir() {
        bail!(
            "{} has neither a folder hubspot/ nor a folder salesforce/; put the exports there (hubspot/contacts.csv, \
             salesforce/Contact.csv, …)",
            folder.display()
        );
    }
    if on_salesforce.is_dir() {
        let report = salesforce.load_csv(&on_salesforce).context("the Salesforce exports")?;
        for row in &report.refused {
            eprintln!("salesforce/{} line {}: left out: {}", row.file, row.line, row.reason);
        }
    }
    if on_hubspot.is_dir() {
        let report = hubspot.load_csv(&on_hubspot).context("the HubSpot exports")?;
        for row in &report.refused {
            eprintln!("hubspot/{} line {}: left out: {}", row.file, row.line, row.reason);
        }
    }
    Ok(())
}

/// Adds made-up people, so many on each side; half of them are the same people, by email, on both.
pub fn add_people(hubspot: &HubSpotSim, salesforce: &SalesforceSim, count: usize) -> anyhow::Result<()> {
    let shared = count / 2;
    for index in 0..count {
        let on_hubspot = person(index);
        let mut properties = vec![
            ("email", on_hubspot.email.clone()),
            ("firstname", on_hubspot.first.to_owned()),
            ("lastname", on_hubspot.last.to_owned()),
            ("phone", on_hubspot.phone.clone()),
        ];
        if index % 3 == 0 {
            properties.push(("jobtitle", on_hubspot.title.to_owned()));
        }
        hubspot.create_record("contacts", properties)?;
        // The people after the shared ones are others on this side.
        let on_salesforce = person(if index < shared { index } else { index + count });
        let mut fields = Map::new();
        let mut set = |name: &str, value: &str| {
            fields.insert(name.to_owned(), Value::String(value.to_owned()));
        };
        set("Email", &on_salesforce.email);
        set("FirstName", on_salesforce.first);
        set("LastName", on_salesforce.last);
        set("MailingCity", on_salesforce.city);
        if index % 2 == 0 {
            set("Title", on_salesforce.title);
        }
        salesforce.quietly(|org| org.create_record("Contact", fields)).map_err(|refusals| {
            let said: Vec<&str> = refusals.iter().map(|refusal| refusal.message.as_str()).collect();
            anyhow::anyhow!("a made-up contact was refused: {}", said.join("; "))
        })?;
    }
    hubspot.mark_start();
    salesforce.mark_start();
    Ok(())
}
