//! The fields that people edit here, and what they type.

use engine::{CreateAs, Settings};
use hubspot_sim::PropertyType;
use model::{FieldMapping, ObjectMapping, Side, SyncRule};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use simulation::world::World;

/// A field that people edit, on both sides.
#[derive(Debug, Clone, Copy)]
pub struct Edited {
    pub hubspot: &'static str,
    pub salesforce: &'static str,
    pub rule: SyncRule,
    pub kind: Typed,
}

/// What is typed into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    Text,
    /// HubSpot keeps every decimal, Salesforce one.
    Number,
}

pub const FIELDS: [Edited; 8] = [
    Edited { hubspot: "firstname", salesforce: "FirstName", rule: SyncRule::TwoWay, kind: Typed::Text },
    Edited { hubspot: "jobtitle", salesforce: "Title", rule: SyncRule::TwoWay, kind: Typed::Text },
    Edited { hubspot: "phone", salesforce: "Phone", rule: SyncRule::PreferSalesforce, kind: Typed::Text },
    Edited { hubspot: "city", salesforce: "MailingCity", rule: SyncRule::PreferHubSpot, kind: Typed::Text },
    Edited {
        hubspot: "mobilephone",
        salesforce: "MobilePhone",
        rule: SyncRule::AlwaysSalesforce,
        kind: Typed::Text,
    },
    Edited { hubspot: "fax", salesforce: "Fax", rule: SyncRule::AlwaysHubSpot, kind: Typed::Text },
    Edited {
        hubspot: "zip",
        salesforce: "MailingPostalCode",
        rule: SyncRule::PreferSalesforce,
        kind: Typed::Text,
    },
    Edited { hubspot: "score", salesforce: "Score__c", rule: SyncRule::TwoWay, kind: Typed::Number },
];

impl Edited {
    pub fn name(&self, side: Side) -> &'static str {
        match side {
            Side::HubSpot => self.hubspot,
            Side::Salesforce => self.salesforce,
        }
    }
}

/// The settings that the histories are played under.
pub fn settings() -> Settings {
    Settings {
        create_contacts_as: CreateAs::Contact,
        create_without_email: true,
        chosen: true,
        objects: vec![mapping()],
        ..Settings::recommended()
    }
}

/// Makes the fields that new accounts and orgs do not have.
pub fn ensure_fields(world: &World) -> anyhow::Result<()> {
    for field in FIELDS.iter().filter(|field| field.kind == Typed::Number) {
        world.hubspot.ensure_property("contacts", field.hubspot, PropertyType::Number, &[])?;
        let number = json!({"label": field.hubspot, "type": "Number", "precision": 9, "scale": 1});
        world
            .salesforce
            .ensure_custom_field("Contact", field.salesforce, &number)
            .map_err(anyhow::Error::msg)?;
    }
    Ok(())
}

fn mapping() -> ObjectMapping {
    let keys = [("email", "Email"), ("lastname", "LastName")];
    let keys =
        keys.map(|(hubspot, salesforce)| FieldMapping::new(hubspot, salesforce, SyncRule::PreferSalesforce));
    let edited = FIELDS.map(|field| FieldMapping::new(field.hubspot, field.salesforce, field.rule));
    ObjectMapping::new("contacts", "Contact", keys.into_iter().chain(edited).collect())
}

/// Something to type: sometimes nothing, sometimes with blanks around it, in several scripts. No two are the same.
pub fn typed(chance: &mut ChaCha8Rng, kind: Typed, number: u32) -> String {
    if chance.random_bool(0.25) {
        return String::new();
    }
    match kind {
        Typed::Number => format!("{}.{:02}", number, chance.random_range(1..100)),
        Typed::Text => {
            let words = ["Buyer", "採購", "Łódź", "Chef", "naïve", "O'Neill", "Zoë"];
            let word = words[chance.random_range(0..words.len())];
            let around = if chance.random_bool(0.2) { " " } else { "" };
            format!("{around}{word} {number}{around}")
        }
    }
}

/// Whether two sides' texts say the same: blanks around a text do not count, and of a number one decimal does.
pub fn same(kind: Typed, hubspot: &str, salesforce: &str) -> bool {
    let (one, other) = (hubspot.trim(), salesforce.trim());
    match (kind, one.parse::<rust_decimal::Decimal>(), other.parse::<rust_decimal::Decimal>()) {
        (Typed::Number, Ok(one), Ok(other)) => {
            let step = rust_decimal::Decimal::new(1, 1);
            (one - other).abs() <= step / rust_decimal::Decimal::TWO
        }
        _ => one == other,
    }
}
